#include "delta/commit_assembler.h"

#include <algorithm>
#include <map>
#include <utility>

#include "delta/log_path.h"
#include "delta/log_segment.h"

namespace latecomer::delta {
namespace {

bool SamePartitioning(const TableSchema& a, const TableSchema& b) {
  return a.table_id == b.table_id && a.partition_columns == b.partition_columns;
}

// Notices a metaData action and nothing else.
class MetadataProbe final : public ActionSink {
 public:
  bool found = false;
  Status OnMetadata(Metadata&&) override {
    found = true;
    return {};
  }
};

void SetTime(const ScannedCommit& scanned, table::Commit& commit) {
  if (scanned.info.in_commit_timestamp) {
    commit.timestamp = Instant(Duration(*scanned.info.in_commit_timestamp));
    commit.timestamp_source = table::TimestampSource::kInCommit;
  } else if (scanned.info.timestamp) {
    commit.timestamp = Instant(Duration(*scanned.info.timestamp));
    commit.timestamp_source = table::TimestampSource::kCommitInfo;
  } else {
    commit.timestamp = scanned.modified.value_or(Instant{});
    commit.timestamp_source = table::TimestampSource::kFile;
  }
}

void AddRows(std::optional<std::int64_t>& total, const std::optional<std::int64_t>& rows) {
  if (total && rows) {
    *total += *rows;
  } else {
    total.reset();
  }
}

void Merge(table::PartitionChange& into, const table::PartitionChange& from) {
  into.counts.files_added += from.counts.files_added;
  into.counts.files_removed += from.counts.files_removed;
  into.counts.bytes_added += from.counts.bytes_added;
  into.counts.bytes_removed += from.counts.bytes_removed;
  into.counts.deletion_vector_updates += from.counts.deletion_vector_updates;
  AddRows(into.counts.rows_added, from.counts.rows_added);
  AddRows(into.counts.rows_removed, from.counts.rows_removed);
  into.data_change = into.data_change || from.data_change;
  into.fingerprint_delta += from.fingerprint_delta;
}

bool SomeAreEqual(const std::vector<table::PartitionChange>& changes) {
  constexpr std::size_t kFew = 8;  // up to so many, comparing all pairs costs less than a map
  if (changes.size() > kFew) return true;
  for (std::size_t i = 1; i < changes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (changes[i].key == changes[j].key) return true;
    }
  }
  return false;
}

// Texts that differ but are one value ("1" and "01" of an integer) are one partition.
void MergeEqualKeys(std::vector<table::PartitionChange>& changes) {
  if (!SomeAreEqual(changes)) return;
  std::vector<table::PartitionChange> merged;
  std::map<table::PartitionKey, std::size_t, table::NamesThenValues> index;
  for (table::PartitionChange& change : changes) {
    const auto [slot, is_new] = index.emplace(change.key, merged.size());
    if (is_new) {
      merged.push_back(std::move(change));
    } else {
      Merge(merged[slot->second], change);
    }
  }
  changes = std::move(merged);
}

bool CanLookBehind(ErrorKind kind) {
  return kind == ErrorKind::kHistoryGone || kind == ErrorKind::kDamaged || kind == ErrorKind::kNotFound ||
         kind == ErrorKind::kUnsupported;
}

}  // namespace

CommitAssembler::CommitAssembler(const LogFolder& folder, const storage::StoreOpener& open_store,
                                 const ReadOptions& options, Version base)
    : folder_(folder), open_store_(open_store), options_(options), base_(base) {}

Result<const LogListing*> CommitAssembler::Listing() {
  if (!listing_) {
    LATECOMER_ASSIGN_OR_RETURN(listing_, folder_.List());
  }
  return &*listing_;
}

Status CommitAssembler::FindNewest() {
  LATECOMER_ASSIGN_OR_RETURN(const LogListing* listing, Listing());
  LATECOMER_ASSIGN_OR_RETURN(const LogState state,
                             ReplayTo(folder_, open_store_, NewestVersion(*listing), Depth::kInfo, listing));
  LATECOMER_ASSIGN_OR_RETURN(TableSchema schema, ParseSchema(*state.metadata, *state.protocol));
  newest_ = std::make_shared<const TableSchema>(std::move(schema));
  return {};
}

void CommitAssembler::MakeKeys(std::shared_ptr<const TableSchema> before) {
  std::vector<std::shared_ptr<const TableSchema>> schemas;
  for (const auto& schema : {newest_, schema_, before}) {
    if (schema != nullptr) schemas.push_back(schema);
  }
  keys_ = std::make_unique<PartitionKeys>(std::move(schemas));
}

