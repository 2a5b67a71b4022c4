// The durable record of what was seen, claimed, run, processed, and why. One interface; SQLite or PostgreSQL behind it,
// held to one contract test suite.
//
// All work happens in transactions: what a Write body did is there as a whole or not at all, and no
// other writer comes between. Bodies are short, touch nothing but the transaction, and may be run
// again when the database asks for it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/plan_index.h"
#include "ledger/records.h"

namespace latecomer::ledger {

struct RunFilter {
  std::string pipeline;
  std::optional<std::string> partition{};
  std::optional<RunState> state{};
  bool open_only = false;
  int limit = 0;  // 0: all; the newest are kept
};

// The place of a run among those of its pipeline, which are ordered by when they were created.
struct RunPlace {
  Instant created{};
  std::int64_t id = 0;
  friend auto operator<=>(const RunPlace&, const RunPlace&) = default;
};

// Which runs a grid shows: the newest `limit` of the pipeline that fit.
struct GridFilter {
  std::string pipeline;
  std::vector<RunKind> kinds{};           // empty: all
  std::vector<RunState> states{};         // empty: all
  std::optional<Instant> created_from{};  // created at or after it
  std::optional<Instant> created_before{};
  std::optional<RunPlace> before{};  // where the page before ended
  int limit = 100;                   // at least 1
};

struct GridRun {
  RunRecord run;
  std::vector<StepRecord> steps;  // of the newest try, mapped instances included; by position, map index
};

struct GridPage {
  std::vector<GridRun> runs;     // newest first
  std::optional<RunPlace> next;  // `before` of the next page; nullopt when this was the last
};

class Reader : public PlanIndexReader {
 public:
  virtual Result<std::optional<TableRecord>> FindTable(const std::string& location) = 0;
  virtual Result<std::vector<SourcePartitionRecord>> SourcePartitions(const std::string& location) = 0;
  // Oldest first; of one partition when `key` is given.
  virtual Result<std::vector<ChangeRecord>> Changes(const std::string& location, Version after,
                                                    const std::optional<std::string>& key) = 0;
  // Of several partitions; by key, oldest first.
  virtual Result<std::vector<ChangeRecord>> ChangesOf(const std::string& location, Version after,
                                                      const std::vector<std::string>& keys) = 0;
  virtual Result<std::vector<CommitRecord>> Commits(const std::string& location, Version after) = 0;

  virtual Result<std::optional<PipelineRecord>> FindPipeline(const std::string& id) = 0;
  virtual Result<std::vector<PipelineRecord>> Pipelines() = 0;
  virtual Result<std::vector<ProcessedRecord>> Processed(const std::string& pipeline) = 0;
  virtual Result<std::optional<ProcessedRecord>> FindProcessed(const std::string& pipeline,
                                                               const std::string& partition) = 0;
  // Those of these partitions that are processed; by partition.
  virtual Result<std::vector<ProcessedRecord>> ProcessedOf(const std::string& pipeline,
                                                           const std::vector<std::string>& partitions) = 0;

  // Ids of the runs that built what is processed by another definition than that of this hash; in no order. Only what
  // was recorded before `before` is looked at, and nothing when the pipeline's first run came later: to be cheap where
  // a definition never changed.
  virtual Result<std::vector<std::int64_t>> RunsOfOtherDefinitions(const std::string& pipeline, const std::string& hash,
                                                                   Instant before) = 0;

  virtual Result<std::vector<RunRecord>> Runs(const RunFilter& filter) = 0;  // oldest first
  // Of several partitions; by partition, oldest first.
  virtual Result<std::vector<RunRecord>> RunsOf(const std::string& pipeline,
                                                const std::vector<std::string>& partitions) = 0;
  // In time that follows the size of the page, not the number of runs in the ledger.
  virtual Result<GridPage> Grid(const GridFilter& filter) = 0;
  virtual Result<std::optional<RunRecord>> FindRun(std::int64_t id) = 0;
  virtual Result<std::optional<RunRecord>> FindRunByName(const std::string& pipeline, const std::string& run_id) = 0;
  virtual Result<std::optional<RunRecord>> FindRunByCause(const std::string& pipeline, const std::string& partition,
                                                          const std::string& cause) = 0;
  virtual Result<std::vector<TryRecord>> Tries(std::int64_t run) = 0;
  virtual Result<std::vector<StepRecord>> Steps(std::int64_t run, int try_number) = 0;  // by position, map index
  virtual Result<std::vector<AttemptRecord>> Attempts(std::int64_t run, int try_number) = 0;

