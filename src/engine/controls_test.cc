// What people do to runs: what each affects, what it leaves alone, and that it can be taken back where it says so.
#include "engine/controls.h"

#include <gtest/gtest.h>

#include <memory>

#include "engine/clear.h"
#include "engine/hold.h"
#include "engine/mark.h"
#include "engine/trigger.h"
#include "engine/undo.h"
#include "ledger/sqlite_ledger.h"
#include "testing/fake_clock.h"

namespace latecomer::engine {
namespace {

using ledger::Reader;
using ledger::RunKind;
using ledger::RunRecord;
using ledger::RunState;
using ledger::StepState;
using ledger::Writer;

std::string Partition(int day) {
  return R"({"event_time":"2024-01-0)" + std::to_string(day) + R"("})";
}

LocalTime Day(int day) {
  return LocalTime(std::chrono::local_days(std::chrono::year(2024) / 1 / day));
}

// Five days, each with a scheduled run of three steps (extract → build → publish) that was tried once.
class Controls : public ::testing::Test {
 protected:
  void SetUp() override {
    SystemRandom random;
    auto opened = ledger::OpenSqliteLedger(":memory:", ledger::OpenMode::kCreate, random);
    ASSERT_TRUE(opened) << opened.error().ToString();
    ledger_ = std::move(*opened);
    pipeline_.id = "devices";
    pipeline_.sources.push_back(
        {.name = "devices", .table = "t", .location = "/t", .partition = {.columns = {"event_time"}}, .cadence = {}});
    pipeline_.output.columns = {"event_time"};
    pipeline_.output.partition.columns = {"event_time"};
    pipeline_.rules.time_columns = {"event_time"};
    pipeline_.steps.push_back({.id = "extract", .needs = {}, .action = pipeline::CommandStep{}});
    pipeline_.steps.push_back({.id = "build", .needs = {"extract"}, .action = pipeline::CommandStep{}});
    pipeline_.steps.push_back({.id = "publish", .needs = {"build"}, .action = pipeline::CommandStep{}});
    Write([&](Writer& writer) -> Status {
      ledger::TableRecord table;
      table.location = "/t";
      table.table_id = "1";
      table.partition_columns = {{"event_time", {.kind = table::TypeKind::kDate}}};
      table.seen.version = Version{9};
      LATECOMER_RETURN_IF_ERROR(writer.PutTable(table));
      ledger::PipelineRecord pipeline;
      pipeline.id = "devices";
      return writer.PutPipeline(pipeline);
    });
    for (int day = 1; day <= 5; ++day) AddRun("scheduled_2024-01-0" + std::to_string(day), day, RunState::kSuccess);
  }

  // A run in this state, tried once at version 3. Of a failed one `build` failed, so `publish` was not reached.
  RunRecord AddRun(const std::string& run_id, int day, RunState state, RunKind kind = RunKind::kScheduled) {
    RunRecord run;
    Write([&](Writer& writer) -> Status {
      run.pipeline = "devices";
      run.run_id = run_id;
      run.partition = Partition(day);
      run.kind = kind;
      run.cause = run_id;
      run.tries = 1;
      LATECOMER_ASSIGN_OR_RETURN(run.id, writer.InsertRun(run));
      if (state == RunState::kQueued) return {};
      run.state = RunState::kRunning;
      LATECOMER_RETURN_IF_ERROR(writer.UpdateRun(run));
      ledger::TryRecord attempt;
      attempt.run = run.id;
      attempt.number = 1;
      attempt.token = ++token_;
      attempt.vector = {{"devices", Version{3}}};
      LATECOMER_RETURN_IF_ERROR(writer.InsertTry(attempt));
      const bool ok = state == RunState::kSuccess || state == RunState::kRunning;
      LATECOMER_RETURN_IF_ERROR(AddStep(writer, run, "extract", StepState::kSuccess));
      LATECOMER_RETURN_IF_ERROR(AddStep(writer, run, "build", ok ? StepState::kSuccess : StepState::kFailed));
      LATECOMER_RETURN_IF_ERROR(AddStep(writer, run, "publish", ok ? StepState::kSuccess : StepState::kUpstreamFailed));
      LATECOMER_RETURN_IF_ERROR(writer.PutClaim({.pipeline = "devices",
                                                 .partition = run.partition,
                                                 .token = token_,
                                                 .holder = "somebody",
                                                 .expires = clock_.Now(),
                                                 .run = run.id,
                                                 .try_number = 1,
                                                 .released = state != RunState::kRunning}));
      if (state == RunState::kRunning) return {};
      attempt.state = ok ? ledger::TryState::kSuccess : ledger::TryState::kFailed;
      LATECOMER_RETURN_IF_ERROR(writer.UpdateTry(attempt));
      run.state = state;
      LATECOMER_RETURN_IF_ERROR(writer.UpdateRun(run));
      if (!ok) return {};
      return writer.PutProcessed({.pipeline = "devices",
                                  .partition = run.partition,
                                  .vector = attempt.vector,
                                  .run_id = run_id,
                                  .try_number = 1,
                                  .token = token_});
    });
    return run;
  }

