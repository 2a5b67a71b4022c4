// Reader and Writer as SQL on a Database, inside the transaction that is open there. The statements
// are shared by all databases; one .cc file per group of records.
#pragma once

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ledger/concurrent_database.h"
#include "ledger/database.h"
#include "ledger/ledger.h"
#include "ledger/stamp.h"

namespace latecomer::ledger {

class SqlTransaction final : public Writer, public Stamped {
 public:
  // `concurrent` is the same database, or null when it has one writer at a time.
  SqlTransaction(Database& database, ConcurrentDatabase* concurrent) : database_(database), concurrent_(concurrent) {}

  Result<std::string> Stamp() override;

  // Events that wait for the end of the transaction; before the commit.
  Status AppendPending();

  // sql_tables.cc
  Result<std::optional<TableRecord>> FindTable(const std::string& location) override;
  Result<std::vector<SourcePartitionRecord>> SourcePartitions(const std::string& location) override;
  Result<std::vector<ChangeRecord>> Changes(const std::string& location, Version after,
                                            const std::optional<std::string>& key) override;
  Result<std::vector<ChangeRecord>> ChangesOf(const std::string& location, Version after,
                                              const std::vector<std::string>& keys) override;
  Result<std::vector<CommitRecord>> Commits(const std::string& location, Version after) override;
  Status PutTable(const TableRecord& record) override;
  Status PutCommits(const std::string& location, const std::vector<CommitRecord>& records) override;
  Status PutChanges(const std::string& location, const std::vector<ChangeRecord>& records) override;
  Status PutSourcePartitions(const std::string& location, const std::vector<SourcePartitionRecord>& records) override;
  Status ForgetTable(const std::string& location) override;

  // sql_pipelines.cc
  Result<std::optional<PipelineRecord>> FindPipeline(const std::string& id) override;
  Result<std::vector<PipelineRecord>> Pipelines() override;
  Result<std::vector<ProcessedRecord>> Processed(const std::string& pipeline) override;
  Result<std::optional<ProcessedRecord>> FindProcessed(const std::string& pipeline,
                                                       const std::string& partition) override;
  Result<std::vector<ProcessedRecord>> ProcessedOf(const std::string& pipeline,
                                                   const std::vector<std::string>& partitions) override;
  Result<std::vector<std::int64_t>> RunsOfOtherDefinitions(const std::string& pipeline, const std::string& hash,
                                                           Instant before) override;
  Result<std::optional<ClaimRecord>> FindClaim(const std::string& pipeline, const std::string& partition) override;
  Result<std::vector<ClaimRecord>> ClaimsHeld(const std::string& pipeline) override;
  Result<std::vector<ReleaseRecord>> Releases(const std::string& pipeline) override;
  Result<std::vector<HoldRecord>> Holds(const std::string& pipeline) override;
  Result<std::vector<PredecessorRecord>> Predecessors() override;
  Result<std::vector<EventRecord>> Events(const std::string& pipeline, const std::optional<std::string>& run_id,
                                          const std::optional<std::string>& partition) override;
  Result<std::optional<EventRecord>> FindEvent(std::int64_t sequence) override;
  Result<std::int64_t> LastEvent() override;
  Status PutPipeline(const PipelineRecord& record) override;
  Status PutProcessed(const ProcessedRecord& record) override;
  Status RemoveProcessed(const std::string& pipeline, const std::string& partition) override;
  Status PutClaim(const ClaimRecord& record) override;
  Status PutRelease(const ReleaseRecord& record) override;
  Status RemoveRelease(const std::string& pipeline, const std::string& partition) override;
  Status PutHold(const HoldRecord& record) override;
  Status RemoveHold(const std::string& pipeline, const std::string& partition) override;
  Status PutPredecessor(const PredecessorRecord& record) override;
  Status AppendEvent(const EventRecord& record) override;