  virtual Result<std::optional<ClaimRecord>> FindClaim(const std::string& pipeline, const std::string& partition) = 0;
  virtual Result<std::vector<ClaimRecord>> ClaimsHeld(const std::string& pipeline) = 0;  // not released
  virtual Result<std::vector<ReleaseRecord>> Releases(const std::string& pipeline) = 0;
  virtual Result<std::vector<HoldRecord>> Holds(const std::string& pipeline) = 0;  // by partition
  virtual Result<std::vector<PredecessorRecord>> Predecessors() = 0;               // by id
  virtual Result<std::vector<EventRecord>> Events(const std::string& pipeline, const std::optional<std::string>& run_id,
                                                  const std::optional<std::string>& partition) = 0;
  virtual Result<std::optional<EventRecord>> FindEvent(std::int64_t sequence) = 0;
  virtual Result<std::int64_t> LastEvent() = 0;  // the newest sequence; 0 when there is none
};

class Writer : public Reader, public PlanIndexWriter {
 public:
  virtual Status PutTable(const TableRecord& record) = 0;  // insert or replace
  virtual Status PutCommits(const std::string& location, const std::vector<CommitRecord>& records) = 0;
  virtual Status PutChanges(const std::string& location, const std::vector<ChangeRecord>& records) = 0;
  virtual Status PutSourcePartitions(const std::string& location,
                                     const std::vector<SourcePartitionRecord>& records) = 0;

  // Its commits, changes and partitions; the table itself stays known.
  virtual Status ForgetTable(const std::string& location) = 0;

  virtual Status PutPipeline(const PipelineRecord& record) = 0;
  virtual Status PutProcessed(const ProcessedRecord& record) = 0;
  virtual Status RemoveProcessed(const std::string& pipeline, const std::string& partition) = 0;

  // Gives the run its id. kConflict when (pipeline, partition, cause) or the run id is there already.
  virtual Result<std::int64_t> InsertRun(const RunRecord& record) = 0;
  // Rewrites what becomes of a run; what it is and why it was made stay. kUnexpected when the change of state is not
  // legal.
  virtual Status UpdateRun(const RunRecord& record) = 0;
  virtual Status InsertTry(const TryRecord& record) = 0;
  virtual Status UpdateTry(const TryRecord& record) = 0;
  virtual Status InsertStep(const StepRecord& record) = 0;
  virtual Status UpdateStep(const StepRecord& record) = 0;
  virtual Status InsertAttempt(const AttemptRecord& record) = 0;
  virtual Status UpdateAttempt(const AttemptRecord& record) = 0;

  // One row per (pipeline, partition); a smaller token than the one there is kConflict.
  virtual Status PutClaim(const ClaimRecord& record) = 0;
  virtual Status PutRelease(const ReleaseRecord& record) = 0;
  virtual Status RemoveRelease(const std::string& pipeline, const std::string& partition) = 0;
  virtual Status PutHold(const HoldRecord& record) = 0;
  virtual Status RemoveHold(const std::string& pipeline, const std::string& partition) = 0;
  virtual Status PutPredecessor(const PredecessorRecord& record) = 0;  // once; a second time changes nothing
  virtual Status AppendEvent(const EventRecord& record) = 0;           // `sequence` is given by the ledger
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  virtual const std::string& id() const = 0;        // a UUID made with the ledger
  virtual const std::string& location() const = 0;  // for people, without credentials

  virtual Status Read(const std::function<Status(Reader&)>& body) = 0;
  // Commits durably when `body` returns without error, else rolls back and returns its error.
  virtual Status Write(const std::function<Status(Writer&)>& body) = 0;
};

}  // namespace latecomer::ledger