  static Status AddStep(Writer& writer, const RunRecord& run, const std::string& id, StepState state) {
    ledger::StepRecord step;
    step.run = run.id;
    step.try_number = 1;
    step.step = id;
    step.state = state;
    return writer.InsertStep(step);
  }

  void AddEvent(const std::string& what, const std::string& run_id = "") {
    Write([&](Writer& writer) {
      return writer.AppendEvent({.pipeline = "devices", .run_id = run_id, .what = what, .detail = "{}"});
    });
  }

  void Write(const std::function<Status(Writer&)>& body) {
    const Status done = ledger_->Write(body);
    ASSERT_TRUE(done) << done.error().ToString();
  }

  Act By(const std::string& who = "ann", const std::string& note = "") {
    clock_.Advance(std::chrono::seconds(1));
    return {.now = clock_.Now(), .by = who, .note = note};
  }

  RunRecord Run(const std::string& run_id) {
    RunRecord run;
    EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto found, reader.FindRunByName("devices", run_id));
      run = found.value();
      return {};
    }));
    return run;
  }

  std::optional<ledger::ProcessedRecord> Processed(int day) {
    std::optional<ledger::ProcessedRecord> record;
    EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(record, reader.FindProcessed("devices", Partition(day)));
      return {};
    }));
    return record;
  }

  std::vector<std::string> Affected(const RunSelection& which) {
    const auto plan = PreviewClear(*ledger_, pipeline_, {.which = which});
    EXPECT_TRUE(plan) << plan.error().ToString();
    std::vector<std::string> ids;
    for (const ClearedRun& one : plan->affected) ids.push_back(one.run.run_id);
    return ids;
  }

  ClearedRun ClearedOne(const ClearSelection& selection) {
    const auto plan = ApplyClear(*ledger_, pipeline_, selection, "", By());
    EXPECT_TRUE(plan) << plan.error().ToString();
    EXPECT_EQ(plan->affected.size(), 1U);
    return plan->affected.front();
  }

  testing::FakeClock clock_;
  std::unique_ptr<ledger::Ledger> ledger_;
  pipeline::Pipeline pipeline_;
  std::int64_t token_ = 0;
  std::int64_t mark_ = 0;
};

using Ids = std::vector<std::string>;

// ----- which runs are meant

TEST_F(Controls, PastAndFutureReachFromTheNamedRun) {
  EXPECT_EQ(Affected({.runs = {"scheduled_2024-01-02"}}), (Ids{"scheduled_2024-01-02"}));
  EXPECT_EQ(Affected({.runs = {"scheduled_2024-01-02"}, .past = true}),
            (Ids{"scheduled_2024-01-01", "scheduled_2024-01-02"}));
  EXPECT_EQ(Affected({.runs = {"scheduled_2024-01-04"}, .future = true}),
            (Ids{"scheduled_2024-01-04", "scheduled_2024-01-05"}));
  EXPECT_EQ(Affected({.runs = {"scheduled_2024-01-03"}, .past = true, .future = true}).size(), 5U);
}

TEST_F(Controls, ARangeTakesOfEachPartitionTheRunThatStands) {
  AddRun("backfill_2024-01-02_v3", 2, RunState::kSuccess, RunKind::kBackfill);
  AddRun("backfill_2024-01-03_v4", 3, RunState::kSkipped, RunKind::kBackfill);
  EXPECT_EQ(Affected({.from = Day(2), .to = Day(3)}), (Ids{"backfill_2024-01-02_v3", "scheduled_2024-01-03"}));
  EXPECT_EQ(Affected({.from = Day(5)}), (Ids{"scheduled_2024-01-05"}));
  EXPECT_EQ(Affected({.from = Day(7)}), Ids{});
  // A named run stays the one that is meant for its partition.
  EXPECT_EQ(Affected({.runs = {"scheduled_2024-01-02"}, .past = true}),
            (Ids{"scheduled_2024-01-01", "scheduled_2024-01-02"}));
}

