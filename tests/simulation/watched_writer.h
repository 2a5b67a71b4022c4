// Reader and Writer that pass everything on, and note down what is written.
#pragma once

#include "ledger/stamp.h"
#include "watched_ledger.h"

namespace latecomer::simulation {

class WatchedWriter final : public ledger::Writer, public ledger::Stamped {
 public:
  // `writer` is null while only reading; then no writing call is made.
  // `writes` is what the twist is told of stamps.
  WatchedWriter(ledger::Reader& reader, ledger::Writer* writer, LedgerTwist& twist, LedgerEffects& effects,
                std::int64_t writes)
      : reader_(reader), writer_(writer), twist_(twist), effects_(effects), writes_(writes) {}

  Result<std::string> Stamp() override {
    auto stamp = dynamic_cast<ledger::Stamped&>(reader_).Stamp();
    if (stamp) twist_.OnStamp(*stamp, writes_);
    return stamp;
  }
  Result<std::optional<ledger::TableRecord>> FindTable(const std::string& location) override {
    return reader_.FindTable(location);
  }
  Result<std::vector<ledger::SourcePartitionRecord>> SourcePartitions(const std::string& location) override {
    return reader_.SourcePartitions(location);
  }
  Result<std::vector<ledger::ChangeRecord>> Changes(const std::string& location, Version after,
                                                    const std::optional<std::string>& key) override {
    return reader_.Changes(location, after, key);
  }
  Result<std::vector<ledger::ChangeRecord>> ChangesOf(const std::string& location, Version after,
                                                      const std::vector<std::string>& keys) override {
    return reader_.ChangesOf(location, after, keys);
  }
  Result<std::vector<ledger::CommitRecord>> Commits(const std::string& location, Version after) override {
    return reader_.Commits(location, after);
  }
  Result<std::optional<ledger::PipelineRecord>> FindPipeline(const std::string& id) override {
    return reader_.FindPipeline(id);
  }
  Result<std::vector<ledger::PipelineRecord>> Pipelines() override { return reader_.Pipelines(); }
  Result<std::vector<ledger::TryRecord>> Tries(std::int64_t run) override { return reader_.Tries(run); }
  Result<std::vector<ledger::StepRecord>> Steps(std::int64_t run, int try_number) override {
    return reader_.Steps(run, try_number);
  }
  Result<std::vector<ledger::AttemptRecord>> Attempts(std::int64_t run, int try_number) override {
    return reader_.Attempts(run, try_number);
  }
  Result<std::optional<ledger::ClaimRecord>> FindClaim(const std::string& pipeline,
                                                       const std::string& partition) override {
    return reader_.FindClaim(pipeline, partition);
  }
  Result<std::vector<ledger::ClaimRecord>> ClaimsHeld(const std::string& pipeline) override {
    return reader_.ClaimsHeld(pipeline);
  }
  Result<std::vector<ledger::PredecessorRecord>> Predecessors() override { return reader_.Predecessors(); }
  Result<std::vector<ledger::ReleaseRecord>> Releases(const std::string& pipeline) override {
    return reader_.Releases(pipeline);
  }
  Result<std::vector<ledger::HoldRecord>> Holds(const std::string& pipeline) override {
    return reader_.Holds(pipeline);
  }
  Result<std::optional<ledger::EventRecord>> FindEvent(std::int64_t sequence) override {
    return reader_.FindEvent(sequence);
  }
  Result<std::int64_t> LastEvent() override { return reader_.LastEvent(); }
  Result<std::vector<ledger::EventRecord>> Events(const std::string& pipeline, const std::optional<std::string>& run_id,
                                                  const std::optional<std::string>& partition) override {
    return reader_.Events(pipeline, run_id, partition);
  }

  Result<std::optional<ledger::SourcePartitionRecord>> FindSourcePartition(const std::string& location,
                                                                           const std::string& key) override {
    return reader_.FindSourcePartition(location, key);
  }
  Result<std::vector<ledger::SourcePartitionRecord>> SourcePartitionsChangedAfter(const std::string& location,
                                                                                  Version after) override {
    return reader_.SourcePartitionsChangedAfter(location, after);
  }
  Result<std::optional<ledger::ReadingId>> FindReading(const std::string& location,
                                                       const std::string& definition) override {
    return reader_.FindReading(location, definition);
  }
  Result<std::vector<ledger::SourcePartitionRecord>> NotPlaced(ledger::ReadingId reading) override {
    return reader_.NotPlaced(reading);
  }
  Result<std::vector<ledger::PlacedPartition>> PartitionsBetween(ledger::ReadingId reading, LocalTime first,
                                                                 LocalTime last) override {
    return reader_.PartitionsBetween(reading, first, last);
  }
  Result<std::vector<ledger::PlacedPartition>> PartitionsWithoutInterval(ledger::ReadingId reading) override {
    return reader_.PartitionsWithoutInterval(reading);
  }
  Result<std::optional<LocalTime>> NewestStart(ledger::ReadingId reading, std::optional<LocalTime> before) override {
    return reader_.NewestStart(reading, before);
  }
  Result<std::optional<LocalTime>> OldestStart(ledger::ReadingId reading, std::optional<LocalTime> after) override {
    return reader_.OldestStart(reading, after);
  }
  Result<std::optional<ledger::SettledRecord>> FindSettled(const std::string& pipeline) override {
    return reader_.FindSettled(pipeline);
  }
  Result<std::vector<ledger::MarkRecord>> Marked(const std::string& pipeline) override {
    return reader_.Marked(pipeline);
  }
  Result<std::optional<ledger::RunRecord>> RunBefore(const std::string& pipeline, LocalTime start) override {
    return reader_.RunBefore(pipeline, start);
  }
  Result<std::vector<ledger::RunRecord>> RunsNotPlaced(const std::string& pipeline) override {
    return reader_.RunsNotPlaced(pipeline);
  }
  Result<ledger::ReadingId> AddReading(const std::string& location, const std::string& definition) override {
    return writer_->AddReading(location, definition);
  }
  Status PlacePartition(ledger::ReadingId reading, const std::string& key, std::optional<LocalTime> start) override {
    return writer_->PlacePartition(reading, key, start);
  }
  Status PlaceRun(std::int64_t run, std::optional<LocalTime> start) override { return writer_->PlaceRun(run, start); }
  Result<std::vector<std::string>> ProcessedNotPlaced(const std::string& pipeline) override {
    return reader_.ProcessedNotPlaced(pipeline);
  }
  Result<std::optional<LocalTime>> NewestStarted(const std::string& pipeline,
                                                 std::optional<LocalTime> before) override {
    return reader_.NewestStarted(pipeline, before);
  }
  Status PlaceProcessed(const std::string& pipeline, const std::string& partition,
                        std::optional<LocalTime> start) override {
    return writer_->PlaceProcessed(pipeline, partition, start);
  }
  Status PutSettled(const ledger::SettledRecord& record) override { return writer_->PutSettled(record); }
  Status ResetSettled(const std::string& pipeline) override { return writer_->ResetSettled(pipeline); }
  Status Mark(const std::string& pipeline, const std::string& partition) override {
    return writer_->Mark(pipeline, partition);
  }
  Status Unmark(const std::string& pipeline, const ledger::MarkRecord& mark) override {
    return writer_->Unmark(pipeline, mark);
  }

