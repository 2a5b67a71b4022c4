#include "broken.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "forwarding_history.h"
#include "scenario.h"

namespace latecomer::simulation {
namespace {

using HistoryPtr = std::shared_ptr<table::TableHistory>;

template <typename Broken>
Variant WithHistory() {
  Variant variant;
  variant.history = [](HistoryPtr real) -> HistoryPtr { return std::make_shared<Broken>(std::move(real)); };
  return variant;
}

// ----- tokens

Variant FencingOff() {
  Variant variant;
  variant.rule = [](const TokenWrite*, const TokenWrite&) { return Verdict::kWrite; };
  return variant;
}

Variant EqualTokenIsARepeat() {
  Variant variant;
  variant.rule = [](const TokenWrite* newest, const TokenWrite& wanted) {
    const bool equal = newest != nullptr && newest->token == wanted.token;
    return equal ? Verdict::kRepeat : JudgeToken(newest, wanted);
  };
  return variant;
}

// ----- the record comes before the success

using Tokens = std::map<std::string, std::int64_t>;  // by app id: what was started

class HastyExecutor final : public executor::Executor {
 public:
  HastyExecutor(std::unique_ptr<executor::Executor> real, std::shared_ptr<Tokens> tokens)
      : real_(std::move(real)), tokens_(std::move(tokens)) {}

  Result<std::string> Start(const executor::AttemptSpec& spec) override {
    if (const auto* sql = std::get_if<executor::SqlWork>(&spec.work)) {
      (*tokens_)[sql->transaction.app_id] = sql->transaction.version;
    }
    return real_->Start(spec);
  }
  Result<executor::AttemptStatus> Poll(const std::string& handle) override {
    auto status = real_->Poll(handle);
    if (status && status->phase == executor::Phase::kRunning) status->phase = executor::Phase::kSucceeded;
    return status;
  }
  Status Cancel(const std::string& handle, Duration grace) override { return real_->Cancel(handle, grace); }
  Status EnsureDead(const std::string& folder) override { return real_->EnsureDead(folder); }
  void Wait(Duration at_most) override { real_->Wait(at_most); }
  void Wake() override { real_->Wake(); }

 private:
  std::unique_ptr<executor::Executor> real_;
  std::shared_ptr<Tokens> tokens_;
};

// Takes what was started for what was committed.
class HastyHistory final : public ForwardingHistory {
 public:
  HastyHistory(HistoryPtr real, std::shared_ptr<Tokens> tokens)
      : ForwardingHistory(std::move(real)), tokens_(std::move(tokens)) {}

  Result<std::optional<Transaction>> FindTransaction(const std::string& app_id) const override {
    const auto started = tokens_->find(app_id);
    if (started == tokens_->end()) return real_->FindTransaction(app_id);
    return std::optional<Transaction>({started->second, Version{0}});
  }

 private:
  std::shared_ptr<Tokens> tokens_;
};

Variant RecordBeforeSuccess() {
  Variant variant;
  const auto tokens = std::make_shared<Tokens>();
  variant.executor = [tokens](std::unique_ptr<executor::Executor> real) -> std::unique_ptr<executor::Executor> {
    return std::make_unique<HastyExecutor>(std::move(real), tokens);
  };
  variant.history = [tokens](HistoryPtr real) -> HistoryPtr {
    return std::make_shared<HastyHistory>(std::move(real), tokens);
  };
  return variant;
}

// ----- what counts as processed

// Every partition counts as built from the newest version that any was built from.
class OneGlobalVersion final : public LedgerTwist {
 public:
  void OnProcessed(std::vector<ledger::ProcessedRecord>& records) override {
    const VersionVector newest = Newest(records);
    for (ledger::ProcessedRecord& record : records) record.vector = newest;
  }
  void OnProcessedOne(std::optional<ledger::ProcessedRecord>& record, ledger::Reader& reader,
                      const std::string& pipeline) override {
    const auto all = reader.Processed(pipeline);
    if (record && all) record->vector = Newest(*all);
  }

 private:
  static VersionVector Newest(const std::vector<ledger::ProcessedRecord>& records) {
    VersionVector newest;
    for (const ledger::ProcessedRecord& record : records) {
      for (const auto& [source, version] : record.vector) newest[source] = std::max(newest[source], version);
    }
    return newest;
  }
};

// What is processed has one version, whichever source it is of.
class SourcesShareAVersion final : public LedgerTwist {
 public:
  void OnProcessed(std::vector<ledger::ProcessedRecord>& records) override {
    for (ledger::ProcessedRecord& record : records) Share(record.vector);
  }
  void OnProcessedOne(std::optional<ledger::ProcessedRecord>& record, ledger::Reader& /*reader*/,
                      const std::string& /*pipeline*/) override {
    if (record) Share(record->vector);
  }

 private:
  static void Share(VersionVector& vector) {
    Version newest;
    for (const auto& [source, version] : vector) newest = std::max(newest, version);
    for (auto& [source, version] : vector) version = newest;
  }
};

// All partitions count as built at one moment, so none was built before one that it follows.
class BuiltAtOneMoment final : public LedgerTwist {
 public:
  void OnProcessed(std::vector<ledger::ProcessedRecord>& records) override {
    for (ledger::ProcessedRecord& record : records) record.at = Instant{};
  }
  void OnProcessedOne(std::optional<ledger::ProcessedRecord>& record, ledger::Reader& /*reader*/,
                      const std::string& /*pipeline*/) override {
    if (record) record->at = Instant{};
  }
};

// Only a scheduler's own writes tell it to read the ledger again.
class OthersUnnoticed final : public LedgerTwist {
 public:
  void OnStamp(std::string& stamp, std::int64_t writes) override { stamp = std::to_string(writes); }
};

// The run's key has the version that was seen when it was made: the same change makes a run per version.
class PinInTheKey final : public LedgerTwist {
 public:
  void OnRun(ledger::RunRecord& run, ledger::Reader& reader) override {
    const std::string pin = Pin(reader);
    if (run.cause.ends_with(pin)) run.cause.resize(run.cause.size() - pin.size());
  }
  void OnCause(std::string& cause, ledger::Reader& reader) override {
    if (!cause.starts_with("manual:")) cause += Pin(reader);
  }
  void OnNewRun(ledger::RunRecord& run, ledger::Reader& reader) override {
    if (run.kind == ledger::RunKind::kManual) return;
    run.cause += Pin(reader);
    run.run_id += Pin(reader);
  }