// In the queue it would stop the scheduler: nobody can claim what isn't there.
TEST_F(Controls, ARunWhosePartitionIsNoOutputAnyMoreIsNotCleared) {
  Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(auto table, writer.FindTable("/t"));
    table->partition_columns.push_back({"country", {.kind = table::TypeKind::kString}});
    return writer.PutTable(*table);
  });
  pipeline_.output.columns = {"event_time", "country"};
  const auto plan = ApplyClear(*ledger_, pipeline_, {.which = {.runs = {"scheduled_2024-01-02"}}}, "", By());
  ASSERT_TRUE(plan) << plan.error().ToString();
  EXPECT_TRUE(plan->affected.empty());
  ASSERT_EQ(plan->untouched.size(), 1U);
  EXPECT_NE(plan->untouched.front().why.find("no output"), std::string::npos) << plan->untouched.front().why;
  EXPECT_EQ(Run("scheduled_2024-01-02").state, RunState::kSuccess);
}

TEST_F(Controls, OnlyFailedLeavesTheOthersAloneAndSaysSo) {
  AddRun("backfill_2024-01-02_v3", 2, RunState::kFailed, RunKind::kBackfill);
  const auto plan = PreviewClear(*ledger_, pipeline_, {.which = {.from = Day(1), .to = Day(3), .only_failed = true}});
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->affected.size(), 1U);
  EXPECT_EQ(plan->affected[0].run.run_id, "backfill_2024-01-02_v3");
  EXPECT_EQ(plan->untouched.size(), 2U);
  EXPECT_EQ(plan->untouched[0].why, "is success");
}

TEST_F(Controls, UnknownRunsAndStepsAreNamed) {
  const auto run = PreviewClear(*ledger_, pipeline_, {.which = {.runs = {"scheduled_2024-01-99"}}});
  EXPECT_EQ(run.error().kind, ErrorKind::kNotFound);
  const auto step = PreviewClear(*ledger_, pipeline_, {.which = {.steps = {"extrct"}}});
  EXPECT_EQ(step.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(step.error().hint.find("extract"), std::string::npos);
}

// ----- clear

TEST_F(Controls, AWholeRunReadsTheNewestVersionsAndAPreviewWritesNothing) {
  ASSERT_TRUE(PreviewClear(*ledger_, pipeline_, {.which = {.runs = {"latest"}}}));
  EXPECT_EQ(Run("scheduled_2024-01-05").state, RunState::kSuccess);
  const ClearedRun cleared = ClearedOne({.which = {.runs = {"latest"}}});
  EXPECT_EQ(cleared.again, (Ids{"extract", "build", "publish"}));
  EXPECT_FALSE(cleared.versions);
  const RunRecord run = Run("scheduled_2024-01-05");
  EXPECT_EQ(run.state, RunState::kQueued);
  EXPECT_FALSE(run.keep_vector);
  EXPECT_TRUE(run.keep_steps.empty());
  EXPECT_TRUE(Processed(5)) << "clear never takes away what was processed";
}

TEST_F(Controls, AStepTakesAlongWhatNeedsItAndKeepsTheRestAndThePin) {
  const ClearedRun cleared = ClearedOne({.which = {.runs = {"latest"}, .steps = {"build"}, .downstream = true}});
  EXPECT_EQ(cleared.again, (Ids{"build", "publish"}));
  EXPECT_EQ(cleared.kept, (Ids{"extract"}));
  const RunRecord run = Run("scheduled_2024-01-05");
  EXPECT_EQ(run.keep_steps, (std::map<std::string, int>{{"extract", 1}}));
  EXPECT_EQ(run.keep_vector, (VersionVector{{"devices", Version{3}}}));
}

TEST_F(Controls, UpstreamTakesAlongWhatAStepNeeds) {
  const ClearedRun cleared = ClearedOne({.which = {.runs = {"latest"}, .steps = {"build"}, .upstream = true}});
  EXPECT_EQ(cleared.again, (Ids{"extract", "build"}));
  EXPECT_EQ(cleared.kept, (Ids{"publish"}));
}

TEST_F(Controls, OnlyFailedStepsKeepWhatSucceeded) {
  AddRun("backfill_2024-01-02_v3", 2, RunState::kFailed, RunKind::kBackfill);
  const ClearedRun cleared = ClearedOne({.which = {.runs = {"backfill_2024-01-02_v3"}, .only_failed = true}});
  EXPECT_EQ(cleared.again, (Ids{"build", "publish"}));
  EXPECT_EQ(cleared.kept, (Ids{"extract"}));
}

TEST_F(Controls, NewStepsRunAlone) {
  pipeline_.steps.push_back({.id = "audit", .needs = {"build"}, .action = pipeline::CommandStep{}});
  const auto plan = PreviewClear(*ledger_, pipeline_, {.which = {.runs = {"latest"}}, .new_steps = true});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->affected.at(0).again, (Ids{"audit"}));
  pipeline_.steps.pop_back();
  const auto none = PreviewClear(*ledger_, pipeline_, {.which = {.runs = {"latest"}}, .new_steps = true});
  EXPECT_EQ(none->untouched.at(0).why, "has no step that is new");
}

