#include "executor/sql_script.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "executor/duckdb_text.h"

namespace latecomer::executor {
namespace {

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const std::string& part : parts) {
    if (!joined.empty()) joined += separator;
    joined += part;
  }
  return joined;
}

std::string PathIn(const SqlScript& script, std::string_view file) {
  return script.folder + "/" + std::string(file);
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// Every setting in the order that makes it hold: first what may be read and written, then nothing else, then no change
// of any setting.
std::string Settings(const SqlScript& script) {
  std::vector<std::string> inputs;
  for (const SqlSource& source : script.sources) {
    for (const table::DataFile& file : source.files) inputs.push_back(QuoteText(file.path));
  }
  return "SET autoinstall_known_extensions = false;\n"
         "SET autoload_known_extensions = false;\n"
         "SET enable_progress_bar = false;\n"
         "SET temp_directory = " +
         QuoteText(PathIn(script, kSqlSpillFolder)) +
         ";\n"
         "SET TimeZone = " +
         QuoteText(script.time_zone) +
         ";\n"
         "SET allowed_directories = [" +
         QuoteText(script.folder + "/") +
         "];\n"
         "SET allowed_paths = [" +
         Join(inputs, ",\n  ") +
         "];\n"
         "SET enable_external_access = false;\n"
         "SET lock_configuration = true;\n";
}

const table::PartitionColumn* FindPartitionColumn(const table::TableInfo& info, const std::string& name) {
  const auto found = std::ranges::find(info.partition_columns, name, &table::PartitionColumn::name);
  return found == info.partition_columns.end() ? nullptr : &*found;
}

// Files that one SELECT can read together: of one partition, without a deletion vector, or alone.
struct FileGroup {
  const table::PartitionKey* key = nullptr;
  std::vector<std::string> paths;
  std::optional<std::size_t> deleted;  // its number in kSqlDeletedFile
};

// `first_number` is the number of the source's first file in kSqlDeletedFile.
std::vector<FileGroup> GroupFiles(const SqlSource& source, SessionZone zone, std::size_t first_number) {
  // In a list, times that say they are UTC and times that don't would be made one type by the
  // session's zone; file by file each is read as what it is.
  const bool apart = zone == SessionZone::kOther && std::ranges::any_of(source.info.columns, HoldsTimestamp);
  std::map<table::PartitionKey, std::size_t> of_key;
  std::vector<FileGroup> groups;
  for (std::size_t i = 0; i < source.files.size(); ++i) {
    const table::DataFile& file = source.files[i];
    const bool hides = !file.deleted_rows.empty();
    if (!hides && !apart) {
      const auto [found, is_new] = of_key.emplace(file.key, groups.size());
      if (!is_new) {
        groups[found->second].paths.push_back(file.path);
        continue;
      }
    }
    groups.push_back(
        {.key = &file.key, .paths = {file.path}, .deleted = hides ? std::optional(first_number + i) : std::nullopt});
  }
  return groups;
}

// The files of a group, with every column of the schema: a file from before a column was added lacks
// it, and the empty relation above brings it in as null.
std::string FilesAsRelation(const FileGroup& group, const std::vector<std::string>& absent) {
  std::vector<std::string> paths;
  for (const std::string& path : group.paths) paths.push_back(QuoteText(path));
  std::string sql = "(SELECT " + Join(absent, ", ") + " WHERE false\n    UNION ALL BY NAME SELECT *" +
                    " FROM read_parquet([" + Join(paths, ",\n      ") +
                    "], union_by_name = true, hive_partitioning = false)";
  if (group.deleted) {
    sql += "\n    WHERE file_row_number NOT IN (SELECT position FROM latecomer.deleted WHERE file = " +
           std::to_string(*group.deleted) + ")";
  }
  return sql + ")";
}

struct ViewColumns {
  std::vector<std::string> absent;  // the file's columns, as nulls
  std::vector<std::string> read;    // what the view gives from a file; empty text: partition column
  std::vector<std::string> none;    // what it gives without any file
};

Result<ViewColumns> ColumnsOf(const SqlSource& source, SessionZone zone) {
  ViewColumns columns;
  for (const table::Column& column : source.info.columns) {
    const std::string name = QuoteName(column.name);
    if (const auto* partition = FindPartitionColumn(source.info, column.name)) {
      columns.read.emplace_back();
      columns.none.push_back("CAST(NULL AS " + DuckDbType(partition->type) + ") AS " + name);
      continue;
    }
    const std::string physical = QuoteName(column.physical_name);
    LATECOMER_ASSIGN_OR_RETURN(const ColumnReader reader, ReaderOf(column, "u." + physical, zone));
    columns.absent.push_back("NULL AS " + physical);
    columns.read.push_back(reader.expression + " AS " + name);
    columns.none.push_back("CAST(NULL AS " + reader.type + ") AS " + name);
  }
  if (columns.absent.empty()) columns.absent.emplace_back("NULL AS latecomer_nothing");
  return columns;
}

Result<std::string> View(const SqlSource& source, SessionZone zone, std::size_t first_number) {
  LATECOMER_ASSIGN_OR_RETURN(const ViewColumns columns, ColumnsOf(source, zone));
  std::vector<std::string> parts{"SELECT " + Join(columns.none, ", ") + " WHERE false"};
  for (const FileGroup& group : GroupFiles(source, zone, first_number)) {
    std::vector<std::string> list;
    for (std::size_t i = 0; i < columns.read.size(); ++i) {
      const std::string& name = source.info.columns[i].name;
      if (!columns.read[i].empty()) {
        list.push_back(columns.read[i]);
        continue;
      }
      const table::PartitionValue* value = group.key->Find(name);
      list.push_back(DuckDbConstant(FindPartitionColumn(source.info, name)->type,
                                    value == nullptr ? table::PartitionValue::Null() : *value) +
                     " AS " + QuoteName(name));
    }
    parts.push_back("SELECT " + Join(list, ", ") + " FROM " + FilesAsRelation(group, columns.absent) + " u");
  }
  return "CREATE VIEW " + QuoteName(source.name) + " AS\n  " + Join(parts, "\n  UNION ALL ") + ";\n";
}

// Types that a query gives easily and a table can't hold, and what is written instead.
constexpr std::string_view kWrittenType = R"(
  CASE
    WHEN known IS NOT NULL AND ((type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT',
      'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'UHUGEINT') AND (known IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT')
      OR known LIKE 'DECIMAL%')) OR (type = 'FLOAT' AND known = 'DOUBLE')) THEN known
    WHEN type IN ('HUGEINT', 'UHUGEINT', 'UINTEGER') THEN 'BIGINT'
    WHEN type = 'UTINYINT' THEN 'SMALLINT'
    WHEN type = 'USMALLINT' THEN 'INTEGER'
    WHEN type = 'UBIGINT' THEN 'DECIMAL(20,0)'
    WHEN type IN ('UUID', 'JSON') OR type LIKE 'ENUM(%' THEN 'VARCHAR'
    WHEN type IN ('TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS') THEN 'TIMESTAMP'
    ELSE type
  END)";

