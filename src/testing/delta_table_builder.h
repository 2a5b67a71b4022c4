// Little Delta tables for tests, written line by line, so that any damage can be put into them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "testing/temporary_folder.h"

namespace latecomer::testing {

// Lines of a commit. Partition values are given as JSON text: {"day":"2024-01-01"}.
std::string CommitInfoLine(std::int64_t timestamp_ms, std::string_view operation);
std::string ProtocolLine(int reader_version = 1, int writer_version = 2);
std::string FeatureProtocolLine(const std::vector<std::string>& reader_features);
// Columns "id" (long) and the partition columns, which are given as "name type".
std::string MetadataLine(std::string_view table_id, const std::vector<std::string>& partition_columns,
                         std::string_view configuration = "{}");
// The descriptor of a deletion vector as JSON text.
std::string VectorJson(std::string_view path_or_inline, std::int64_t cardinality);

struct FileSpec {
  std::string path;
  std::string partition = "{}";
  std::optional<std::int64_t> rows = 10;  // in stats; nullopt: no stats
  std::int64_t size = 100;
  bool data_change = true;
  std::string vector;  // from VectorJson; empty: none
};
std::string AddLine(const FileSpec& file);
std::string RemoveLine(const FileSpec& file);
// As the first Delta versions wrote it: path and dataChange only.
std::string BareRemoveLine(std::string_view path);

class DeltaTableBuilder {
 public:
  const std::string& path() const { return folder_.path(); }
  std::int64_t version() const { return version_; }

  // The next version, one action a line.
  DeltaTableBuilder& Commit(const std::vector<std::string>& lines);
  // Protocol, metadata with these partition columns, in one commit.
  DeltaTableBuilder& Create(const std::vector<std::string>& partition_columns);
  // Any file below the table's folder, written as it is, or removed.
  DeltaTableBuilder& Write(std::string_view key, std::string_view bytes);
  DeltaTableBuilder& Remove(std::string_view key);
  // Text in place of a version's commit.
  DeltaTableBuilder& Overwrite(std::int64_t version, std::string_view text);
  DeltaTableBuilder& RemoveCommit(std::int64_t version);

  // A Parquet file of a checkpoint, whose rows are actions as JSON text: {"add":{…}}; partitionValues,
  // configuration and options as lists of pairs: [["day","2024-01-01"]]. `key` is the whole name.
  DeltaTableBuilder& CheckpointFile(std::string_view key, const std::vector<std::string>& rows);

 private:
  TemporaryFolder folder_;
  std::int64_t version_ = -1;
};

// Rows for CheckpointFile.
std::string CheckpointProtocol();
std::string CheckpointMetadata(std::string_view table_id, const std::vector<std::string>& partition_columns);
std::string CheckpointAdd(const FileSpec& file);
std::string CheckpointSidecar(std::string_view name);

}  // namespace latecomer::testing