TEST_F(Controls, StepsOfARunThatAnotherFollowedAreNotKept) {
  AddRun("backfill_2024-01-02_v4", 2, RunState::kSuccess, RunKind::kBackfill);
  const ClearedRun cleared =
      ClearedOne({.which = {.runs = {"scheduled_2024-01-02"}, .steps = {"publish"}, .downstream = true}});
  EXPECT_EQ(cleared.again.size(), 3U);
  EXPECT_FALSE(cleared.versions);
  EXPECT_NE(cleared.note.find("backfill_2024-01-02_v4"), std::string::npos) << cleared.note;
}

TEST_F(Controls, StepsOfARunThatAnotherFollowedAreNotKeptAtTheSameVersionsEither) {
  AddRun("scheduled_2024-01-02_again", 2, RunState::kSuccess);
  const ClearedRun cleared =
      ClearedOne({.which = {.runs = {"scheduled_2024-01-02"}, .steps = {"publish"}}, .same_versions = true});
  EXPECT_EQ(cleared.again.size(), 3U);
  EXPECT_TRUE(cleared.kept.empty());
  EXPECT_EQ(cleared.versions, (VersionVector{{"devices", Version{3}}}));
}

TEST_F(Controls, ARunningRunIsEndedFirstAndItsClaimGivenBack) {
  AddRun("backfill_2024-01-02_v4", 2, RunState::kRunning, RunKind::kBackfill);
  ClearedOne({.which = {.runs = {"backfill_2024-01-02_v4"}}});
  const RunRecord run = Run("backfill_2024-01-02_v4");
  EXPECT_EQ(run.state, RunState::kQueued);
  EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
    EXPECT_TRUE(reader.ClaimsHeld("devices")->empty());
    EXPECT_EQ(reader.Tries(run.id)->back().state, ledger::TryState::kCancelled);
    return {};
  }));
}

TEST_F(Controls, WhatWasConfirmedIsWhatIsDone) {
  const ClearSelection selection{.which = {.runs = {"scheduled_2024-01-04"}, .future = true}};
  const auto shown = PreviewClear(*ledger_, pipeline_, selection);
  AddRun("scheduled_2024-01-06", 6, RunState::kSuccess);
  const auto refused = ApplyClear(*ledger_, pipeline_, selection, shown->fingerprint, By());
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(Run("scheduled_2024-01-04").state, RunState::kSuccess) << "nothing was done";
  const auto again = PreviewClear(*ledger_, pipeline_, selection);
  const auto done = ApplyClear(*ledger_, pipeline_, selection, again->fingerprint, By("ann", "vendor fixed it"));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->affected.size(), 3U);
  EXPECT_EQ(Run("scheduled_2024-01-06").note, "vendor fixed it");
}

TEST_F(Controls, WhatIsQueuedIsLeftAlone) {
  ClearedOne({.which = {.runs = {"latest"}}});
  const auto plan = ApplyClear(*ledger_, pipeline_, {.which = {.runs = {"latest"}}}, "", By());
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->affected.empty());
  EXPECT_EQ(plan->untouched.at(0).why, "is queued already");
}

// ----- mark

TEST_F(Controls, MarksOfARangeAndTheirUndo) {
  AddRun("backfill_2024-01-02_v3", 2, RunState::kFailed, RunKind::kBackfill);
  const auto plan =
      ApplyMark(*ledger_, pipeline_, {.which = {.from = Day(1), .to = Day(2)}, .mark = Mark::kFailed}, "", By());
  ASSERT_TRUE(plan) << plan.error().ToString();
  ASSERT_EQ(plan->affected.size(), 1U) << "day 2 is failed already";
  EXPECT_EQ(plan->untouched.at(0).why, "is failed already");
  EXPECT_FALSE(Processed(1));
  const auto undone = Undo(*ledger_, "devices", plan->affected[0].event, By());
  ASSERT_TRUE(undone) << undone.error().ToString();
  EXPECT_EQ(Run("scheduled_2024-01-01").state, RunState::kSuccess);
  ASSERT_TRUE(Processed(1));
  EXPECT_EQ(Processed(1)->run_id, "scheduled_2024-01-01");
  EXPECT_EQ(Undo(*ledger_, "devices", plan->affected[0].event, By()).error().kind, ErrorKind::kConflict) << "twice";
}

