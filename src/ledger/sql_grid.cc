// Pages of a grid: runs, newest first, with the steps of their newest tries.
#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "ledger/record_text.h"
#include "ledger/sql_rows.h"
#include "ledger/sql_transaction.h"

namespace latecomer::ledger {
namespace {

constexpr RunKind kKinds[] = {RunKind::kScheduled, RunKind::kBackfill, RunKind::kManual};
constexpr RunState kStates[] = {RunState::kQueued, RunState::kRunning, RunState::kSuccess,
                                RunState::kFailed, RunState::kSkipped, RunState::kCancelled};

// The page's runs as one query. A page of some kinds or states only is merged from the newest of each (kind, state),
// which an index holds in order: the cost follows the page, however rare such runs are among the others.
class PageQuery {
 public:
  explicit PageQuery(const GridFilter& filter) {
    const std::string pipeline = Add(std::string_view(filter.pipeline));
    if (filter.created_from) range_ += " AND created >= " + Add(Millis(*filter.created_from));
    if (filter.created_before) range_ += " AND created < " + Add(Millis(*filter.created_before));
    if (filter.before) {
      const std::string created = Add(Millis(filter.before->created));
      range_ += " AND (created, id) < (" + created + ", " + Add(filter.before->id) + ")";
    }
    const std::string where = "pipeline = " + pipeline + range_;
    // One more than asked for tells whether there is another page.
    const std::int64_t limit = std::int64_t{filter.limit} + 1;
    if (filter.kinds.empty() && filter.states.empty()) {
      limit_ = Add(limit);
      sql_ = Newest(where);
      return;
    }
    const auto all_unless = [](const auto& chosen, const auto& all) {
      return chosen.empty() ? std::vector(std::begin(all), std::end(all)) : chosen;
    };
    for (const RunKind kind : all_unless(filter.kinds, kKinds)) {
      for (const RunState state : all_unless(filter.states, kStates)) {
        sql_ += sql_.empty() ? "" : " UNION ALL ";
        std::string chosen = where + " AND kind = " + Add(Name(kind));
        chosen += " AND state = " + Add(Name(state));
        if (limit_.empty()) limit_ = Add(limit);  // parameters are numbered in the order of their first use
        sql_ += "SELECT * FROM (" + Newest(chosen) + ") AS part" + std::to_string(parameters_.size());
      }
    }
    sql_ = "SELECT * FROM (" + sql_ + ") AS parts" + Ordered();
  }

  const std::string& sql() const { return sql_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  std::string Add(Parameter value) {
    parameters_.push_back(value);
    return "$" + std::to_string(parameters_.size());
  }
  std::string Ordered() const { return " ORDER BY created DESC, id DESC LIMIT " + limit_; }
  std::string Newest(const std::string& where) const {
    return "SELECT " LATECOMER_RUN_COLUMNS " FROM runs WHERE " + where + Ordered();
  }

  std::string sql_;
  std::string range_;
  std::string limit_;
  std::vector<Parameter> parameters_;
};

bool Before(const StepRecord& a, const StepRecord& b) {
  return std::tie(a.position, a.map_index, a.step) < std::tie(b.position, b.map_index, b.step);
}

}  // namespace

Result<GridPage> SqlTransaction::Grid(const GridFilter& filter) {
  if (filter.limit < 1) return Fail(ErrorKind::kInvalidArgument, "a page of a grid has at least one run");
  const PageQuery query(filter);
  const std::span<const Parameter> parameters(query.parameters());
  LATECOMER_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, All<RunRecord>(query.sql(), parameters, ReadRun));
  GridPage page;
  if (runs.size() > static_cast<std::size_t>(filter.limit)) {
    runs.pop_back();
    page.next = RunPlace{runs.back().created, runs.back().id};
  }
  std::unordered_map<std::int64_t, GridRun*> by_id;
  page.runs.reserve(runs.size());
  for (RunRecord& run : runs) {
    GridRun& shown = page.runs.emplace_back();
    shown.run = std::move(run);
    by_id.emplace(shown.run.id, &shown);
  }
  // The page is one and the same in both statements: they are of one transaction.
  const std::string sql =
      "SELECT " LATECOMER_STEP_COLUMNS " FROM (SELECT id AS of_run, tries AS of_try FROM (" + query.sql() +
      ") AS page) AS shown JOIN steps ON steps.run = shown.of_run AND steps.try_number = shown.of_try";
  LATECOMER_RETURN_IF_ERROR(database_.Execute(sql, parameters, [&](const Row& row) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(StepRecord step, ReadStep(row));
    const auto run = by_id.find(step.run);
    if (run != by_id.end()) run->second->steps.push_back(std::move(step));
    return {};
  }));
  for (GridRun& run : page.runs) std::sort(run.steps.begin(), run.steps.end(), Before);
  return page;
}

}  // namespace latecomer::ledger