// The names and types of the query's columns, as a table the script can reason about.
std::string DescribeQuery(const SqlScript& script, const std::string& quoted_query) {
  std::string sql =
      "CREATE TABLE latecomer.known (name VARCHAR, type VARCHAR);\n"
      "CREATE TABLE latecomer.partition (name VARCHAR, shown VARCHAR, value VARCHAR, "
      "display VARCHAR);\n";
  for (const table::Column& column : script.output_columns) {
    const auto reader = ReaderOf(column, "x", SessionZone::kUtc);
    if (!reader) continue;  // the query can't give what it can't be
    sql += "INSERT INTO latecomer.known VALUES (" + QuoteText(Lower(column.name)) + ", " + QuoteText(reader->type) +
           ");\n";
  }
  for (const table::PartitionColumn& column : script.partition_columns) {
    const table::PartitionValue* value = script.partition.Find(column.name);
    const table::PartitionValue known = value == nullptr ? table::PartitionValue::Null() : *value;
    sql += "INSERT INTO latecomer.partition VALUES (" + QuoteText(Lower(column.name)) + ", " + QuoteText(column.name) +
           ", " + QuoteText(DuckDbConstant(column.type, known)) + ", " + QuoteText(script.partition.Display()) + ");\n";
  }
  sql +=
      "CREATE TABLE latecomer.given AS\n"
      "  SELECT c.position, c.name, c.type, p.value AS partition_value, p.display, " +
      std::string(kWrittenType) +
      " AS written\n"
      "  FROM (SELECT row_number() OVER () AS position, column_name AS name, column_type AS type "
      "FROM (DESCRIBE FROM query(" +
      quoted_query +
      "))) c\n"
      "  LEFT JOIN (SELECT name AS n, type AS known FROM latecomer.known) k ON k.n = lower(c.name)\n"
      "  LEFT JOIN latecomer.partition p ON p.name = lower(c.name);\n";
  return sql;
}

// Says in plain words what can't be written, before anything is.
std::string CheckColumns() {
  const std::string mark = QuoteText(kSqlErrorMark);
  return "SET VARIABLE latecomer_checked = (SELECT CASE\n"
         "  WHEN count(*) FILTER (partition_value IS NULL) = 0 THEN error(" +
         mark +
         " || 'the query gives no column besides the partition''s')\n"
         "  WHEN bool_or(regexp_matches(name, '[ ,;{}()\\n\\t=]') OR name = '') THEN error(" +
         mark +
         " || 'the query gives a column named ' || chr(39) || any_value(name) FILTER "
         "(regexp_matches(name, '[ ,;{}()\\n\\t=]') OR name = '') || chr(39) || "
         "'; give it a plain name with AS')\n"
         "  WHEN bool_or(regexp_matches(written, '^(TIME|TIME_NS|TIME WITH TIME ZONE|INTERVAL|BIT|"
         "BIGNUM|VARINT|GEOMETRY|VARIANT|UNION\\(.*)$')) THEN error(" +
         mark +
         " || 'the query gives a column of type ' || any_value(type) FILTER "
         "(regexp_matches(written, '^(TIME|INTERVAL|BIT|BIGNUM|VARINT|GEOMETRY|VARIANT|UNION)')) || "
         "', which a table can''t hold; cast it, for example to VARCHAR')\n"
         "  ELSE 'good' END FROM latecomer.given);\n";
}

