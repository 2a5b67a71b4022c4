// What was made, wanted or kept before a person accepted another table or another definition.
#include <algorithm>

#include "engine/accept.h"
#include "engine/accept_definition.h"
#include "engine/clear.h"
#include "engine/controls.h"
#include "engine/facts.h"
#include "engine/observed_sources.h"
#include "outside_case.h"

namespace latecomer::simulation {
namespace {

const std::string kAnotherTable = "{table: /sim/other, partition: event_date}";
const std::string kOfTwoDays = "{table: /sim/source, partition: event_date, mapping: {window: 1}}";

class Accepting : public OutsideCase {
 protected:
  static pipeline::Pipeline Define(const std::string& events, const std::string& rest = "",
                                   const std::string& build = "sql: {query: SELECT 1, into: /sim/output}") {
    auto parsed = pipeline::ParsePipeline(
        "pipeline: case\nsources:\n  events: " + events + "\n" + rest + "steps:\n  - {id: build, " + build + "}\n",
        "/sim/case.yaml");
    EXPECT_TRUE(parsed) << parsed.error().ToString();
    return std::move(*parsed);
  }

  engine::AcceptedTable::Effect AcceptTable(const pipeline::Pipeline& reader) {
    const SimHistory history(source_, nullptr);
    const auto accepted =
        engine::AcceptTable(*ledger_.now(), {reader}, history, engine::AcceptAs::kCompare, clock_.Now());
    EXPECT_TRUE(accepted) << accepted.error().ToString();
    EXPECT_TRUE(*accepted) << "it is the same";
    return (*accepted)->pipelines.at(0);
  }

  void AcceptDefinition(const pipeline::Pipeline& changed) {
    const auto sources = engine::ObserveSources(*ledger_.now(), changed, catalog_, clock_.Now());
    ASSERT_TRUE(sources) << sources.error().ToString();
    const auto accepted =
        engine::AcceptDefinition(*ledger_.now(), changed, *sources, engine::AcceptAs::kCompare, clock_.Now());
    ASSERT_TRUE(accepted) << accepted.error().ToString();
    ASSERT_TRUE(*accepted) << "it is the same";
  }

  std::unique_ptr<Scheduler> StartWith(const pipeline::Pipeline& definition) {
    auto scheduler = Start();
    scheduler->Die();
    scheduler->Redefine(definition);
    scheduler->Start();
    return scheduler;
  }

  // Two days whose first is built, so that a change of the definition has to be accepted.
  std::string BuildTheFirst() {
    Append(kFirst);
    Append(kFirst + 1);
    const auto scheduler = Start();
    WorkAndWait(*scheduler);
    EXPECT_EQ(Processed(kFirst), 1);
    return Runs().front().run_id;
  }

  // A worker has written the first day, its lease ran out, and the run is queued again.
  engine::OutsideClaim LateWorker() {
    Append(kFirst);
    Append(kFirst + 1);
    Append(kFirst + 2);
    WriteAndSayDone(kOutside, Claim(kOutside));
    engine::OutsideClaim late = Claim(kOutside);
    Write(late, {1});
    PassTime(2 * kHour);
    Work(*Start(0, kOutside));
    EXPECT_EQ(Runs().back().state, ledger::RunState::kQueued);
    return late;
  }

