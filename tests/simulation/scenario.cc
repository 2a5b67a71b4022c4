#include "scenario.h"

#include <array>
#include <stdexcept>

namespace latecomer::simulation {
namespace {

std::string TimeColumns(SimTable::Columns columns) {
  return columns == SimTable::Columns::kDate ? "event_date" : "[year, month, day]";
}

std::string OutputColumns(SimTable::Columns columns) {
  return columns == SimTable::Columns::kDate ? "[event_date, country]" : "[year, month, day, country]";
}

// A line for every day, or one for a day of the week.
CronTime DrawCron(Dice& dice, std::string& text) {
  static constexpr const char* kWeekdays[] = {"mon", "2", "wed", "thu", "5", "sat", "7"};
  CronTime time{.hour = static_cast<int>(dice.Below(24)), .minute = static_cast<int>(dice.Below(60)), .weekday = {}};
  if (dice.OneIn(3)) time.weekday = static_cast<int>(dice.Below(7));
  text += "  ready: \"" + std::to_string(time.minute) + " " + std::to_string(time.hour) + " * * " +
          (time.weekday ? kWeekdays[*time.weekday] : "*") + "\"\n";
  return time;
}

std::string DrawSchedule(Dice& dice, PipelineFacts& facts) {
  std::string text = "schedule:\n";
  if (dice.OneIn(4)) {
    facts.start = static_cast<Day>(dice.Between(238, 243));
    text += "  start: " + DayText(*facts.start) + "\n";
    facts.fills_gaps = dice.OneIn(3);
    if (facts.fills_gaps) text += "  empty_partitions: run\n";
  }
  if (facts.on_request) {
    text += "  ready: manual\n";
  } else if (dice.OneIn(5)) {
    facts.ready = DrawCron(dice, text);
  } else if (dice.OneIn(3)) {
    text += "  ready: {next_partition: {at_latest: 26h}}\n";
  }
  text += "  max_active_runs: " + std::to_string(dice.Between(1, 4)) + "\n";
  if (dice.OneIn(3)) text += "  depends_on_past: true\n";
  facts.passes_over = dice.OneIn(10);
  if (facts.passes_over) text += "  catch_up: false\n";
  if (facts.workers_outside) text += "  workers: outside\n";
  return text;
}

std::string DrawRules(Dice& dice, bool with_strays, const PipelineFacts& facts) {
  std::string text = "late_data:\n  concurrency: " + std::to_string(dice.Between(1, 3)) + "\n";
  if (dice.OneIn(2)) text += "  emptied: process\n";
  if (dice.OneIn(4)) text += "  min_rows: 2\n";
  if (dice.OneIn(4)) text += "  settle: {quiet: 10m, at_most: 1h}\n";
  if (dice.OneIn(5)) text += "  allowed_lateness: 5d\n";
  if (dice.OneIn(4)) text += "  max_backfills: " + std::to_string(dice.Between(1, 5)) + "\n";
  if (dice.OneIn(4)) text += "  order: newest_first\n";
  if (dice.OneIn(5)) text += "  retry_failed_after: 2h\n";
  if (!facts.following && dice.OneIn(8))
    text += dice.OneIn(2) ? "  detect: off\n" : "  detect: lookback\n  lookback: 2\n";
  if (facts.following) text += "  propagate: following\n";
  if (with_strays && dice.OneIn(2)) text += "  no_interval: process\n";
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
  text += "    sql:\n      query: SELECT * FROM " + facts.sources.front().name + "\n      into: " + facts.into + "\n";
  return text;
}

std::string SourceText(const SourceFacts& source, SimTable::Columns columns) {
  std::string text = "  " + source.name + ":\n    table: " + source.location + "\n";
  switch (source.mapping) {
    case SourceFacts::Mapping::kAll: return text + "    mapping: all\n";
    case SourceFacts::Mapping::kWindow: text += "    mapping: {window: " + std::to_string(source.window) + "}\n"; break;
    case SourceFacts::Mapping::kDay: break;
  }
  return text + "    partition: " + TimeColumns(columns) + "\n";
}

// What it says of a day's time goes into the facts.
pipeline::Pipeline DrawDefinition(Dice& dice, const Scenario& scenario, PipelineFacts& facts) {
  std::string text = "pipeline: " + facts.id + "\nsources:\n";
  for (const SourceFacts& source : facts.sources) text += SourceText(source, scenario.columns);
  if (facts.by_country) text += "output:\n  partition: " + OutputColumns(scenario.columns) + "\n";
  text += DrawSchedule(dice, facts);
  text += DrawSteps(dice, facts);
  text += DrawRules(dice, scenario.with_strays, facts);
  auto parsed = pipeline::ParsePipeline(text, "/sim/" + facts.id + ".yaml");
  if (!parsed) throw std::logic_error(parsed.error().ToString() + "\n" + text);
  return std::move(*parsed);
}

void AddPipeline(Dice& dice, Scenario& scenario, PipelineFacts facts) {
  facts.following = dice.OneIn(6);
  scenario.pipelines.push_back(DrawDefinition(dice, scenario, facts));
  scenario.facts.push_back(std::move(facts));
}

std::vector<SourceFacts> DrawSources(Dice& dice) {
  std::vector<SourceFacts> sources{{.name = "events", .location = kSourceTable}};
  if (!dice.OneIn(4)) return sources;
  SourceFacts other{.name = "others", .location = kOtherSourceTable};
  switch (dice.Below(3)) {
    case 0: break;
    case 1:
      other.mapping = SourceFacts::Mapping::kWindow;
      other.window = static_cast<int>(dice.Between(1, 3));
      break;
    default: other.mapping = SourceFacts::Mapping::kAll; break;
  }
  sources.push_back(std::move(other));
  return sources;
}

void DrawOtherMapping(Dice& dice, SourceFacts& source) {
  const SourceFacts before = source;
  while (source.mapping == before.mapping && source.window == before.window) {
    constexpr std::array kMappings{SourceFacts::Mapping::kDay, SourceFacts::Mapping::kWindow,
                                   SourceFacts::Mapping::kAll};
    source.mapping = kMappings[static_cast<std::size_t>(dice.Below(3))];
    source.window = source.mapping == SourceFacts::Mapping::kWindow ? static_cast<int>(dice.Between(1, 3)) : 0;
  }
}

// A third of the seeds in peace, a third with some trouble, a third with a lot.
FaultRates DrawFaults(Dice& dice) {
  const std::int64_t trouble = dice.Below(3);
  if (trouble == 0) return {};
  const auto upto = [&](std::int64_t percent) {
    return dice.OneIn(3) ? 0 : static_cast<int>(dice.Between(1, trouble == 1 ? (percent + 3) / 4 : percent));
  };
  FaultRates rates;
  rates.crash = upto(12);
  rates.error = upto(10);
  rates.interrupt = upto(40);
  rates.hang = upto(4);
  rates.clock_jump = upto(3);
  rates.clean_log = upto(4);
  rates.person = upto(8);
  rates.jobs_failing = upto(40);
  rates.jobs_odd = upto(40);
  rates.jobs_slow = upto(30);
  if (dice.OneIn(3)) rates.restore_ledger = 3;
  if (rates.restore_ledger == 0 && dice.OneIn(10)) rates.another_table = 1;
  return rates;
}

}  // namespace

Scenario DrawScenario(Dice& dice, std::uint64_t seed) {
  Scenario scenario;
  Dice apart(~seed);  // seeds without outside workers are what they were before there were any
  Dice requests(seed ^ 0x5851f42d4c957f2dULL);
  scenario.outside_workers = apart.OneIn(4);
  const auto only_outside = [&] { return scenario.outside_workers && apart.OneIn(2); };
  scenario.columns = dice.OneIn(2) ? SimTable::Columns::kDate : SimTable::Columns::kYearMonthDay;
  scenario.with_country = dice.OneIn(3);
  scenario.with_strays = dice.OneIn(4);
  AddPipeline(dice, scenario,
              {.id = "first",
               .sources = DrawSources(dice),
               .into = "/sim/first_out",
               .step = "build",
               .by_country = scenario.with_country && dice.OneIn(2),
               .workers_outside = only_outside(),
               .start = {},
               .on_request = requests.OneIn(12)});
  if (dice.OneIn(4)) {
    const bool by_country = scenario.facts.front().by_country;
    AddPipeline(dice, scenario,
                {.id = "second",
                 .sources = {{.name = "made", .location = scenario.facts.front().into}},
                 .into = "/sim/second_out",
                 .step = "join",
                 .by_country = by_country && dice.OneIn(2),
                 .workers_outside = only_outside(),
                 .start = {}});
  }
  scenario.schedulers = static_cast<int>(dice.Between(1, 3));
  scenario.machines = static_cast<int>(dice.Between(1, 2));
  scenario.faults = DrawFaults(dice);
  scenario.jobs_outside = dice.OneIn(3);
  scenario.percent_change = dice.OneIn(4) ? 1 : 0;
  scenario.people_mark = apart.OneIn(4);
  scenario.mappings_change = apart.OneIn(4);
  if (scenario.mappings_change) scenario.percent_change = 2;
  scenario.people_undo = scenario.people_mark && apart.OneIn(2);
  scenario.people_accept_tables = apart.OneIn(8) && scenario.faults.restore_ledger == 0;
  if (scenario.people_accept_tables) scenario.faults.another_table = 1;
  return scenario;
}

ChangedPipeline DrawChange(Dice& dice, const Scenario& scenario, std::size_t index, NeedsAWord word) {
  ChangedPipeline changed{.definition = {}, .facts = scenario.facts[index]};
  PipelineFacts& facts = changed.facts;
  facts.changed = true;
  facts.filled_gaps = facts.filled_gaps || facts.fills_gaps;
  facts.passed_over = facts.passed_over || facts.passes_over;
  facts.start.reset();
  facts.ready.reset();
  facts.on_request = false;
  facts.fills_gaps = false;
  facts.passes_over = false;
  if (word == NeedsAWord::kMapping) DrawOtherMapping(dice, facts.sources.back());
  if (word == NeedsAWord::kOutput) {
    facts.into = "/sim/" + facts.id + "_out_" + std::to_string(++facts.outputs);
    const bool has_country = index == 0 ? scenario.with_country : scenario.facts.front().by_country;
    facts.by_country = has_country && dice.OneIn(2);
  }
  changed.definition = DrawDefinition(dice, scenario, facts);
  return changed;
}

}  // namespace latecomer::simulation