// The statement that runs the query, composed by the script itself: it depends on the query's columns.
std::string WriteResult(const SqlScript& script, const std::string& quoted_query) {
  const std::string mismatch =
      "' THEN true ELSE error(' || chr(39) || " + QuoteText(kSqlErrorMark) +
      " || 'the query gave another partition than its run''''s: ' || replace(name, chr(39), "
      "chr(39) || chr(39)) || ' = ' || chr(39) || ' || coalesce(CAST(' || quoted || ' AS VARCHAR), "
      "' || chr(39) || 'null' || chr(39) || ') || ' || chr(39) || ', in the run of ' || "
      "replace(display, chr(39), chr(39) || chr(39)) || chr(39) || ') END'";
  return "SET VARIABLE latecomer_statement = (\n"
         "  SELECT 'WITH given AS ' || CASE WHEN count(partition_value) > 0 THEN 'MATERIALIZED ' "
         "ELSE '' END || '(FROM query(' || " +
         QuoteText(quoted_query) +
         " || ')) SELECT ' ||\n"
         "    string_agg(CASE WHEN written = type THEN quoted ELSE 'CAST(' || quoted || ' AS ' || "
         "written || ') AS ' || quoted END, ', ' ORDER BY position) "
         "FILTER (partition_value IS NULL) || ' FROM given' ||\n"
         "    coalesce(' WHERE ' || string_agg('CASE WHEN ' || quoted || ' IS NOT DISTINCT FROM ' || "
         "partition_value || " +
         mismatch +
         ", ' AND ') FILTER (partition_value IS NOT NULL), '')\n"
         "  FROM (SELECT *, '\"' || replace(name, '\"', '\"\"') || '\"' AS quoted FROM latecomer.given));\n"
         "COPY (FROM query(getvariable('latecomer_statement'))) TO " +
         QuoteText(PathIn(script, kSqlResultFile)) + " (FORMAT parquet, COMPRESSION snappy);\n";
}

bool HidesRows(const SqlScript& script) {
  return std::ranges::any_of(script.sources, [](const SqlSource& source) {
    return std::ranges::any_of(source.files, [](const auto& file) { return !file.deleted_rows.empty(); });
  });
}

Status CheckReadable(const SqlSource& source) {
  for (const table::DataFile& file : source.files) {
    if (file.path.starts_with("/")) continue;
    return Fail(Error(ErrorKind::kUnsupported, "the script reads files of the local disk only").In(file.path));
  }
  return {};
}

}  // namespace

Result<std::string> MakeSqlScript(const SqlScript& script) {
  if (script.query.find('\0') != std::string::npos) {
    return Fail(ErrorKind::kInvalidFile, "the query holds a NUL byte");
  }
  const SessionZone zone = script.time_zone == "UTC" ? SessionZone::kUtc : SessionZone::kOther;
  std::string sql = Settings(script) + "CREATE SCHEMA latecomer;\n";
  if (HidesRows(script)) {
    sql += "CREATE TABLE latecomer.deleted AS FROM read_csv(" + QuoteText(PathIn(script, kSqlDeletedFile)) +
           ", header = false, auto_detect = false, columns = {'file': 'BIGINT', 'position': 'BIGINT'}"
           ");\n";
  }
  std::size_t number = 0;
  for (const SqlSource& source : script.sources) {
    LATECOMER_RETURN_IF_ERROR(CheckReadable(source));
    LATECOMER_ASSIGN_OR_RETURN(const std::string view, View(source, zone, number));
    sql += view;
    number += source.files.size();
  }
  // The line end keeps a last comment of the query from swallowing what follows.
  const std::string quoted_query = QuoteText(script.query + "\n");
  sql += "COPY (SELECT TRY(json_serialize_sql(" + quoted_query + ")) AS parsed) TO " +
         QuoteText(PathIn(script, kSqlParseFile)) + " (FORMAT json);\n";
  return sql + DescribeQuery(script, quoted_query) + CheckColumns() + WriteResult(script, quoted_query);
}

std::string DeletedRows(const SqlScript& script) {
  std::string rows;
  std::size_t number = 0;
  for (const SqlSource& source : script.sources) {
    for (const table::DataFile& file : source.files) {
      for (const std::int64_t position : file.deleted_rows) {
        rows += std::to_string(number) + "," + std::to_string(position) + "\n";
      }
      ++number;
    }
  }
  return rows;
}

}  // namespace latecomer::executor