TEST_F(Controls, ASuccessDoesNotMakeARecordOlder) {
  AddRun("backfill_2024-01-02_v4", 2, RunState::kFailed, RunKind::kBackfill);
  Write([&](Writer& writer) {
    return writer.PutProcessed(
        {.pipeline = "devices", .partition = Partition(2), .vector = {{"devices", Version{7}}}, .run_id = "other"});
  });
  const auto plan = ApplyMark(*ledger_, pipeline_, {.which = {.runs = {"backfill_2024-01-02_v4"}}}, "", By());
  ASSERT_TRUE(plan);
  EXPECT_EQ(Run("backfill_2024-01-02_v4").state, RunState::kSuccess);
  EXPECT_EQ(Processed(2)->run_id, "other");
  EXPECT_NE(plan->affected[0].note.find("newer versions by other"), std::string::npos);
}

TEST_F(Controls, AMarkedStepLetsTheRunGoOn) {
  AddRun("backfill_2024-01-02_v3", 2, RunState::kFailed, RunKind::kBackfill);
  const MarkSelection selection{.which = {.runs = {"backfill_2024-01-02_v3"}, .steps = {"build"}}};
  const auto plan = ApplyMark(*ledger_, pipeline_, selection, "", By());
  ASSERT_TRUE(plan) << plan.error().ToString();
  EXPECT_EQ(plan->affected.at(0).note, "the run goes on at the same versions with publish");
  const RunRecord run = Run("backfill_2024-01-02_v3");
  EXPECT_EQ(run.state, RunState::kQueued);
  EXPECT_EQ(run.keep_steps, (std::map<std::string, int>{{"build", 0}, {"extract", 1}}));
  ASSERT_TRUE(Undo(*ledger_, "devices", plan->affected[0].event, By()));
  EXPECT_EQ(Run("backfill_2024-01-02_v3").state, RunState::kFailed);
  EXPECT_TRUE(Run("backfill_2024-01-02_v3").keep_steps.empty());
}

TEST_F(Controls, AStepMarkedFailedFailsTheRunAndWithdrawsIt) {
  const MarkSelection selection{.which = {.runs = {"latest"}, .steps = {"publish"}}, .mark = Mark::kFailed};
  const auto plan = ApplyMark(*ledger_, pipeline_, selection, "", By());
  ASSERT_TRUE(plan) << plan.error().ToString();
  EXPECT_EQ(Run("scheduled_2024-01-05").state, RunState::kFailed);
  EXPECT_FALSE(Processed(5));
  ASSERT_TRUE(Undo(*ledger_, "devices", plan->affected[0].event, By()));
  EXPECT_EQ(Run("scheduled_2024-01-05").state, RunState::kSuccess);
  EXPECT_TRUE(Processed(5));
}

TEST_F(Controls, AMarkOfWhatIsRunningIsRefusedAndOneThatWasFollowedStays) {
  AddRun("backfill_2024-01-02_v3", 2, RunState::kRunning, RunKind::kBackfill);
  const auto running = ApplyMark(*ledger_, pipeline_, {.which = {.runs = {"backfill_2024-01-02_v3"}}}, "", By());
  EXPECT_TRUE(running->affected.empty());
  const auto plan = ApplyMark(*ledger_, pipeline_, {.which = {.runs = {"latest"}}, .mark = Mark::kFailed}, "", By());
  ClearedOne({.which = {.runs = {"latest"}}});
  const auto undone = Undo(*ledger_, "devices", plan->affected.at(0).event, By());
  EXPECT_EQ(undone.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(Run("scheduled_2024-01-05").state, RunState::kQueued);
}

TEST_F(Controls, UndoingAMarkGoesBackToEveryEnd) {
  for (const RunState state : {RunState::kFailed, RunState::kSkipped, RunState::kCancelled, RunState::kQueued}) {
    const std::string id = "manual_" + std::string(Name(state));
    AddRun(id, 3, state, RunKind::kManual);
    for (const Mark mark : {Mark::kSuccess, Mark::kFailed}) {
      const auto plan = ApplyMark(*ledger_, pipeline_, {.which = {.runs = {id}}, .mark = mark}, "", By());
      ASSERT_TRUE(plan) << plan.error().ToString();
      if (plan->affected.empty()) continue;  // so already
      const auto undone = Undo(*ledger_, "devices", plan->affected[0].event, By());
      ASSERT_TRUE(undone) << Name(state) << ": " << undone.error().ToString();
      EXPECT_EQ(Run(id).state, state);
      EXPECT_EQ(Run(id).ended.has_value(), false);
    }
  }
}

// ----- what was accepted since

TEST_F(Controls, VersionsOfATableThatAnotherOneWasAcceptedForAreNotTakenUpAgain) {
  AddRun("backfill_2024-01-02_v3", 2, RunState::kFailed, RunKind::kBackfill);
  AddEvent("table.accepted");
  const auto marked = ApplyMark(*ledger_, pipeline_, {.which = {.runs = {"backfill_2024-01-02_v3"}}}, "", By());
  ASSERT_TRUE(marked) << marked.error().ToString();
  EXPECT_TRUE(marked->affected.empty());
  EXPECT_NE(marked->untouched.at(0).why.find("another one was accepted"), std::string::npos);
  const ClearSelection same{.which = {.runs = {"backfill_2024-01-02_v3"}}, .same_versions = true};
  const auto refused = ApplyClear(*ledger_, pipeline_, same, "", By());
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->affected.empty());
  const ClearedRun cleared = ClearedOne({.which = {.runs = {"backfill_2024-01-02_v3"}, .only_failed = true}});
  EXPECT_TRUE(cleared.kept.empty()) << "extract read the old table";
  EXPECT_FALSE(cleared.versions);
  EXPECT_NE(cleared.note.find("all steps"), std::string::npos) << cleared.note;
}

