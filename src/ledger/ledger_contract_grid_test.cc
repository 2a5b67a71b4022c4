// Pages of a grid of runs.
#include <algorithm>
#include <set>

#include "ledger/ledger_contract.h"

namespace latecomer::ledger {
namespace {

constexpr RunKind kKinds[] = {RunKind::kScheduled, RunKind::kBackfill, RunKind::kManual};
constexpr RunState kStates[] = {RunState::kQueued, RunState::kRunning, RunState::kSuccess,
                                RunState::kFailed, RunState::kSkipped, RunState::kCancelled};
constexpr int kRuns = 120;

// Every kind in every state; several made in the same millisecond, and not in the order of their ids.
RunRecord NthRun(int i) {
  const std::string name = "r" + std::to_string(i);
  RunRecord run = SomeRun(name, "p" + std::to_string(i % 7), name);
  run.pipeline = i % 10 == 9 ? "other" : "devices";
  run.kind = kKinds[i % 3];
  run.state = kStates[i / 3 % 6];
  run.created = At(1000 + (i * 37 % 40));
  return run;
}

std::string Names(const std::vector<GridRun>& runs) {
  std::string names;
  for (const GridRun& run : runs) names += run.run.run_id + " ";
  return names;
}

using Runs = std::vector<RunRecord>;

Runs Fill(Ledger& ledger) {
  Runs all;
  const Status done = ledger.Write([&](Writer& writer) -> Status {
    all.clear();
    for (int i = 0; i < kRuns; ++i) {
      RunRecord run = NthRun(i);
      LATECOMER_ASSIGN_OR_RETURN(run.id, writer.InsertRun(run));
      all.push_back(run);
    }
    return {};
  });
  EXPECT_TRUE(done) << done.error().ToString();
  return all;
}

// What a reader of all runs would pick.
std::string Expected(const GridFilter& filter, const Runs& all) {
  Runs fitting;
  const auto any = [](const auto& chosen, auto value) {
    return chosen.empty() || std::find(chosen.begin(), chosen.end(), value) != chosen.end();
  };
  for (const RunRecord& run : all) {
    const bool in_time = (!filter.created_from || run.created >= *filter.created_from) &&
                         (!filter.created_before || run.created < *filter.created_before);
    if (run.pipeline != filter.pipeline || !in_time) continue;
    if (any(filter.kinds, run.kind) && any(filter.states, run.state)) fitting.push_back(run);
  }
  std::sort(fitting.begin(), fitting.end(), [](const RunRecord& a, const RunRecord& b) {
    return RunPlace{a.created, a.id} > RunPlace{b.created, b.id};
  });
  std::string names;
  for (const RunRecord& run : fitting) names += run.run_id + " ";
  return names;
}

GridPage PageOf(Ledger& ledger, const GridFilter& filter) {
  GridPage page;
  const Status done = ledger.Read([&](Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(page, reader.Grid(filter));
    return {};
  });
  EXPECT_TRUE(done) << done.error().ToString();
  return page;
}

// All pages, one after the other.
std::string Paged(Ledger& ledger, GridFilter filter) {
  std::string names;
  for (int pages = 0; pages < kRuns; ++pages) {
    const GridPage page = PageOf(ledger, filter);
    const auto limit = static_cast<std::size_t>(filter.limit);
    EXPECT_LE(page.runs.size(), limit);
    names += Names(page.runs);
    if (!page.next) return names;
    EXPECT_EQ(page.runs.size(), limit);
    filter.before = page.next;
  }
  return names + "… without end";
}

TEST_P(LedgerContract, PagesOfAGridHoldEachRunThatFitsOnceNewestFirst) {
  const Runs all = Fill(*ledger_);
  const std::vector<std::vector<RunKind>> kinds{
      {}, {RunKind::kBackfill}, {RunKind::kManual, RunKind::kScheduled}, {std::begin(kKinds), std::end(kKinds)}};
  const std::vector<std::vector<RunState>> states{
      {}, {RunState::kFailed}, {RunState::kQueued, RunState::kRunning}, {std::begin(kStates), std::end(kStates)}};
  const std::vector<std::pair<std::optional<Instant>, std::optional<Instant>>> times{
      {}, {At(1010), {}}, {{}, At(1020)}, {At(1010), At(1020)}, {At(1020), At(1010)}};
  for (const int limit : {1, 3, 108, 500}) {
    for (const auto& kind : kinds) {
      for (const auto& state : states) {
        for (const auto& [from, before] : times) {
          const GridFilter filter{.pipeline = "devices",
                                  .kinds = kind,
                                  .states = state,
                                  .created_from = from,
                                  .created_before = before,
                                  .limit = limit};
          EXPECT_EQ(Paged(*ledger_, filter), Expected(filter, all))
              << limit << " " << kind.size() << " " << state.size();
        }
      }
    }
  }
  EXPECT_EQ(Paged(*ledger_, {.pipeline = "nobody"}), "");
}

TEST_P(LedgerContract, ARunOfAGridComesWithTheStepsOfItsNewestTry) {
  std::int64_t with_two = 0;
  Write([&](Writer& writer) -> Status {
    RunRecord run = SomeRun("two", "a", "two");
    run.tries = 2;
    LATECOMER_ASSIGN_OR_RETURN(with_two, writer.InsertRun(run));
    for (const int number : {1, 2}) {
      LATECOMER_RETURN_IF_ERROR(writer.InsertTry(SomeTry(with_two, number)));
      StepRecord last = SomeStep(with_two, number, "last");
      last.position = 9;
      StepRecord mapped = SomeStep(with_two, number, "mapped", 1);
      mapped.position = 4;
      StepRecord first = SomeStep(with_two, number, "first");
      first.message = "of try " + std::to_string(number);
      for (const StepRecord& step : {last, mapped, first}) LATECOMER_RETURN_IF_ERROR(writer.InsertStep(step));
      mapped.map_index = 0;
      mapped.child_run = with_two;
      LATECOMER_RETURN_IF_ERROR(writer.InsertStep(mapped));
    }
    return writer.InsertRun(SomeRun("never started", "b", "b")) ? Status() : Fail(ErrorKind::kUnexpected, "");
  });
  const GridPage page = PageOf(*ledger_, {.pipeline = "devices"});
  ASSERT_EQ(page.runs.size(), 2U);
  EXPECT_EQ(page.runs[0].run.run_id, "never started");
  EXPECT_TRUE(page.runs[0].steps.empty());
  const std::vector<StepRecord>& steps = page.runs[1].steps;
  std::string names;
  for (const StepRecord& step : steps) names += step.step + std::to_string(step.map_index) + " ";
  ASSERT_EQ(names, "first-1 mapped0 mapped1 last-1 ");
  EXPECT_EQ(steps[0].message, "of try 2");
  EXPECT_EQ(steps[1].child_run, with_two);
}

TEST_P(LedgerContract, RunsThatComeWhileSomeoneTurnsThePagesOfAGridMoveNothing) {
  const Runs all = Fill(*ledger_);
  GridFilter filter{.pipeline = "devices", .limit = 10};
  std::string names;
  for (int i = 0; i < 3; ++i) {
    const GridPage page = PageOf(*ledger_, filter);
    ASSERT_TRUE(page.next);
    names += Names(page.runs);
    filter.before = page.next;
    Write([&](Writer& writer) -> Status {
      RunRecord run = NthRun(kRuns + i * 10);
      run.created = At(5000 + i);
      return writer.InsertRun(run) ? Status() : Fail(ErrorKind::kUnexpected, "");
    });
  }
  EXPECT_EQ(names, Expected(filter, all).substr(0, names.size()));
}

TEST_P(LedgerContract, APageOfAGridWithoutRunsIsRefused) {
  Read([](Reader& reader) {
    const auto page = reader.Grid({.pipeline = "devices", .limit = 0});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, ErrorKind::kInvalidArgument);
  });
}

}  // namespace
}  // namespace latecomer::ledger
