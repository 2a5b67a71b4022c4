#include "delta/write_rules.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"

namespace latecomer::delta {
namespace {

constexpr std::int64_t kFeatureWriterVersion = 7;

// Features that ask nothing of these writes, or nothing beyond what UsedBy looks for.
constexpr std::array<std::string_view, 19> kWriterFeatures = {
    "appendOnly",      "invariants",          "checkConstraints",     "generatedColumns", "allowColumnDefaults",
    "changeDataFeed",  "identityColumns",     "columnMapping",        "deletionVectors",  "domainMetadata",
    "icebergCompatV1", "icebergCompatV2",     "inCommitTimestamp",    "timestampNtz",     "typeWidening",
    "v2Checkpoint",    "vacuumProtocolCheck", "checkpointProtection", "clustering",
};

std::string Setting(const Metadata& metadata, const std::string& key) {
  const auto found = metadata.configuration.find(key);
  return found == metadata.configuration.end() ? "" : found->second;
}

// What the table really uses of what this program doesn't do.
std::vector<std::string> UsedBy(const Metadata& metadata) {
  std::vector<std::string> used;
  for (const auto& [key, value] : metadata.configuration) {
    if (key.starts_with("delta.constraints.")) used.push_back("check constraint '" + key.substr(18) + "'");
    const bool is_compat = key.starts_with("delta.enableIcebergCompat");
    if (is_compat && value == "true") used.push_back("Iceberg compatibility (" + key.substr(6) + ")");
  }
  const std::string mapping = Setting(metadata, "delta.columnMapping.mode");
  if (!mapping.empty() && mapping != "none") used.push_back("column mapping by " + mapping);
  if (Setting(metadata, "delta.enableRowTracking") == "true") used.emplace_back("row tracking");
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kInSchema = {{
      {"\"delta.invariants\"", "column invariants"},
      {"\"delta.generationExpression\"", "generated columns"},
      {"\"delta.identity.", "identity columns"},
      {"\"CURRENT_DEFAULT\"", "column defaults"},
  }};
  for (const auto& [mark, name] : kInSchema) {
    if (metadata.schema_json.find(mark) != std::string::npos) used.emplace_back(name);
  }
  return used;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + Printable(word);
  return text;
}

}  // namespace

Status CheckWritable(const Protocol& protocol, const Metadata& metadata, WriteKind kind) {
  if (protocol.min_writer_version > kFeatureWriterVersion) {
    return Fail(Error(ErrorKind::kUnsupported, "the table needs writer version " +
                                                   std::to_string(protocol.min_writer_version) +
                                                   "; this program writes versions 1 to 7")
                    .Hint("a newer latecomer may write it"));
  }
  std::vector<std::string> missing;
  if (protocol.min_writer_version == kFeatureWriterVersion) {
    for (const std::string& feature : protocol.writer_features) {
      if (std::find(kWriterFeatures.begin(), kWriterFeatures.end(), feature) == kWriterFeatures.end()) {
        missing.push_back("writer feature " + feature);
      }
    }
  }
  for (std::string& used : UsedBy(metadata)) missing.push_back(std::move(used));
  if (!missing.empty()) {
    return Fail(Error(ErrorKind::kUnsupported, "the table uses " + Joined(missing) + ", which this program can't write")
                    .Hint("write to it with Spark or another engine; nothing was changed"));
  }
  if (kind == WriteKind::kReplace && Setting(metadata, "delta.appendOnly") == "true") {
    return Fail(
        Error(ErrorKind::kUnsupported, "the table is append-only (delta.appendOnly), so a partition can't be replaced")
            .Hint("unset delta.appendOnly, or name another table to write `into`"));
  }
  if (metadata.format_provider != "parquet" && !metadata.format_provider.empty()) {
    return Fail(ErrorKind::kUnsupported,
                "the table's files are '" + Printable(metadata.format_provider) + "', not Parquet");
  }
  return {};
}

}  // namespace latecomer::delta
