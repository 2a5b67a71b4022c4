#include "cli/run_text.h"

#include <algorithm>

#include "base/text.h"
#include "cli/plan_text.h"

namespace latecomer::cli {

using ledger::RunState;
using ledger::StepState;

Cell StateCell(RunState state) {
  switch (state) {
    case RunState::kSuccess: return {std::string(Name(state)), Paint::kGood};
    case RunState::kFailed: return {std::string(Name(state)), Paint::kBad};
    case RunState::kRunning:
    case RunState::kQueued: return {std::string(Name(state)), Paint::kWarn};
    case RunState::kSkipped:
    case RunState::kCancelled: return {std::string(Name(state)), Paint::kMuted};
  }
  return {""};
}

Cell StateCell(StepState state, const std::string& suffix) {
  std::string text = std::string(Name(state)) + suffix;
  switch (state) {
    case StepState::kSuccess: return {std::move(text), Paint::kGood};
    case StepState::kFailed:
    case StepState::kUpstreamFailed: return {std::move(text), Paint::kBad};
    case StepState::kSkipped:
    case StepState::kCancelled:
    case StepState::kWaiting: return {std::move(text), Paint::kMuted};
    default: return {std::move(text), Paint::kWarn};
  }
}

std::string CauseText(const ledger::RunRecord& run) {
  constexpr std::string_view kLookback = "lookback:";
  if (run.kind == ledger::RunKind::kManual) return "a request";
  if (run.kind == ledger::RunKind::kScheduled) return "its interval";
  if (run.cause.starts_with(kLookback)) return "look-back of " + run.cause.substr(kLookback.size());
  return run.cause;
}

std::string DurationText(const std::optional<Instant>& started, const std::optional<Instant>& ended, Instant now) {
  if (!started) return "-";
  return HumanDuration(ended.value_or(now) - *started);
}

namespace {

Result<Cell> BackfillCell(ledger::Reader& reader, const std::vector<ledger::StepRecord>& steps) {
  int instances = 0;
  RunState worst = RunState::kSuccess;
  const auto rank = [](RunState state) {
    return state == RunState::kFailed ? 3 : ledger::IsOpen(state) ? 2 : state == RunState::kCancelled ? 1 : 0;
  };
  StepState own = StepState::kWaiting;
  for (const ledger::StepRecord& step : steps) {
    if (step.step != "backfill") continue;
    if (step.map_index < 0) {
      own = step.state;
      continue;
    }
    ++instances;
    if (!step.child_run) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto child, reader.FindRun(*step.child_run));
    if (child && rank(child->state) > rank(worst)) worst = child->state;
  }
  if (instances == 0) return StateCell(own);
  Cell cell = StateCell(worst);
  cell.text += " [" + std::to_string(instances) + "]";
  return cell;
}

}  // namespace

Status PrintGrid(Context& context, ledger::Reader& reader, const pipeline::Pipeline& pipeline, int limit) {
  std::vector<std::string> columns{"ready", "detect"};
  for (const pipeline::Step& step : pipeline.steps) columns.push_back(step.id);
  columns.insert(columns.end(), {"record", "backfill"});
  std::vector<TextTable::Heading> headings{{"PARTITION"},          {"RUN"},        {"STATE"},
                                           {"TRY", Align::kRight}, {"BUILT FROM"}, {"TIME", Align::kRight}};
  for (const std::string& column : columns) headings.push_back({column});
  TextTable table(std::move(headings));
  LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({.pipeline = pipeline.id, .limit = limit}));
  const Instant now = context.clock.Now();
  for (const ledger::RunRecord& run : runs) {
    LATECOMER_ASSIGN_OR_RETURN(const auto tries, reader.Tries(run.id));
    std::vector<Cell> row{run.partition_display,
                          run.run_id,
                          StateCell(run.state),
                          std::to_string(run.tries),
                          tries.empty() ? "-" : VectorText(tries.back().vector),
                          DurationText(run.started, run.ended, now)};
    LATECOMER_ASSIGN_OR_RETURN(const auto steps, reader.Steps(run.id, run.tries));
    for (const std::string& column : columns) {
      if (column == "backfill") {
        LATECOMER_ASSIGN_OR_RETURN(Cell cell, BackfillCell(reader, steps));
        row.push_back(std::move(cell));
        continue;
      }
      const auto step = std::find_if(steps.begin(), steps.end(), [&](const auto& s) { return s.step == column; });
      const bool timed = step != steps.end() && step->state == StepState::kSuccess && column != "ready" &&
                         column != "detect" && column != "record";
      row.push_back(step == steps.end()
                        ? Cell("-")
                        : StateCell(step->state, timed ? " " + DurationText(step->started, step->ended, now) : ""));
    }
    table.Add(std::move(row));
  }
  if (table.Empty()) {
    context.out << "no runs yet\n";
    return {};
  }
  table.Print(context.out, context.color);
  return {};
}

}  // namespace latecomer::cli
