#include <algorithm>
#include <filesystem>

#include "pipeline/parse.h"

namespace latecomer::pipeline {
namespace {

// A source's name is a view in SQL and a part of template names.
bool IsSourceName(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || name.size() > 100 || !is_letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

Status CheckColumns(const YamlReader& reader, const YamlNode& node, const std::vector<std::string>& columns) {
  if (columns.empty()) return Fail(reader.Invalid(node, "partition names no column"));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) return Fail(reader.Invalid(node, "partition has a column without a name"));
    if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i), columns[i]) !=
        columns.begin() + static_cast<std::ptrdiff_t>(i)) {
      return Fail(reader.Invalid(node, "partition names the column `" + Printable(columns[i]) + "` twice"));
    }
  }
  return {};
}

// A letter that the format can't have is found here, not when the first partition comes.
Status CheckFormat(const YamlReader& reader, const YamlNode& node, const std::string& format) {
  constexpr std::string_view kLetters = "YmdHMSGV%";
  bool any = false;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    ++i;
    if (i == format.size() || kLetters.find(format[i]) == std::string_view::npos) {
      return Fail(reader.Invalid(node, "partition.format has `" + Printable(format.substr(i - 1, 2)) +
                                           "`; there are %Y %m %d %H %M %S %G %V %%"));
    }
    any = any || format[i] != '%';
  }
  if (!any) return Fail(reader.Invalid(node, "partition.format has no field such as %Y or %d"));
  return {};
}

// identity, all, latest, {window: 7} or {rollup: month}.
Status ParseMapping(const YamlReader& reader, const YamlNode& node, Source& source) {
  using Kind = lateness::Mapping::Kind;
  constexpr std::int64_t kMostBefore = 10'000;
  if (node.kind != YamlNode::Kind::kMap) {
    if (node.text == "window") return Fail(reader.Invalid(node, "a window needs its length: {window: 7}"));
    if (node.text == "rollup") return Fail(reader.Invalid(node, "a roll-up needs its cadence: {rollup: month}"));
    LATECOMER_ASSIGN_OR_RETURN(
        source.mapping.kind,
        reader.Choice<Kind>(node, "mapping",
                            {{"identity", Kind::kIdentity}, {"all", Kind::kAll}, {"latest", Kind::kLatest}}));
    return {};
  }
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, "mapping", {"window", "rollup"}));
  if (node.entries.size() != 1) {
    return Fail(reader.Invalid(node, "mapping must be exactly one of {window: N} and {rollup: CADENCE}"));
  }
  const YamlNode& value = node.entries.front().value;
  if (node.entries.front().key == "window") {
    source.mapping.kind = Kind::kWindow;
    LATECOMER_ASSIGN_OR_RETURN(const std::int64_t before, reader.Integer(value, "mapping.window", 1, kMostBefore));
    source.mapping.window = static_cast<int>(before);
    return {};
  }
  source.mapping.kind = Kind::kRollup;
  LATECOMER_ASSIGN_OR_RETURN(source.rollup, ReadCadence(reader, value));
  return {};
}

Result<Source> ParseSource(const YamlReader& reader, const YamlEntry& entry, const Pipeline& pipeline) {
  const YamlNode& node = entry.value;
  LATECOMER_RETURN_IF_ERROR(
      reader.ExpectKeys(node, "sources." + Printable(entry.key),
                        {"table", "partition", "cadence", "time_zone", "mapping", "watch_every"}));
  Source source;
  source.name = entry.key;
  const YamlNode* table = node.Find("table");
  if (table == nullptr) return Fail(reader.Missing(node, "table"));
  LATECOMER_ASSIGN_OR_RETURN(source.table, reader.Text(*table, "table"));
  LATECOMER_ASSIGN_OR_RETURN(source.location, ResolveTable(reader, *table, pipeline));
  if (const YamlNode* mapping = node.Find("mapping")) {
    LATECOMER_RETURN_IF_ERROR(ParseMapping(reader, *mapping, source));
  }
  if (const YamlNode* partition = node.Find("partition")) {
    LATECOMER_ASSIGN_OR_RETURN(source.partition, ParsePartition(reader, *partition));
  } else if (lateness::GoesByTime(source.mapping)) {
    Error error = reader.Missing(node, "partition");
    error.hint = "name the columns that hold time, or write `mapping: latest` for a table without them";
    return Fail(std::move(error));
  }
  if (const YamlNode* cadence = node.Find("cadence")) {
    LATECOMER_ASSIGN_OR_RETURN(source.cadence, ReadCadence(reader, *cadence));
  }
  if (const YamlNode* zone = node.Find("time_zone")) {
    LATECOMER_ASSIGN_OR_RETURN(source.time_zone, ReadTimeZone(reader, *zone));
  }
  if (const YamlNode* every = node.Find("watch_every")) {
    LATECOMER_ASSIGN_OR_RETURN(source.watch_every, reader.Span(*every, "watch_every"));
    if (*source.watch_every < std::chrono::milliseconds(50)) {
      return Fail(reader.Invalid(*every, "watch_every is at least 50ms"));
    }
  }
  return source;
}

}  // namespace