 private:
  static std::string Pin(ledger::Reader& reader) {
    const auto table = reader.FindTable(kSourceTable);
    return "_pinned" + (table && *table ? std::to_string((*table)->seen.version.value) : std::string("0"));
  }
};

template <typename Twist>
Variant WithTwist() {
  Variant variant;
  variant.twist = std::make_shared<Twist>();
  return variant;
}

// ----- reading tables

class DataChangeIgnored final : public ForwardingHistory {
 public:
  using ForwardingHistory::ForwardingHistory;
  Status ReadCommits(VersionRange range, const CommitSink& sink) const override {
    return real_->ReadCommits(range, [&](table::Commit&& commit) {
      for (table::PartitionChange& change : commit.partitions) change.data_change = true;
      return sink(std::move(commit));
    });
  }
};

class MissingIsNothingNew final : public ForwardingHistory {
 public:
  using ForwardingHistory::ForwardingHistory;
  Result<Version> LatestVersionAfter(const table::SeenCommit& seen) const override {
    auto newest = real_->LatestVersionAfter(seen);
    if (!newest && newest.error().kind == ErrorKind::kHistoryGone) return seen.identity.version;
    return newest;
  }
};

// Keys are the texts the log has: month=9 and month=09 are two.
class TextKeys final : public ForwardingHistory {
 public:
  using ForwardingHistory::ForwardingHistory;

  Status ReadCommits(VersionRange range, const CommitSink& sink) const override {
    return real_->ReadCommits(range, [&](table::Commit&& commit) {
      for (table::PartitionChange& change : commit.partitions) change.key = AsText(change.key);
      return sink(std::move(commit));
    });
  }
  Result<table::TableInfo> ReadInfo(std::optional<Version> at) const override {
    auto info = real_->ReadInfo(at);
    if (info) info->partition_columns = AsText(info->partition_columns);
    return info;
  }
  Result<table::Snapshot> ReadSnapshot(std::optional<Version> at) const override {
    auto snapshot = real_->ReadSnapshot(at);
    if (!snapshot) return snapshot;
    snapshot->info.partition_columns = AsText(snapshot->info.partition_columns);
    for (table::PartitionState& state : snapshot->partitions) state.key = AsText(state.key);
    return snapshot;
  }
  Result<std::vector<table::DataFile>> ReadFiles(
      Version at, const std::function<bool(const table::PartitionKey&)>& wanted) const override {
    return real_->ReadFiles(at, [&](const table::PartitionKey& key) { return wanted(AsText(key)); });
  }

 private:
  static table::PartitionSchema AsText(table::PartitionSchema schema) {
    for (table::PartitionColumn& column : schema) column.type = {};
    return schema;
  }
  static table::PartitionKey AsText(const table::PartitionKey& key) {
    table::PartitionSchema schema;
    std::map<std::string, std::optional<std::string>> texts;
    for (std::size_t i = 0; i < key.size(); ++i) {
      schema.push_back({key.name(i), {}});
      texts[key.name(i)] = key.value(i).text();
    }
    return *table::PartitionKey::FromTexts(schema, texts);
  }
};

struct Row {
  VariantName name;
  Variant (*make)();
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> kRows = {
      {{"fencing_off", "an output takes any token"}, FencingOff},
      {{"record_before_success", "a step that runs counts as one that succeeded"}, RecordBeforeSuccess},
      {{"one_global_version", "all partitions count as built from the newest version"}, WithTwist<OneGlobalVersion>},
      {{"sources_share_a_version", "a partition counts as built from one version of all its sources"},
       WithTwist<SourcesShareAVersion>},
      {{"text_keys", "partition keys are compared as text"}, WithHistory<TextKeys>},
      {{"data_change_ignored", "compaction counts as a change"}, WithHistory<DataChangeIgnored>},
      {{"pin_in_the_key", "a run's key has the pinned version"}, WithTwist<PinInTheKey>},
      {{"equal_token_is_a_repeat", "an equal token alone is taken for the same write"}, EqualTokenIsARepeat},
      {{"built_at_one_moment", "no partition counts as built before an earlier one"}, WithTwist<BuiltAtOneMoment>},
      {{"others_unnoticed", "a scheduler takes the ledger for what it was until it writes itself"},
       WithTwist<OthersUnnoticed>},
      {{"missing_is_nothing_new", "a missing next commit is taken for nothing new"}, WithHistory<MissingIsNothingNew>},
  };
  return kRows;
}

}  // namespace

std::vector<VariantName> BrokenVariants() {
  std::vector<VariantName> names;
  for (const Row& row : Rows()) names.push_back(row.name);
  return names;
}

Variant MakeVariant(const std::string& name) {
  if (name.empty()) return {};
  for (const Row& row : Rows()) {
    if (row.name.name == name) return row.make();
  }
  throw std::invalid_argument("there is no broken variant " + name);
}

}  // namespace latecomer::simulation