Status CommitAssembler::FindBase() {
  if (options_.names == ReadOptions::Names::kNewest) LATECOMER_RETURN_IF_ERROR(FindNewest());
  if (base_ < Version{0}) return {};
  auto state = ReplayTo(folder_, open_store_, base_, Depth::kInfo);
  if (state) {
    metadata_ = std::move(state->metadata);
    protocol_ = std::move(state->protocol);
  } else if (CanLookBehind(state.error().kind)) {
    LATECOMER_RETURN_IF_ERROR(FindBaseForward());
  } else {
    return Fail(std::move(state).error());
  }
  if (!metadata_ || !protocol_) return {};
  LATECOMER_ASSIGN_OR_RETURN(TableSchema schema, ParseSchema(*metadata_, *protocol_));
  schema_ = std::make_shared<const TableSchema>(std::move(schema));
  MakeKeys(nullptr);
  return {};
}

void CommitAssembler::AssumeBase(const table::TableHistory::KnownBase& known) {
  TableSchema schema;
  schema.table_id = known.table_id;
  schema.partition_columns = known.partition_columns;
  for (const table::PartitionColumn& column : known.partition_columns)
    schema.logical_names.emplace(column.name, column.name);
  schema_ = std::make_shared<const TableSchema>(std::move(schema));
  assumed_ = true;
  MakeKeys(nullptr);
}

Status CommitAssembler::FindAssumedBase() {
  if (!assumed_) return {};
  assumed_ = false;
  return FindBase();
}

// Under an assumed base a text must name its columns exactly; any other may have physical names.
Result<const table::PartitionKey*> CommitAssembler::KeyOf(const PartitionText& text) {
  if (assumed_) {
    const auto texts = ParseStringMap(text.raw());
    bool exact = texts && texts->size() == schema_->partition_columns.size();
    for (const table::PartitionColumn& column : schema_->partition_columns)
      exact = exact && texts->contains(column.name);
    if (!exact) LATECOMER_RETURN_IF_ERROR(FindAssumedBase());
  }
  return keys_->KeyOf(text);
}

// A cleaned log: the metadata of the first state that can be built after the base holds for the commits up
// to it when none of these changes it. (If one does, it brings its own.)
Status CommitAssembler::FindBaseForward() {
  LATECOMER_ASSIGN_OR_RETURN(const LogListing* listing, Listing());
  LogBuffer buffer;
  CommitParser parser;
  Wanted wanted;
  wanted.files = wanted.transactions = wanted.commit_info = false;
  for (const LogFile& file : listing->checkpoints) {
    if (file.version <= base_) continue;
    if (FirstMissing(*listing, {base_, file.version})) return {};
    for (Version v = base_.Next(); v <= file.version; v = v.Next()) {
      MetadataProbe probe;
      LATECOMER_RETURN_IF_ERROR(folder_.ReadCommit(v, buffer));
      LATECOMER_RETURN_IF_ERROR(parser.Parse(buffer.text(), folder_.PathOf(CommitKey(v)), wanted, probe));
      if (probe.found) return {};
    }
    auto state = ReplayTo(folder_, open_store_, file.version, Depth::kInfo, listing);
    if (!state) continue;
    metadata_ = std::move(state->metadata);
    protocol_ = std::move(state->protocol);
    return {};
  }
  return {};
}

Status CommitAssembler::TakeMetadata(const ScannedCommit& scanned, table::Commit& commit) {
  commit.metadata_changed = scanned.metadata != nullptr;
  commit.protocol_changed = scanned.protocol != nullptr;
  if (scanned.protocol == nullptr && scanned.metadata == nullptr && scanned.version.value != 0) return {};
  LATECOMER_RETURN_IF_ERROR(FindAssumedBase());
  const std::string file = folder_.PathOf(CommitKey(scanned.version));
  if (scanned.protocol != nullptr) {
    if (Status supported = CheckProtocol(*scanned.protocol); !supported)
      return Fail(std::move(supported.error()).In(file));
    protocol_ = *scanned.protocol;
  }
  if (scanned.metadata != nullptr) metadata_ = *scanned.metadata;
  if (scanned.version.value == 0 && (!metadata_ || !protocol_)) {
    const char* missing = metadata_ ? "protocol" : "metaData";
    return Fail(
        Error(ErrorKind::kDamaged, std::string("the table's first commit has no ") + missing + " action").In(file));
  }
  if ((scanned.metadata == nullptr && scanned.protocol == nullptr) || !metadata_) return {};
  auto parsed = ParseSchema(*metadata_, protocol_.value_or(Protocol{}));
  if (!parsed) return Fail(std::move(parsed.error()).In(file));
  auto schema = std::make_shared<const TableSchema>(std::move(*parsed));
  commit.partitioning_changed = schema_ != nullptr && !SamePartitioning(*schema_, *schema);
  const std::shared_ptr<const TableSchema> before = std::exchange(schema_, std::move(schema));
  MakeKeys(before);
  return {};
}

