#include "watched_ledger.h"

#include "watched_writer.h"

namespace latecomer::simulation {

using ledger::ProcessedRecord;
using ledger::RunRecord;

Result<std::vector<ProcessedRecord>> WatchedWriter::Processed(const std::string& pipeline) {
  auto records = reader_.Processed(pipeline);
  if (records) twist_.OnProcessed(*records);
  return records;
}

Result<std::optional<ProcessedRecord>> WatchedWriter::FindProcessed(const std::string& pipeline,
                                                                    const std::string& partition) {
  auto record = reader_.FindProcessed(pipeline, partition);
  if (record) twist_.OnProcessedOne(*record, reader_, pipeline);
  return record;
}

Result<std::vector<RunRecord>> WatchedWriter::Runs(const ledger::RunFilter& filter) {
  auto runs = reader_.Runs(filter);
  if (runs) {
    for (RunRecord& run : *runs) twist_.OnRun(run, reader_);
  }
  return runs;
}

Result<std::vector<ProcessedRecord>> WatchedWriter::ProcessedOf(const std::string& pipeline,
                                                                const std::vector<std::string>& partitions) {
  auto records = reader_.ProcessedOf(pipeline, partitions);
  if (!records) return records;
  for (ProcessedRecord& record : *records) {
    std::optional<ProcessedRecord> one = std::move(record);
    twist_.OnProcessedOne(one, reader_, pipeline);
    record = std::move(*one);
  }
  return records;
}

Result<std::vector<RunRecord>> WatchedWriter::RunsOf(const std::string& pipeline,
                                                     const std::vector<std::string>& partitions) {
  auto runs = reader_.RunsOf(pipeline, partitions);
  if (runs) {
    for (RunRecord& run : *runs) twist_.OnRun(run, reader_);
  }
  return runs;
}

Result<std::optional<RunRecord>> WatchedWriter::FindRun(std::int64_t id) {
  auto run = reader_.FindRun(id);
  if (run && *run) twist_.OnRun(**run, reader_);
  return run;
}

Result<std::optional<RunRecord>> WatchedWriter::FindRunByName(const std::string& pipeline, const std::string& run_id) {
  auto run = reader_.FindRunByName(pipeline, run_id);
  if (run && *run) twist_.OnRun(**run, reader_);
  return run;
}

Result<std::optional<RunRecord>> WatchedWriter::FindRunByCause(const std::string& pipeline,
                                                               const std::string& partition, const std::string& cause) {
  std::string asked = cause;
  twist_.OnCause(asked, reader_);
  return reader_.FindRunByCause(pipeline, partition, asked);
}

Status WatchedWriter::PutTable(const ledger::TableRecord& record) {
  LATECOMER_ASSIGN_OR_RETURN(auto before, reader_.FindTable(record.location));
  effects_.seen.push_back({record, std::move(before)});
  return writer_->PutTable(record);
}

Status WatchedWriter::PutProcessed(const ProcessedRecord& record) {
  LATECOMER_ASSIGN_OR_RETURN(auto before, reader_.FindProcessed(record.pipeline, record.partition));
  effects_.processed.push_back({record, std::move(before)});
  return writer_->PutProcessed(record);
}

Result<std::int64_t> WatchedWriter::InsertRun(const RunRecord& record) {
  RunRecord run = record;
  twist_.OnNewRun(run, reader_);
  auto id = writer_->InsertRun(run);
  if (!id) return id;
  run.id = *id;
  effects_.new_runs.push_back(std::move(run));
  return id;
}

Status WatchedWriter::UpdateRun(const RunRecord& record) {
  effects_.runs.push_back(record);
  return writer_->UpdateRun(record);
}

Status WatchedWriter::InsertTry(const ledger::TryRecord& record) {
  effects_.tries.push_back(record);
  return writer_->InsertTry(record);
}

Status WatchedWriter::PutClaim(const ledger::ClaimRecord& record) {
  effects_.claims.push_back(record);
  return writer_->PutClaim(record);
}

Status WatchedLedger::Pass(const char* where, FaultPoints::MayFail may_fail) {
  return points_ == nullptr ? Status() : points_->Pass(where, may_fail);
}

Status WatchedLedger::Read(const std::function<Status(ledger::Reader&)>& body) {
  LATECOMER_RETURN_IF_ERROR(Pass("before a read of the ledger", FaultPoints::MayFail::kYes));
  ++transactions_;
  LedgerTwist none;
  LedgerEffects effects;
  return real_->Read([&](ledger::Reader& reader) {
    WatchedWriter watched(reader, nullptr, twist_ == nullptr ? none : *twist_, effects, own_writes_);
    return body(watched);
  });
}

Status WatchedLedger::Write(const std::function<Status(ledger::Writer&)>& body) {
  LATECOMER_RETURN_IF_ERROR(Pass("before a write of the ledger", FaultPoints::MayFail::kYes));
  ++transactions_;
  ++own_writes_;
  LedgerTwist none;
  LedgerEffects effects;
  LATECOMER_RETURN_IF_ERROR(real_->Write([&](ledger::Writer& writer) {
    effects = LedgerEffects{};
    WatchedWriter watched(writer, &writer, twist_ == nullptr ? none : *twist_, effects, own_writes_);
    return body(watched);
  }));
  observer_(effects);
  return Pass("after a write of the ledger", FaultPoints::MayFail::kNo);
}

}  // namespace latecomer::simulation
