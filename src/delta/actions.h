// The actions of the Delta log, as they are handed from its readers (JSON, Parquet) to a sink.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latecomer::delta {

// Deletion vector descriptor (protocol, "Deletion Vector Descriptor Schema").
struct DeletionVector {
  std::string storage_type;  // "u", "i" or "p"; others are kept, but can't be read
  std::string path_or_inline;
  std::optional<std::int64_t> offset{};
  std::int64_t size_bytes = 0;
  std::int64_t cardinality = 0;
  friend bool operator==(const DeletionVector&, const DeletionVector&) = default;
};

// storageType + pathOrInlineDv + "@" + offset: what tells two vectors of one file apart.
std::string DeletionVectorId(const DeletionVector& vector);

// One add or remove. Views are valid only during the call that hands it over.
struct FileAction {
  std::string_view path;  // as in the log: still percent-encoded
  // The map as JSON text, an object of strings and nulls, not yet checked; nullopt when it isn't given.
  std::optional<std::string_view> partition_values{};
  std::optional<std::int64_t> size_bytes{};  // always there in an add
  std::optional<std::int64_t> records{};     // numRecords of its stats, rows a vector hides included
  bool data_change = true;
  const DeletionVector* deletion_vector = nullptr;
};

struct Metadata {
  std::string id;
  std::string format_provider;
  std::string schema_json;
  std::vector<std::string> partition_columns;
  std::map<std::string, std::string> configuration;
};

struct Protocol {
  std::int64_t min_reader_version = 1;
  std::int64_t min_writer_version = 1;
  std::vector<std::string> reader_features;
  std::vector<std::string> writer_features;
};

struct Transaction {
  std::string app_id;
  std::int64_t version = 0;
};

// commitInfo is provenance only: fields of an unexpected type are left out.
struct CommitInfo {
  std::optional<std::int64_t> in_commit_timestamp{};
  std::optional<std::int64_t> timestamp{};
  std::string operation;
  std::map<std::string, std::int64_t> operation_metrics;  // whole numbers only; empty unless wanted
};

// A sidecar action of a V2 checkpoint.
struct Sidecar {
  std::string path;
};

// Receives actions in the order of the log. Returning an error ends the reading with it.
class ActionSink {
 public:
  virtual ~ActionSink() = default;
  virtual Status OnAdd(const FileAction&) { return {}; }
  virtual Status OnRemove(const FileAction&) { return {}; }
  virtual Status OnMetadata(Metadata&&) { return {}; }
  virtual Status OnProtocol(Protocol&&) { return {}; }
  virtual Status OnTransaction(Transaction&&) { return {}; }
  virtual Status OnCommitInfo(CommitInfo&&) { return {}; }
  virtual Status OnSidecar(Sidecar&&) { return {}; }
};

// Which actions a reader may leave out, and what it need not look into.
struct Wanted {
  bool files = true;         // add and remove
  bool metadata = true;      // metaData and protocol
  bool transactions = true;  // txn
  bool commit_info = true;
  bool operation_metrics = true;  // of commitInfo
};

}  // namespace latecomer::delta
