#include "scenario.h"

#include <stdexcept>

namespace latecomer::simulation {
namespace {

std::string TimeColumns(SimTable::Columns columns) {
  return columns == SimTable::Columns::kDate ? "event_date" : "[year, month, day]";
}

std::string OutputColumns(SimTable::Columns columns) {
  return columns == SimTable::Columns::kDate ? "[event_date, country]" : "[year, month, day, country]";
}

std::string DrawSchedule(Dice& dice, PipelineFacts& facts) {
  std::string text = "schedule:\n";
  if (dice.OneIn(4)) {
    facts.start = static_cast<Day>(dice.Between(238, 243));
    text += "  start: " + DayText(*facts.start) + "\n";
  }
  if (dice.OneIn(3)) text += "  ready: {next_partition: {at_latest: 26h}}\n";
  text += "  max_active_runs: " + std::to_string(dice.Between(1, 4)) + "\n";
  if (dice.OneIn(3)) text += "  depends_on_past: true\n";
  return text;
}

std::string DrawRules(Dice& dice) {
  std::string text = "late_data:\n  concurrency: " + std::to_string(dice.Between(1, 3)) + "\n";
  if (dice.OneIn(2)) text += "  emptied: process\n";
  if (dice.OneIn(4)) text += "  min_rows: 2\n";
  if (dice.OneIn(4)) text += "  settle: {quiet: 10m, at_most: 1h}\n";
  if (dice.OneIn(5)) text += "  allowed_lateness: 5d\n";
  if (dice.OneIn(4)) text += "  max_backfills: " + std::to_string(dice.Between(1, 5)) + "\n";
  if (dice.OneIn(4)) text += "  order: newest_first\n";
  return text;
}

std::string DrawSteps(Dice& dice, const PipelineFacts& facts) {
  const bool two = dice.OneIn(3);
  std::string text = "steps:\n";
  if (two) text += "  - id: prepare\n    command: [prepare]\n    retries: " + std::to_string(dice.Below(3)) + "\n";
  text += "  - id: " + facts.step + "\n";
  if (two) text += "    needs: prepare\n";
  text += "    retries: " + std::to_string(dice.Below(4)) + "\n    retry_delay: 1m\n";
  if (dice.OneIn(4)) text += "    timeout: 8m\n";
  text += "    sql:\n      query: SELECT * FROM " + facts.source_name + "\n      into: " + facts.into + "\n";
  return text;
}

void AddPipeline(Dice& dice, Scenario& scenario, PipelineFacts facts) {
  std::string text = "pipeline: " + facts.id + "\nsources:\n  " + facts.source_name + ":\n    table: " + facts.source +
                     "\n    partition: " + TimeColumns(scenario.columns) + "\n";
  if (facts.by_country) text += "output:\n  partition: " + OutputColumns(scenario.columns) + "\n";
  text += DrawSchedule(dice, facts) + DrawSteps(dice, facts) + DrawRules(dice);
  auto parsed = pipeline::ParsePipeline(text, "/sim/" + facts.id + ".yaml");
  if (!parsed) throw std::logic_error(parsed.error().ToString() + "\n" + text);
  scenario.pipelines.push_back(std::move(*parsed));
  scenario.facts.push_back(std::move(facts));
}

}  // namespace

Scenario DrawScenario(Dice& dice) {
  Scenario scenario;
  scenario.columns = dice.OneIn(2) ? SimTable::Columns::kDate : SimTable::Columns::kYearMonthDay;
  scenario.with_country = dice.OneIn(3);
  AddPipeline(dice, scenario,
              {.id = "first",
               .source_name = "events",
               .source = kSourceTable,
               .into = "/sim/first_out",
               .step = "build",
               .by_country = scenario.with_country && dice.OneIn(2),
               .start = {}});
  return scenario;
}

}  // namespace latecomer::simulation