  Result<ledger::GridPage> Grid(const ledger::GridFilter& filter) override { return reader_.Grid(filter); }

  Result<std::vector<ledger::ProcessedRecord>> Processed(const std::string& pipeline) override;
  Result<std::optional<ledger::ProcessedRecord>> FindProcessed(const std::string& pipeline,
                                                               const std::string& partition) override;
  Result<std::vector<ledger::ProcessedRecord>> ProcessedOf(const std::string& pipeline,
                                                           const std::vector<std::string>& partitions) override;
  Result<std::vector<std::int64_t>> RunsOfOtherDefinitions(const std::string& pipeline, const std::string& hash,
                                                           Instant before) override {
    return reader_.RunsOfOtherDefinitions(pipeline, hash, before);
  }
  Result<std::vector<ledger::RunRecord>> Runs(const ledger::RunFilter& filter) override;
  Result<std::vector<ledger::RunRecord>> RunsOf(const std::string& pipeline,
                                                const std::vector<std::string>& partitions) override;
  Result<std::optional<ledger::RunRecord>> FindRun(std::int64_t id) override;
  Result<std::optional<ledger::RunRecord>> FindRunByName(const std::string& pipeline,
                                                         const std::string& run_id) override;
  Result<std::optional<ledger::RunRecord>> FindRunByCause(const std::string& pipeline, const std::string& partition,
                                                          const std::string& cause) override;

  Status PutCommits(const std::string& location, const std::vector<ledger::CommitRecord>& records) override {
    return writer_->PutCommits(location, records);
  }
  Status PutChanges(const std::string& location, const std::vector<ledger::ChangeRecord>& records) override {
    return writer_->PutChanges(location, records);
  }
  Status PutSourcePartitions(const std::string& location,
                             const std::vector<ledger::SourcePartitionRecord>& records) override {
    return writer_->PutSourcePartitions(location, records);
  }
  Status PutPipeline(const ledger::PipelineRecord& record) override { return writer_->PutPipeline(record); }
  Status RemoveProcessed(const std::string& pipeline, const std::string& partition) override {
    effects_.withdrawn.emplace_back(pipeline, partition);
    return writer_->RemoveProcessed(pipeline, partition);
  }
  Status ForgetTable(const std::string& location) override { return writer_->ForgetTable(location); }
  Status UpdateTry(const ledger::TryRecord& record) override { return writer_->UpdateTry(record); }
  Status InsertStep(const ledger::StepRecord& record) override { return writer_->InsertStep(record); }
  Status UpdateStep(const ledger::StepRecord& record) override { return writer_->UpdateStep(record); }
  Status InsertAttempt(const ledger::AttemptRecord& record) override { return writer_->InsertAttempt(record); }
  Status UpdateAttempt(const ledger::AttemptRecord& record) override { return writer_->UpdateAttempt(record); }
  Status PutRelease(const ledger::ReleaseRecord& record) override { return writer_->PutRelease(record); }
  Status RemoveRelease(const std::string& pipeline, const std::string& partition) override {
    return writer_->RemoveRelease(pipeline, partition);
  }
  Status PutHold(const ledger::HoldRecord& record) override { return writer_->PutHold(record); }
  Status RemoveHold(const std::string& pipeline, const std::string& partition) override {
    return writer_->RemoveHold(pipeline, partition);
  }
  Status PutPredecessor(const ledger::PredecessorRecord& record) override { return writer_->PutPredecessor(record); }
  Status AppendEvent(const ledger::EventRecord& record) override { return writer_->AppendEvent(record); }

  Status PutTable(const ledger::TableRecord& record) override;
  Status PutProcessed(const ledger::ProcessedRecord& record) override;
  Result<std::int64_t> InsertRun(const ledger::RunRecord& record) override;
  Status UpdateRun(const ledger::RunRecord& record) override;
  Status InsertTry(const ledger::TryRecord& record) override;
  Status PutClaim(const ledger::ClaimRecord& record) override;

 private:
  ledger::Reader& reader_;
  ledger::Writer* writer_;
  LedgerTwist& twist_;
  LedgerEffects& effects_;
  std::int64_t writes_;
};

}  // namespace latecomer::simulation