Result<const LogState*> CommitAssembler::StateBefore(Version version) {
  const Version before{version.value - 1};
  if (state_ != nullptr && state_->version <= before) {
    LATECOMER_RETURN_IF_ERROR(Advance(folder_, before, *state_));
    return state_.get();
  }
  if (before < Version{0}) {
    state_ = std::make_unique<LogState>(Depth::kFiles);
    return state_.get();
  }
  LATECOMER_ASSIGN_OR_RETURN(const LogListing* listing, Listing());
  auto state = ReplayTo(folder_, open_store_, before, Depth::kFiles, listing);
  if (state) {
    state_ = std::make_unique<LogState>(std::move(*state));
    return state_.get();
  }
  if (CanLookBehind(state.error().kind)) return nullptr;
  return Fail(std::move(state).error());
}

// Fills in what removes leave out, and counts them.
Status CommitAssembler::Resolve(ScannedCommit& scanned) {
  if (scanned.open_removes.empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(const LogState* state, StateBefore(scanned.version));
  for (OpenRemove& open : scanned.open_removes) {
    const DeletionVector* vector = open.vector ? &*open.vector : nullptr;
    const LiveFile* file = state == nullptr ? nullptr : state->files.Find(open.path, vector);
    if (file != nullptr) {
      if (!open.raw) open.raw = state->files.partitions()[file->partition].raw;
      if (!open.records && file->records >= 0) open.records = file->records;
      if (!open.size_bytes) open.size_bytes = file->size_bytes;
    }
    if (!open.raw && state != nullptr) continue;  // a file the table doesn't have: nothing changes
    if (!open.raw) {
      return Fail(Error(ErrorKind::kHistoryGone,
                        "the remove of '" + open.path + "' doesn't say its partition, and the state before is gone")
                      .In(folder_.PathOf(CommitKey(scanned.version)))
                      .At(open.line)
                      .Hint("start at a later version, with --from"));
    }
    std::optional<std::int64_t> rows = open.records;
    if (rows && vector != nullptr)
      rows = vector->cardinality > *rows ? std::nullopt : std::optional(*rows - vector->cardinality);
    LATECOMER_ASSIGN_OR_RETURN(PartitionDelta* const delta, DeltaFor(scanned.partitions, *open.raw, texts_));
    CountRemove(*delta, IdentityOf(open.path, vector).fingerprint(), rows, open.size_bytes.value_or(0),
                open.data_change);
  }
  return {};
}

Status CommitAssembler::Assemble(ScannedCommit& scanned, table::Commit& commit) {
  commit.version = scanned.version;
  commit.partitioning_changed = false;
  SetTime(scanned, commit);
  LATECOMER_RETURN_IF_ERROR(TakeMetadata(scanned, commit));
  LATECOMER_RETURN_IF_ERROR(Resolve(scanned));
  commit.operation = scanned.info.operation;
  commit.operation_metrics.swap(scanned.info.operation_metrics);
  if (!scanned.partitions.empty() && keys_ == nullptr) {
    return Fail(Error(ErrorKind::kHistoryGone, "the table's metadata as of version " +
                                                   std::to_string(scanned.version.value) +
                                                   " is not in the log any more")
                    .In(folder_.PathOf(CommitKey(scanned.version)))
                    .Hint("start at a later version, with --from"));
  }
  commit.partitions.resize(scanned.partitions.size());
  for (std::size_t i = 0; i < scanned.partitions.size(); ++i) {
    const PartitionDelta& delta = scanned.partitions[i];
    table::PartitionChange& change = commit.partitions[i];
    auto key = KeyOf(*delta.text);
    if (!key) return Fail(std::move(key.error()).In(folder_.PathOf(CommitKey(scanned.version))));
    change.key = **key;
    change.counts = delta.counts;
    change.data_change = delta.data_change;
    change.fingerprint_delta = delta.fingerprint_delta;
  }
  if (commit.partitions.size() < 2) return {};
  const bool by_key = options_.order == ReadOptions::Order::kByKey;
  const auto before = [](const table::PartitionChange& a, const table::PartitionChange& b) { return a.key < b.key; };
  if (by_key && std::is_sorted(commit.partitions.begin(), commit.partitions.end(), before) &&
      std::adjacent_find(commit.partitions.begin(), commit.partitions.end(),
                         [](const auto& a, const auto& b) { return a.key == b.key; }) == commit.partitions.end()) {
    return {};
  }
  MergeEqualKeys(commit.partitions);
  if (by_key) std::stable_sort(commit.partitions.begin(), commit.partitions.end(), before);
  return {};
}

}  // namespace latecomer::delta