  void ExpectRefused(const pipeline::Pipeline& definition, const engine::OutsideClaim& late) {
    const auto done = engine::RecordOutside(*ledger_.now(), catalog_, definition, {late.run.run_id, late.attempt.token},
                                            clock_.Now());
    ASSERT_FALSE(done) << "it was made of something else";
    EXPECT_EQ(done.error().kind, ErrorKind::kConflict) << done.error().ToString();
    EXPECT_NE(done.error().message.find("accepted"), std::string::npos) << done.error().message;
    EXPECT_EQ(Processed(SlotOf(late.key).day), -1);
  }
};

// It would count as made of versions that the table doesn't have yet, and their changes as seen.
TEST_F(Accepting, WhatALateWorkerMadeOfTheTableBeforeIsNotRecorded) {
  const engine::OutsideClaim late = LateWorker();
  source_.Recreate();
  for (Day day = kFirst; day < kFirst + 3; ++day) Append(day);
  const pipeline::Pipeline definition = Define("{table: /sim/source, partition: event_date}", kOutside);
  AcceptTable(definition);
  ExpectRefused(definition, late);
  for (int i = 0; i < 2; ++i) WriteAndSayDone(kOutside, Claim(kOutside));
  EXPECT_EQ(Processed(kFirst), 2);
  EXPECT_EQ(Processed(kFirst + 1), 2);
}

// Seed 154 with tables that are accepted: its run had failed after it wrote, and nothing changes the day any more.
TEST_F(Accepting, WhatAFailedRunMayHaveWrittenIsNotForgotten) {
  const std::string rest = kOutside + "late_data: {emptied: process, retry_failed_after: 1h}\n";
  Append(kFirst);
  Append(kFirst + 1);
  const engine::OutsideClaim failed = Claim(rest);
  Write(failed, {1});
  const auto reported = engine::FailOutside(*ledger_.now(), Define("{table: /sim/source, partition: event_date}", rest),
                                            {failed.run.run_id, failed.attempt.token}, "",
                                            engine::AfterFailure::kStayFailed, clock_.Now());
  ASSERT_TRUE(reported) << reported.error().ToString();
  source_.Recreate();
  Append(kFirst + 1);
  AcceptTable(Define("{table: /sim/source, partition: event_date}", rest));
  source_.Recreate();  // by now both tables that were known of have nothing of the day
  Append(kFirst + 1);
  AcceptTable(Define("{table: /sim/source, partition: event_date}", rest));
  PassTime(2 * kHour);
  EXPECT_EQ(SlotOf(Claim(rest).key).day, kFirst) << "its output has rows";
}

// Seed 1957: the run was in the queue then, and cancelled afterwards.
TEST_F(Accepting, WhatAQueuedRunMayHaveWrittenIsNotForgotten) {
  const pipeline::Pipeline definition = Define("{table: /sim/source, partition: event_date}", kOutside);
  const engine::OutsideClaim late = LateWorker();
  for (int i = 0; i < 2; ++i) {  // by the second both tables that were known of have nothing of the day
    source_.Recreate();
    Append(kFirst);
    Append(kFirst + 2);
    AcceptTable(definition);
  }
  const auto cancelled =
      engine::ApplyCancel(*ledger_.now(), definition, {.runs = {late.run.run_id}}, "", {.now = clock_.Now()});
  ASSERT_TRUE(cancelled && cancelled->affected.size() == 1);
  std::map<Day, lateness::Decision> decided;
  ASSERT_TRUE(ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto sources, engine::LoadSources(reader, definition));
    LATECOMER_ASSIGN_OR_RETURN(const auto facts, engine::GatherFacts(reader, definition, *sources, clock_.Now()));
    for (const auto& entry : lateness::MakePlan(definition.rules, facts).entries)
      decided[SlotOf(entry.key).day] = entry.decision;
    return {};
  }));
  EXPECT_EQ(decided.at(kFirst + 1), lateness::Decision::kFailed) << "its output has rows";
}

// … and what has rows is due in any case: it makes nothing late that is made of the same day, too.
TEST_F(Accepting, AFailedRunOfWhatIsThereMakesNoOthersLate) {
  const pipeline::Pipeline two_days = Define(kOfTwoDays, kOutside);
  const auto claim = [&] {
    const auto claimer = StartWith(two_days);
    claimer->StartAs("external:worker", std::chrono::hours(1));
    return claimer->Claim({.limit = 1})->claims.at(0);
  };
  const auto done = [&](const engine::OutsideClaim& one) {
    Write(one, {++files_});
    return engine::RecordOutside(*ledger_.now(), catalog_, two_days, {one.run.run_id, one.attempt.token}, clock_.Now());
  };
  for (Day day = kFirst; day < kFirst + 4; ++day) Append(day);
  ASSERT_TRUE(done(claim()));
  const engine::OutsideClaim failed = claim();
  ASSERT_TRUE(engine::FailOutside(*ledger_.now(), two_days, {failed.run.run_id, failed.attempt.token}, "",
                                  engine::AfterFailure::kStayFailed, clock_.Now()));
  ASSERT_TRUE(done(claim()));
  SimCommit same{.at_ms = time_.true_ms, .operation = "REPLACE", .actions = {}, .write = {}, .replaces_table = true};
  const TableState before = source_.Newest();
  for (const auto& [slot, files] : before) {
    same.actions.push_back({files.front(), false, true});
    same.actions.push_back({files.front(), true, true});
  }
  source_.Commit(std::move(same));
  const auto effect = AcceptTable(two_days);
  EXPECT_EQ(effect.kept, 2U);
  EXPECT_EQ(effect.late, 0U);
}