  // sql_runs.cc
  Result<std::vector<RunRecord>> Runs(const RunFilter& filter) override;
  Result<std::vector<RunRecord>> RunsOf(const std::string& pipeline,
                                        const std::vector<std::string>& partitions) override;
  Result<std::optional<RunRecord>> FindRun(std::int64_t id) override;
  Result<std::optional<RunRecord>> FindRunByName(const std::string& pipeline, const std::string& run_id) override;
  Result<std::optional<RunRecord>> FindRunByCause(const std::string& pipeline, const std::string& partition,
                                                  const std::string& cause) override;
  Result<std::int64_t> InsertRun(const RunRecord& record) override;
  Status UpdateRun(const RunRecord& record) override;

  // sql_grid.cc
  Result<GridPage> Grid(const GridFilter& filter) override;

  // sql_plan_index.cc
  Result<std::optional<SourcePartitionRecord>> FindSourcePartition(const std::string& location,
                                                                   const std::string& key) override;
  Result<std::vector<SourcePartitionRecord>> SourcePartitionsChangedAfter(const std::string& location,
                                                                          Version after) override;
  Result<std::optional<ReadingId>> FindReading(const std::string& location, const std::string& definition) override;
  Result<std::vector<SourcePartitionRecord>> NotPlaced(ReadingId reading) override;
  Result<std::vector<PlacedPartition>> PartitionsBetween(ReadingId reading, LocalTime first, LocalTime last) override;
  Result<std::vector<PlacedPartition>> PartitionsWithoutInterval(ReadingId reading) override;
  Result<std::optional<LocalTime>> NewestStart(ReadingId reading, std::optional<LocalTime> before) override;
  Result<std::optional<LocalTime>> OldestStart(ReadingId reading, std::optional<LocalTime> after) override;
  Result<std::optional<SettledRecord>> FindSettled(const std::string& pipeline) override;
  Result<std::vector<MarkRecord>> Marked(const std::string& pipeline) override;
  Result<std::optional<RunRecord>> RunBefore(const std::string& pipeline, LocalTime start) override;
  Result<std::vector<RunRecord>> RunsNotPlaced(const std::string& pipeline) override;
  Result<std::vector<std::string>> ProcessedNotPlaced(const std::string& pipeline) override;
  Result<std::optional<LocalTime>> NewestStarted(const std::string& pipeline, std::optional<LocalTime> before) override;
  Result<ReadingId> AddReading(const std::string& location, const std::string& definition) override;
  Status PlacePartition(ReadingId reading, const std::string& key, std::optional<LocalTime> start) override;
  Status PlaceRun(std::int64_t run, std::optional<LocalTime> start) override;
  Status PlaceProcessed(const std::string& pipeline, const std::string& partition,
                        std::optional<LocalTime> start) override;
  Status PutSettled(const SettledRecord& record) override;
  Status ResetSettled(const std::string& pipeline) override;
  Status Mark(const std::string& pipeline, const std::string& partition) override;
  Status Unmark(const std::string& pipeline, const MarkRecord& mark) override;

  // sql_tries.cc
  Result<std::vector<TryRecord>> Tries(std::int64_t run) override;
  Result<std::vector<StepRecord>> Steps(std::int64_t run, int try_number) override;
  Result<std::vector<AttemptRecord>> Attempts(std::int64_t run, int try_number) override;
  Status InsertTry(const TryRecord& record) override;
  Status UpdateTry(const TryRecord& record) override;
  Status InsertStep(const StepRecord& record) override;
  Status UpdateStep(const StepRecord& record) override;
  Status InsertAttempt(const AttemptRecord& record) override;
  Status UpdateAttempt(const AttemptRecord& record) override;

 private:
  using Parameters = std::initializer_list<Parameter>;

  static std::span<const Parameter> Span(const Parameters& parameters) {
    return {parameters.begin(), parameters.size()};
  }

  // A statement without an answer.
  Status Run(std::string_view sql, Parameters parameters) {
    return database_.Execute(sql, Span(parameters), [](const Row&) { return Status(); });
  }