// "event_time", [year, month, day], or {columns: …, format: …}.
Result<lateness::TimeColumns> ParsePartition(const YamlReader& reader, const YamlNode& node) {
  lateness::TimeColumns columns;
  if (node.kind != YamlNode::Kind::kMap) {
    LATECOMER_ASSIGN_OR_RETURN(columns.columns, reader.TextOrList(node, "partition"));
    LATECOMER_RETURN_IF_ERROR(CheckColumns(reader, node, columns.columns));
    return columns;
  }
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, "partition", {"columns", "format"}));
  const YamlNode* names = node.Find("columns");
  if (names == nullptr) return Fail(reader.Missing(node, "columns"));
  LATECOMER_ASSIGN_OR_RETURN(columns.columns, reader.TextOrList(*names, "partition.columns"));
  LATECOMER_RETURN_IF_ERROR(CheckColumns(reader, *names, columns.columns));
  if (const YamlNode* format = node.Find("format")) {
    LATECOMER_ASSIGN_OR_RETURN(columns.format, reader.Text(*format, "partition.format"));
    LATECOMER_RETURN_IF_ERROR(CheckFormat(reader, *format, columns.format));
  }
  return columns;
}

Result<Cadence> ReadCadence(const YamlReader& reader, const YamlNode& node) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, reader.Text(node, "cadence"));
  Result<Cadence> cadence = ParseCadence(text);
  if (cadence) return *cadence;
  return Fail(reader.Invalid(
      node, "cadence must be hour, day, week, month or a number of them (3 hours), not `" + Printable(text) + "`"));
}

Result<TimeZone> ReadTimeZone(const YamlReader& reader, const YamlNode& node) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, reader.Text(node, "time_zone"));
  Result<TimeZone> zone = TimeZone::Load(text);
  if (zone) return std::move(*zone);
  Error error = reader.Invalid(node, "there is no time zone `" + Printable(text) + "`");
  error.hint = "zones are named as in the IANA database: UTC, Europe/Berlin, America/New_York";
  return Fail(std::move(error));
}

Result<std::string> ResolveTable(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(std::string text, reader.Text(node, "table"));
  if (text.empty()) return Fail(reader.Invalid(node, "the table's location is empty"));
  const std::size_t scheme = text.find("://");
  if (scheme != std::string::npos) {
    if (text.substr(0, scheme) != "file") {
      return Fail(reader.Unsupported(node, "a table at " + Printable(text.substr(0, scheme)) + "://",
                                     "use a path on a local disk"));
    }
    text = PercentDecode(std::string_view(text).substr(scheme + 3));
    if (!text.starts_with('/')) return Fail(reader.Invalid(node, "a file:// location must be absolute: file:///…"));
  }
  std::string location = (std::filesystem::path(pipeline.folder) / text).lexically_normal().string();
  while (location.size() > 1 && location.ends_with('/')) location.pop_back();
  return location;
}

Status ParseSources(const YamlReader& reader, const YamlNode& node, Pipeline& pipeline) {
  LATECOMER_RETURN_IF_ERROR(reader.ExpectMap(node, "sources"));
  if (node.entries.empty()) return Fail(reader.Invalid(node, "sources is empty; a pipeline reads at least one table"));
  for (const YamlEntry& entry : node.entries) {
    if (!IsSourceName(entry.key)) {
      Error error = reader.Invalid(
          entry.value, "`" + Printable(entry.key) + "` can't name a source; use letters, digits and _, first a letter");
      return Fail(std::move(error).At(entry.line, entry.column));
    }
    for (const Source& before : pipeline.sources) {
      if (LowerCase(before.name) != LowerCase(entry.key)) continue;
      return Fail(reader
                      .Invalid(entry.value, "`" + before.name + "` and `" + entry.key +
                                                "` are one name in SQL, which doesn't tell small letters from capitals")
                      .At(entry.line, entry.column));
    }
    LATECOMER_ASSIGN_OR_RETURN(Source source, ParseSource(reader, entry, pipeline));
    pipeline.sources.push_back(std::move(source));
  }
  return {};
}

}  // namespace latecomer::pipeline