TEST_F(Accepting, WhatALateWorkerMadeByTheDefinitionBeforeIsNotRecorded) {
  const engine::OutsideClaim late = LateWorker();
  const pipeline::Pipeline changed = Define(kOfTwoDays, kOutside);
  AcceptDefinition(changed);
  ExpectRefused(changed, late);
}

TEST_F(Accepting, AClearedRunDoesNotKeepVersionsOfTheTableThatADefinitionReadBefore) {
  const std::string run = BuildTheFirst();
  const auto cleared = engine::ApplyClear(*ledger_.now(), Define("{table: /sim/source, partition: event_date}"),
                                          {.which = {.runs = {run}}, .same_versions = true}, "", {.now = clock_.Now()});
  ASSERT_TRUE(cleared && cleared->affected.size() == 1);
  AppendTo(other_, kFirst);
  const pipeline::Pipeline changed = Define(kAnotherTable, "", "command: [build]");  // which takes any version
  AcceptDefinition(changed);
  const auto scheduler = StartWith(changed);
  WorkAndWait(*scheduler);
  EXPECT_EQ(Processed(kFirst), 0) << "the only version that it has";
}

// It would let go what nobody has looked at.
TEST_F(Accepting, AReleaseIsNotOneOfTheVersionsOfAnotherTable) {
  BuildTheFirst();
  const std::string partition = KeyOf(output_, {kFirst, Slot::kNoCountry}, false).Canonical();
  ASSERT_TRUE(ledger_.now()->Write([&](ledger::Writer& writer) {
    return writer.PutRelease({"case", partition, {{"events", Version{5}}}, clock_.Now()});
  }));
  const auto up_to = [&] {
    VersionVector versions;
    EXPECT_TRUE(ledger_.now()->Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto releases, reader.Releases("case"));
      versions = releases.at(0).up_to;
      return {};
    }));
    return versions;
  };
  AcceptDefinition(Define(kOfTwoDays));
  EXPECT_EQ(up_to(), (VersionVector{{"events", Version{5}}})) << "it is the same table";
  AppendTo(other_, kFirst);
  AcceptDefinition(Define(kAnotherTable));
  EXPECT_EQ(up_to(), VersionVector{});
}

TEST_F(Accepting, VersionsOfTheTableThatADefinitionReadBeforeAreNotTakenUp) {
  const std::string run = BuildTheFirst();
  AppendTo(other_, kFirst);
  const pipeline::Pipeline changed = Define(kAnotherTable);
  AcceptDefinition(changed);
  const auto cleared = engine::ApplyClear(*ledger_.now(), changed, {.which = {.runs = {run}}, .same_versions = true},
                                          "", {.now = clock_.Now()});
  ASSERT_TRUE(cleared) << cleared.error().ToString();
  EXPECT_TRUE(cleared->affected.empty());
  ASSERT_EQ(cleared->untouched.size(), 1U);
  EXPECT_NE(cleared->untouched.front().why.find("versions are gone"), std::string::npos);
}

// … and by a definition that only makes other outputs of the same table they are.
TEST_F(Accepting, VersionsOfTheSameTableAreTakenUpAfterAnotherDefinition) {
  const std::string run = BuildTheFirst();
  const pipeline::Pipeline changed = Define(kOfTwoDays);
  AcceptDefinition(changed);
  const auto cleared = engine::ApplyClear(*ledger_.now(), changed, {.which = {.runs = {run}}, .same_versions = true},
                                          "", {.now = clock_.Now()});
  ASSERT_TRUE(cleared) << cleared.error().ToString();
  EXPECT_EQ(cleared->affected.size(), 1U);
}

}  // namespace
}  // namespace latecomer::simulation