TEST_F(Controls, ATryThatBeganAfterATableWasAcceptedKeepsItsVersions) {
  AddEvent("table.accepted");
  const RunRecord run = AddRun("backfill_2024-01-02_v3", 2, RunState::kFailed, RunKind::kBackfill);
  AddEvent("claim.granted", run.run_id);
  EXPECT_EQ(ClearedOne({.which = {.runs = {run.run_id}}, .same_versions = true}).versions,
            (VersionVector{{"devices", Version{3}}}));
}

// Its outputs would count as made by a definition that makes them otherwise.
TEST_F(Controls, WhatWasMadeByTheDefinitionBeforeIsNotKept) {
  const std::string run = "scheduled_2024-01-02";
  const ClearSelection publish{.which = {.runs = {run}, .steps = {"publish"}}};
  AddEvent("definition.accepted");
  EXPECT_EQ(PreviewClear(*ledger_, pipeline_, publish)->affected.at(0).kept,
            (std::vector<std::string>{"extract", "build"}))
      << "it counts as made as it is";
  Write([&](Writer& writer) -> Status {  // as accepting does with what is made otherwise
    LATECOMER_ASSIGN_OR_RETURN(auto processed, writer.FindProcessed("devices", Partition(2)));
    processed->vector.clear();
    return writer.PutProcessed(*processed);
  });
  const auto cleared = PreviewClear(*ledger_, pipeline_, publish);
  ASSERT_TRUE(cleared) << cleared.error().ToString();
  EXPECT_TRUE(cleared->affected.at(0).kept.empty());
  EXPECT_NE(cleared->affected.at(0).note.find("another definition"), std::string::npos);
  const RunRecord failed = AddRun("backfill_2024-01-02_v3", 2, RunState::kFailed, RunKind::kBackfill);
  AddEvent("definition.accepted");
  const auto marked =
      ApplyMark(*ledger_, pipeline_, {.which = {.runs = {failed.run_id}, .steps = {"build"}}}, "", By());
  ASSERT_TRUE(marked) << marked.error().ToString();
  EXPECT_TRUE(marked->affected.empty()) << "it would go on with what `extract` made";
  EXPECT_NE(marked->untouched.at(0).why.find("clear it"), std::string::npos);
}

// Its record would stand for an output that another definition makes elsewhere, or for another table's versions.
TEST_F(Controls, AMarkIsNotUndoneWhenSomethingElseWasAcceptedSince) {
  for (const std::string what : {"definition.accepted", "table.accepted"}) {
    const auto plan = ApplyMark(*ledger_, pipeline_, {.which = {.runs = {"latest"}}, .mark = Mark::kFailed}, "", By());
    ASSERT_TRUE(plan);
    if (!plan->affected.empty()) mark_ = plan->affected.at(0).event;
    AddEvent(what);
    EXPECT_EQ(Undo(*ledger_, "devices", mark_, By()).error().kind, ErrorKind::kConflict) << what;
    EXPECT_FALSE(Processed(5)) << what;
  }
}