  // Every row, read by `read` (Row → Result<T>).
  template <typename T>
  Result<std::vector<T>> All(std::string_view sql, std::span<const Parameter> parameters,
                             Result<T> (*read)(const Row&)) {
    std::vector<T> records;
    LATECOMER_RETURN_IF_ERROR(AddAll(sql, parameters, read, records));
    return records;
  }
  template <typename T>
  Status AddAll(std::string_view sql, std::span<const Parameter> parameters, Result<T> (*read)(const Row&),
                std::vector<T>& records) {
    return database_.Execute(sql, parameters, [&](const Row& row) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(T record, read(row));
      records.push_back(std::move(record));
      return {};
    });
  }
  template <typename T>
  Result<std::vector<T>> All(std::string_view sql, Parameters parameters, Result<T> (*read)(const Row&)) {
    return All(sql, Span(parameters), read);
  }

  // The rows of any number of keys, in few statements where each is a journey: `before` ends where the list of keys
  // begins, `after` goes on behind it. Lists have few lengths, the rest filled up with a key again, so that there are
  // few statements to prepare. Where the database is at hand each key is asked for by itself: for a list SQLite would
  // build a table each time.
  template <typename T>
  Result<std::vector<T>> OfKeys(const std::string& before, const std::string& after, Parameters fixed,
                                std::span<const std::string> keys, Result<T> (*read)(const Row&)) {
    constexpr std::size_t kLongestList = 256;
    std::vector<T> records;
    if (concurrent_ == nullptr) {
      const std::string sql = before + "($" + std::to_string(fixed.size() + 1) + ")" + after;
      const std::set<std::string_view> each(keys.begin(), keys.end());
      std::vector<Parameter> parameters(fixed);
      for (const std::string_view key : each) {
        parameters.resize(fixed.size());
        parameters.emplace_back(key);
        LATECOMER_RETURN_IF_ERROR(AddAll(sql, std::span<const Parameter>(parameters), read, records));
      }
      return records;
    }
    while (!keys.empty()) {
      const auto some = keys.first(std::min(keys.size(), kLongestList));
      keys = keys.subspan(some.size());
      std::vector<Parameter> parameters(fixed);
      std::string list = "(";
      for (std::size_t i = 0; i < std::bit_ceil(some.size()); ++i) {
        parameters.emplace_back(std::string_view(some[std::min(i, some.size() - 1)]));
        list.append(i == 0 ? "$" : ", $").append(std::to_string(parameters.size()));
      }
      LATECOMER_ASSIGN_OR_RETURN(std::vector<T> found,
                                 All(before + list + ")" + after, std::span<const Parameter>(parameters), read));
      std::move(found.begin(), found.end(), std::back_inserter(records));
    }
    return records;
  }

  // The only row, or none.
  template <typename T>
  Result<std::optional<T>> One(std::string_view sql, Parameters parameters, Result<T> (*read)(const Row&)) {
    LATECOMER_ASSIGN_OR_RETURN(std::vector<T> records, All(sql, Span(parameters), read));
    if (records.empty()) return std::optional<T>();
    return std::optional<T>(std::move(records.front()));
  }

  // The first column of the only row: an integer or a text.
  Result<std::optional<std::int64_t>> OneInteger(std::string_view sql, Parameters parameters) {
    return One<std::int64_t>(sql, parameters, [](const Row& row) -> Result<std::int64_t> { return row.Integer(0); });
  }
  Result<std::optional<std::string>> OneText(std::string_view sql, Parameters parameters) {
    return One<std::string>(sql, parameters,
                            [](const Row& row) -> Result<std::string> { return std::string(row.Text(0)); });
  }

  Status InsertEvent(const EventRecord& record);

  // The key of a table that PutTable made known.
  Result<std::int64_t> TableKey(const std::string& location);

  // Refuses a change of state that isn't legal. `what` names the thing: "run 7".
  template <typename State>
  static Status CheckTransition(const std::optional<std::string>& stored, State to,
                                Result<State> (*parse)(std::string_view), const std::string& what) {
    if (!stored) return Fail(ErrorKind::kNotFound, "the ledger has no " + what);
    LATECOMER_ASSIGN_OR_RETURN(const State from, parse(*stored));
    if (MayFollow(from, to)) return {};
    return Fail(ErrorKind::kUnexpected, what + " is " + *stored + " and can't become " + std::string(Name(to)));
  }

  Database& database_;
  ConcurrentDatabase* concurrent_;
  std::vector<EventRecord> pending_;  // where events are appended last
};

}  // namespace latecomer::ledger