// It may have written older versions than those that the mark would say again.
TEST_F(Controls, AMarkIsNotUndoneWhenAnotherRunBeganOnThePartitionSince) {
  const RunRecord other = AddRun("backfill_2024-01-05_v2", 5, RunState::kFailed, RunKind::kBackfill);
  const auto plan =
      ApplyMark(*ledger_, pipeline_, {.which = {.runs = {"scheduled_2024-01-05"}}, .mark = Mark::kFailed}, "", By());
  ASSERT_TRUE(plan) << plan.error().ToString();
  Write([&](Writer& writer) {
    return writer.AppendEvent({.pipeline = "devices",
                               .partition = other.partition,
                               .run_id = other.run_id,
                               .what = "claim.granted",
                               .detail = "{}"});
  });
  const auto undone = Undo(*ledger_, "devices", plan->affected.at(0).event, By());
  ASSERT_FALSE(undone);
  EXPECT_EQ(undone.error().kind, ErrorKind::kConflict);
  EXPECT_NE(undone.error().message.find(other.run_id), std::string::npos) << undone.error().message;
  EXPECT_FALSE(Processed(5));
}

TEST_F(Controls, AReleaseIsNotUndoneWhenAnotherTableWasAcceptedSince) {
  std::int64_t released = 0;
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.AppendEvent({.pipeline = "devices",
                                                  .partition = Partition(2),
                                                  .what = "partition.released",
                                                  .detail = R"({"rule":"emptied","before":{"devices":3}})"}));
    LATECOMER_ASSIGN_OR_RETURN(released, writer.LastEvent());
    return {};
  });
  AddEvent("table.accepted");
  EXPECT_EQ(Undo(*ledger_, "devices", released, By()).error().kind, ErrorKind::kConflict);
}

TEST_F(Controls, ARunWhosePartitionIsNoOutputAnyMoreIsNotMarked) {
  pipeline_.output.columns = {"event_time", "country"};
  Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(auto table, writer.FindTable("/t"));
    table->partition_columns.push_back({"country", {.kind = table::TypeKind::kString}});
    return writer.PutTable(*table);
  });
  const auto plan = ApplyMark(*ledger_, pipeline_, {.which = {.runs = {"scheduled_2024-01-05"}}}, "", By());
  ASSERT_TRUE(plan) << plan.error().ToString();
  EXPECT_TRUE(plan->affected.empty());
  EXPECT_EQ(plan->untouched.at(0).why, kNoOutputAnyMore);
}

// ----- cancel, pause, notes, trigger

TEST_F(Controls, CancelTakesWhatIsOpenInARange) {
  AddRun("backfill_2024-01-02_v3", 2, RunState::kRunning, RunKind::kBackfill);
  AddRun("backfill_2024-01-02_v4", 2, RunState::kQueued, RunKind::kBackfill);
  const auto plan = ApplyCancel(*ledger_, pipeline_, {.from = Day(1), .to = Day(5)}, "", By());
  ASSERT_TRUE(plan) << plan.error().ToString();
  EXPECT_EQ(plan->affected.size(), 2U);
  EXPECT_EQ(Run("backfill_2024-01-02_v3").state, RunState::kCancelled);
  EXPECT_EQ(Run("backfill_2024-01-02_v4").message, "cancelled by ann");
  const auto ended = ApplyCancel(*ledger_, pipeline_, {.runs = {"latest"}}, "", By());
  EXPECT_EQ(ended->untouched.at(0).why, "has ended already (success)");
}

TEST_F(Controls, PauseAndItsUndo) {
  const auto paused = SetPaused(*ledger_, "devices", true, By());
  ASSERT_TRUE(paused);
  EXPECT_FALSE(SetPaused(*ledger_, "devices", true, By())->changed);
  ASSERT_TRUE(Undo(*ledger_, "devices", paused->event, By()));
  EXPECT_FALSE(SetPaused(*ledger_, "devices", false, By())->changed);
  EXPECT_EQ(SetPaused(*ledger_, "other", true, By()).error().kind, ErrorKind::kNotFound);
}

TEST_F(Controls, NotesAndTheirUndo) {
  ASSERT_TRUE(SetNote(*ledger_, "devices", "latest", By("ann", "first")));
  const auto second = SetNote(*ledger_, "devices", "latest", By("ben", "second"));
  ASSERT_TRUE(Undo(*ledger_, "devices", second->event, By()));
  EXPECT_EQ(Run("scheduled_2024-01-05").note, "first");
  EXPECT_EQ(SetNote(*ledger_, "devices", "latest", By("ann", std::string(20'000, 'x'))).error().kind,
            ErrorKind::kInvalidArgument);
}

TEST_F(Controls, AHoldKeepsItsReasonAndCanBeUndone) {
  const table::PartitionSchema schema{{"event_time", {.kind = table::TypeKind::kDate}}};
  const auto key = table::ParseCanonicalKey(schema, Partition(2)).value();
  EXPECT_EQ(HoldPartition(*ledger_, pipeline_, {}, key, " ", By()).error().kind, ErrorKind::kInvalidArgument);
  const auto first = HoldPartition(*ledger_, pipeline_, {}, key, "vendor resends it", By());
  const auto second = HoldPartition(*ledger_, pipeline_, {}, key, "still broken", By("ben"));
  EXPECT_EQ(Undo(*ledger_, "devices", first->event, By()).error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(Undo(*ledger_, "devices", second->event, By()));
  EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
    EXPECT_EQ(reader.Holds("devices")->at(0).reason, "vendor resends it");
    return {};
  }));
  const auto released = ReleasePartition(*ledger_, pipeline_, {}, key, By());
  ASSERT_TRUE(released) << released.error().ToString();
  EXPECT_EQ(released->hold->reason, "vendor resends it");
  ASSERT_TRUE(Undo(*ledger_, "devices", released->event, By()));
  EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
    EXPECT_EQ(reader.Holds("devices")->size(), 1U);
    return {};
  }));
}

TEST_F(Controls, ANameThatStandsForNothingIsNeitherHeldNorTriggered) {
  const table::PartitionSchema schema{{"event_time", {.kind = table::TypeKind::kString}}};
  ObservedSources sources;
  Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(auto table, writer.FindTable("/t"));
    table->partition_columns = schema;
    LATECOMER_RETURN_IF_ERROR(writer.PutTable(*table));
    LATECOMER_RETURN_IF_ERROR(writer.PutSourcePartitions(
        "/t",
        {{.key = R"({"event_time":"later"})", .log_json = R"({"event_time":"later"})", .rows = 1, .first_seen = {}}}));
    LATECOMER_ASSIGN_OR_RETURN(auto loaded, LoadSources(writer, pipeline_));
    sources = std::move(loaded.value());
    return {};
  });
  const auto key = [&](const std::string& text) {
    return table::ParseCanonicalKey(schema, R"({"event_time":")" + text + R"("})").value();
  };
  const auto hold = [&](const std::string& text) {
    return HoldPartition(*ledger_, pipeline_, sources, key(text), "why", By());
  };
  ASSERT_FALSE(hold("soon"));
  EXPECT_EQ(hold("soon").error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(ApplyTrigger(*ledger_, pipeline_, sources, {.partitions = {key("soon")}}, "", By()).error().kind,
            ErrorKind::kInvalidArgument);
  // One without an interval that is there, and one with an interval that isn't there yet.
  EXPECT_TRUE(hold("later")) << hold("later").error().ToString();
  EXPECT_TRUE(hold("2030-01-01"));
}

TEST_F(Controls, WhatSetsWorkInMotionCantBeUndone) {
  const auto plan = ApplyClear(*ledger_, pipeline_, {.which = {.runs = {"latest"}}}, "", By());
  const auto undone = Undo(*ledger_, "devices", plan->affected.at(0).event, By());
  EXPECT_EQ(undone.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(Undo(*ledger_, "devices", 4711, By()).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(Undo(*ledger_, "other", plan->affected.at(0).event, By()).error().kind, ErrorKind::kNotFound);
}

TEST_F(Controls, ATriggerOfSeveralPartitionsIsOneTransaction) {
  const table::PartitionSchema schema{{"event_time", {.kind = table::TypeKind::kDate}}};
  const auto first = table::ParseCanonicalKey(schema, Partition(1)).value();
  const auto second = table::ParseCanonicalKey(schema, Partition(2)).value();
  AddRun("backfill_2024-01-02_v3", 2, RunState::kQueued, RunKind::kBackfill);
  const Act act = By("ann", "on request");
  const auto plan = ApplyTrigger(*ledger_, pipeline_, {}, {.partitions = {second, first}}, "", act);
  ASSERT_TRUE(plan) << plan.error().ToString();
  ASSERT_EQ(plan->affected.size(), 2U);
  EXPECT_EQ(plan->affected[0].key, first);
  EXPECT_EQ(plan->affected[1].open_run, "backfill_2024-01-02_v3");
  EXPECT_EQ(Run(plan->affected[0].run.run_id).note, "on request");
  // The same again at the same moment is refused as a whole.
  const auto third = table::ParseCanonicalKey(schema, Partition(3)).value();
  EXPECT_EQ(ApplyTrigger(*ledger_, pipeline_, {}, {.partitions = {third, first}}, "", act).error().kind,
            ErrorKind::kConflict);
  EXPECT_TRUE(ledger_->Read([&](Reader& reader) -> Status {
    EXPECT_EQ(reader.Runs({.pipeline = "devices", .partition = Partition(3)})->size(), 1U);
    return {};
  }));
}

}  // namespace
}  // namespace latecomer::engine
