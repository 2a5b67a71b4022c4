// A plan that leaves out what is settled says the same as one made of everything, whatever happened before.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "engine/facts.h"
#include "engine/open_facts.h"
#include "engine/run_names.h"
#include "engine/scripted_history.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::engine {
namespace {

using lateness::Decision;
using lateness::PlanEntry;
using ledger::Reader;
using ledger::RunState;
using ledger::Writer;

// All values are equally likely, however large rapidcheck wants its cases at the moment.
int Pick(int from, int to) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, to + 1));
}
bool OneIn(int n) {
  return Pick(1, n) == 1;
}

// Small tables, several ways to read them. The days of 2024-01-01 to 2024-01-12.
constexpr int kDays = 12;

const std::vector<std::string>& Sources() {
  static const std::vector<std::string> texts{
      "  a: {table: /a, partition: d}\n",
      "  a: {table: /a, partition: d, mapping: {window: 2}}\n",
      "  a: {table: /a, partition: d, mapping: {rollup: week}}\n",
      "  a: {table: /a, partition: d}\n  b: {table: /b, partition: d, mapping: {window: 1}}\n",
      "  b: {table: /b, partition: d, mapping: {rollup: week}}\n  a: {table: /a, partition: d, cadence: day, mapping: "
      "{rollup: week}}\n",
      "  a: {table: /a, partition: d}\n  b: {table: /b, partition: d, mapping: all}\n",
      "  a: {table: /a, partition: d, mapping: {window: 1}}\n  b: {table: /b, partition: d, mapping: latest}\n",
  };
  return texts;
}

std::string AnyRules() {
  const auto maybe = [](const std::string& text) { return OneIn(2) ? text : std::string(); };
  std::string schedule = maybe("  start: 2024-01-0" + std::to_string(Pick(1, 9)) + "\n") +
                         maybe("  end: 2024-01-1" + std::to_string(Pick(0, 2)) + "\n") +
                         (OneIn(8) ? "  catch_up: false\n" : "") + (OneIn(3) ? "  ready: {delay: 20h}\n" : "");
  std::string late =
      maybe("  max_backfills: " + std::to_string(Pick(1, 3)) + "\n") +
      maybe("  min_rows: " + std::to_string(Pick(1, 8)) + "\n") +
      maybe("  allowed_lateness: " + std::to_string(Pick(1, 9)) + "d\n") + maybe("  emptied: process\n") +
      (OneIn(3) ? "  no_interval: process\n" : "") + (OneIn(4) ? "  retry_failed_after: 1d\n" : "") +
      (OneIn(4) ? "  settle: 6h\n" : "") + maybe("  frozen_before: 2024-01-0" + std::to_string(Pick(1, 6)) + "\n") +
      (OneIn(4) ? "  detect: lookback\n  lookback: 2\n" : "") + (OneIn(3) ? "  order: newest_first\n" : "");
  return (schedule.empty() ? "" : "schedule:\n" + schedule) + (late.empty() ? "" : "late_data:\n" + late);
}

class World {
 public:
  World() {
    SeededRandom random(7);
    auto opened = ledger::OpenSqliteLedger(":memory:", ledger::OpenMode::kCreate, random);
    RC_ASSERT(opened.has_value());
    ledger_ = std::move(*opened);
    NewPipeline();
    for (auto& [location, table] : tables_) Commit(table);
  }

  void Step() {
    using Act = void (World::*)();
    constexpr Act kActs[] = {&World::CommitSome,  &World::Observe,  &World::Observe,  &World::CatchUp,
                             &World::CatchUp,     &World::CatchUp,  &World::Process,  &World::Forget,
                             &World::AddRun,      &World::MoveRun,  &World::Release,  &World::Hold,
                             &World::Remember,    &World::Remember, &World::Remember, &World::Remember,
                             &World::ApplyOldOne, &World::PassTime};
    (this->*kActs[Pick(0, static_cast<int>(std::size(kActs)) - 1)])();
    if (OneIn(60)) NewPipeline();
    if (OneIn(60)) Accept();
  }

  void Compare() {
    if (!known_) return;
    Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto stored, LoadSources(reader, pipeline_));
      LATECOMER_RETURN_IF_ERROR(CompareOf(reader, *stored));
      return {};
    });
    // What `plan` does: it goes on from what the ledger knows, and stores nothing.
    const ObservedSources ahead = Advanced();
    Read([&](Reader& reader) { return CompareOf(reader, ahead); });
  }

 private:
  void Read(const std::function<Status(Reader&)>& body) {
    const Status done = ledger_->Read(body);
    if (!done) RC_FAIL(done.error().ToString());
  }
  void Write(const std::function<Status(Writer&)>& body) {
    const Status done = ledger_->Write(body);
    if (!done) RC_FAIL(done.error().ToString());
  }

  void NewPipeline() {
    const std::string text = "pipeline: p\nsources:\n" + *rc::gen::elementOf(Sources()) + AnyRules() +
                             "steps:\n  - {id: go, command: [/bin/true]}\n";
    auto parsed = pipeline::ParsePipeline(text, "/p.yaml");
    if (!parsed) RC_FAIL(parsed.error().ToString() + "\n" + text);
    RC_LOG() << text;
    pipeline_ = std::move(*parsed);
    if (known_) Observe();
  }

  void Commit(ScriptedTable& table) {
    std::vector<ScriptedTable::Change> changes;
    for (int count = Pick(1, 4); count > 0; --count) {
      ScriptedTable::Change change;
      if (!OneIn(15)) change.day = OneIn(20) ? 200 : Pick(0, kDays - 1);
      change.empties = OneIn(6);
      change.data_change = !OneIn(5);
      changes.push_back(change);
    }
    table.Commit(changes, now_);
  }
  void CommitSome() { Commit(OneIn(2) ? tables_.begin()->second : tables_.rbegin()->second); }

  Result<ObservedTable> AdvanceOne(const std::string& location) {
    std::optional<ObservedTable> known;
    Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(known, LoadKnown(reader, location));
      return {};
    });
    return Advance(tables_.at(location).History(), std::move(known), now_, ledger_.get());
  }

  ObservedSources Advanced() {
    ObservedSources sources;
    for (const pipeline::Source& source : pipeline_.sources) {
      if (sources.tables.contains(source.location)) continue;
      auto table = AdvanceOne(source.location);
      if (!table) RC_FAIL(table.error().ToString());
      sources.tables.emplace(source.location, std::move(*table));
    }
    return sources;
  }

  void Observe() {
    const ObservedSources sources = Advanced();
    Write([&](Writer& writer) -> Status {
      for (const auto& [location, table] : sources.tables) LATECOMER_RETURN_IF_ERROR(Store(writer, table));
      return {};
    });
    known_ = true;
  }

  // Any output there is; nullopt when there is none.
  std::optional<table::PartitionKey> AnyOutput() {
    if (!known_) return std::nullopt;
    std::vector<table::PartitionKey> keys;
    Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto sources, LoadSources(reader, pipeline_));
      LATECOMER_ASSIGN_OR_RETURN(const auto facts, GatherFacts(reader, pipeline_, *sources, now_));
      const bool due_only = OneIn(2);
      for (const PlanEntry& entry : lateness::MakePlan(pipeline_.rules, facts).entries) {
        if (!due_only || entry.decision == Decision::kProcess) keys.push_back(entry.key);
      }
      return {};
    });
    if (keys.empty()) return std::nullopt;
    // Mostly in the plan's order.
    return OneIn(3) ? *rc::gen::elementOf(keys) : keys.front();
  }

  VersionVector AnyVector(Reader& reader) {
    VersionVector vector;
    for (const pipeline::Source& source : pipeline_.sources) {
      const auto table = reader.FindTable(source.location);
      const std::int64_t seen = (*table)->seen.version.value;
      if (OneIn(40)) continue;  // a source that was added since
      vector[source.name] = Version{OneIn(12) ? Pick(0, static_cast<int>(seen)) : seen};
    }
    return vector;
  }

  void CatchUp() {
    for (int outputs = Pick(1, kDays); outputs > 0; --outputs) Process();
  }

  void Process() {
    const auto key = AnyOutput();
    if (!key) return;
    Write([&](Writer& writer) -> Status {
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = "p",
                                                     .partition = key->Canonical(),
                                                     .vector = AnyVector(writer),
                                                     .run_id = "r",
                                                     .try_number = 0,
                                                     .token = 0,
                                                     .at = now_}));
      return OneIn(2) ? PlaceOutputs(writer, pipeline_) : Status();
    });
  }

  void Forget() {
    if (!OneIn(3)) return;
    const auto key = AnyOutput();
    if (key) Write([&](Writer& writer) { return writer.RemoveProcessed("p", key->Canonical()); });
  }

  void AddRun() {
    const auto key = AnyOutput();
    if (!key) return;
    ledger::RunRecord run;
    run.pipeline = "p";
    run.run_id = "r" + std::to_string(++runs_);
    run.partition = key->Canonical();
    run.kind = OneIn(2) ? ledger::RunKind::kBackfill : ledger::RunKind::kScheduled;
    run.cause = OneIn(2) ? "interval" : "a@" + std::to_string(Pick(0, 9));
    run.tries = Pick(0, 1);
    run.state = static_cast<RunState>(Pick(0, 5));
    run.created = now_;
    Write([&](Writer& writer) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto there, writer.FindRunByCause("p", run.partition, run.cause));
      if (there) return {};
      LATECOMER_RETURN_IF_ERROR(writer.InsertRun(run));
      return OneIn(2) ? PlaceOutputs(writer, pipeline_) : Status();
    });
  }

  void MoveRun() {
    Write([&](Writer& writer) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(auto runs, writer.Runs({.pipeline = "p"}));
      if (runs.empty()) return {};
      ledger::RunRecord run = runs[static_cast<std::size_t>(Pick(0, static_cast<int>(runs.size()) - 1))];
      const auto to = static_cast<RunState>(Pick(0, 5));
      if (!ledger::MayFollow(run.state, to)) return {};
      run.state = to;
      if (!ledger::IsOpen(to)) run.ended = now_;
      run.tries += to == RunState::kRunning ? 1 : 0;
      return writer.UpdateRun(run);
    });
  }

  void Release() {
    const auto key = AnyOutput();
    if (!key) return;
    Write([&](Writer& writer) { return writer.PutRelease({"p", key->Canonical(), AnyVector(writer), now_}); });
  }

  void Hold() {
    const auto key = AnyOutput();
    if (!key) return;
    Write([&](Writer& writer) {
      if (OneIn(2)) return writer.RemoveHold("p", key->Canonical());
      return writer.PutHold(
          {.pipeline = "p", .partition = key->Canonical(), .reason = "wait", .by = "ann", .at = now_});
    });
  }

  // What an engine does; the look and the writing are two transactions, and anything may come between.
  void Remember() {
    if (!known_) return;
    Read([&](Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto sources, LoadSources(reader, pipeline_));
      OpenScope scope;
      if (OneIn(2)) scope.ahead = Pick(0, 3);
      LATECOMER_ASSIGN_OR_RETURN(const OpenFacts facts, GatherOpenFacts(reader, pipeline_, *sources, now_, scope));
      seen_update_ = facts.update;
      seen_by_ = pipeline_;
      return {};
    });
    if (OneIn(2)) ApplyOldOne();
  }
  void ApplyOldOne() {
    if (!seen_update_ || seen_by_->text != pipeline_.text) return;
    Write([&](Writer& writer) { return ApplyIndexUpdate(writer, pipeline_, *seen_update_); });
    if (OneIn(2)) seen_update_.reset();
  }

  void PassTime() { now_ += std::chrono::hours(Pick(1, 30)); }

  // The table was made anew: its versions begin again, and what was processed is moved over.
  void Accept() {
    if (!known_) return;
    auto& [location, table] = *tables_.begin();
    table.StartAnew();
    Commit(table);
    Write([&](Writer& writer) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto known, writer.FindTable(location));
      if (!known) return {};
      LATECOMER_RETURN_IF_ERROR(writer.ForgetTable(location));
      LATECOMER_ASSIGN_OR_RETURN(ObservedTable first, Advance(table.History(), std::nullopt, now_));
      LATECOMER_RETURN_IF_ERROR(writer.PutTable(first.record));
      LATECOMER_RETURN_IF_ERROR(writer.PutChanges(location, first.new_changes));
      std::vector<ledger::SourcePartitionRecord> partitions;
      for (const auto& [key, partition] : first.partitions) partitions.push_back(partition);
      LATECOMER_RETURN_IF_ERROR(writer.PutSourcePartitions(location, partitions));
      LATECOMER_ASSIGN_OR_RETURN(auto processed, writer.Processed("p"));
      for (ledger::ProcessedRecord& record : processed) {
        if (OneIn(2)) {
          record.vector.erase("a");
        } else {
          record.vector["a"] = first.record.seen.version;
        }
        LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(record));
      }
      return {};
    });
  }

  // ----- what has to be equal

  static std::string Text(const PlanEntry& entry) {
    std::string text = entry.key.Display() + " decision " + std::to_string(static_cast<int>(entry.decision)) +
                       (entry.late ? " late " : " ") + entry.rule + " | " + entry.reason + " | " + entry.cause + " | " +
                       entry.blocking_run + " kind " + std::to_string(static_cast<int>(entry.kind)) + " rows " +
                       std::to_string(entry.rows.value_or(-1));
    for (const lateness::Change& change : entry.changes) {
      text += " " + change.source + "@" + std::to_string(change.version.value) + change.source_partition.Display();
    }
    return text;
  }

  template <typename Wanted>
  static std::vector<std::string> Texts(const std::vector<PlanEntry>& entries, const Wanted& wanted) {
    std::vector<std::string> texts;
    for (const PlanEntry& entry : entries) {
      if (wanted(entry)) texts.push_back(Text(entry));
    }
    return texts;
  }

  // An error, and no RC_ASSERT: that would be thrown through a transaction, which tells no more than that it was.
  static Status Same(const std::vector<std::string>& some, const std::vector<std::string>& all) {
    if (some == all) return {};
    std::string text = "of what is open:";
    for (const std::string& one : some) text += "\n  " + one;
    text += "\nof all facts:";
    for (const std::string& one : all) text += "\n  " + one;
    return Fail(ErrorKind::kUnexpected, text);
  }

  Status CompareOf(Reader& reader, const ObservedSources& sources) {
    LATECOMER_ASSIGN_OR_RETURN(const lateness::PlanInput all, GatherFacts(reader, pipeline_, sources, now_));
    const lateness::Plan full = lateness::MakePlan(pipeline_.rules, all);
    LATECOMER_ASSIGN_OR_RETURN(const OpenFacts some, GatherOpenFacts(reader, pipeline_, sources, now_));
    const lateness::Plan open = lateness::MakePlan(pipeline_.rules, some.input);
    const auto not_settled = [](const PlanEntry& entry) { return entry.decision != Decision::kUpToDate; };
    LATECOMER_RETURN_IF_ERROR(Same(Texts(open.entries, not_settled), Texts(full.entries, not_settled)));
    if (open.newest != full.newest) return Fail(ErrorKind::kUnexpected, "another newest one");
    if (some.horizon) return Fail(ErrorKind::kUnexpected, "a horizon nobody asked for");
    left_out_ += static_cast<int>(full.entries.size() - open.entries.size());

    // An engine looks only a little ahead: it misses nothing that is late, and no interval out of its turn.
    const int ahead = Pick(0, 3);
    LATECOMER_ASSIGN_OR_RETURN(const OpenFacts near,
                               GatherOpenFacts(reader, pipeline_, sources, now_, {.ahead = ahead}));
    const lateness::Plan limited = lateness::MakePlan(pipeline_.rules, near.input);
    const auto backfill = [](const PlanEntry& entry) {
      return entry.decision == Decision::kProcess && entry.kind == lateness::RunFact::Kind::kBackfill;
    };
    LATECOMER_RETURN_IF_ERROR(Same(Texts(limited.entries, backfill), Texts(full.entries, backfill)));
    const auto due = [&](const PlanEntry& entry) {
      if (entry.decision != Decision::kProcess || entry.kind != lateness::RunFact::Kind::kScheduled) return false;
      return !near.horizon || !entry.interval ||
             entry.interval->start <= pipeline_.rules.calendar.IntervalAt(*near.horizon).start;
    };
    if (ahead > 0) LATECOMER_RETURN_IF_ERROR(Same(Texts(limited.entries, due), Texts(full.entries, due)));

    // The neighbours that a look-back processes again.
    for (const lateness::OutputFacts& output : all.outputs) {
      LATECOMER_ASSIGN_OR_RETURN(const OpenFacts around,
                                 GatherOpenFacts(reader, pipeline_, sources, now_, {.ahead = 0, .around = output.key}));
      const auto any = [](const PlanEntry&) { return true; };
      LATECOMER_RETURN_IF_ERROR(Same(Texts(LookbackBackfills(pipeline_.rules, around.input, output.key, "r"), any),
                                     Texts(LookbackBackfills(pipeline_.rules, all, output.key, "r"), any)));
      if (!OneIn(4)) break;
    }
    return {};
  }

 public:
  int left_out() const { return left_out_; }

 private:
  std::unique_ptr<ledger::Ledger> ledger_;
  pipeline::Pipeline pipeline_;
  std::map<std::string, ScriptedTable> tables_{{"/a", ScriptedTable("/a")}, {"/b", ScriptedTable("/b")}};
  Instant now_ = *ParseInstant("2024-01-08T12:00:00Z");
  bool known_ = false;
  int runs_ = 0;
  int left_out_ = 0;
  std::optional<IndexUpdate> seen_update_;
  std::optional<pipeline::Pipeline> seen_by_;
};

// As when a person withdraws what was processed while an engine looks at the pipeline's new definition.
TEST(OpenFacts, WhatIsMarkedDuringALookAtAnotherShapeStaysMarked) {
  SeededRandom random(7);
  const auto ledger = *ledger::OpenSqliteLedger(":memory:", ledger::OpenMode::kCreate, random);
  const auto pipeline = pipeline::ParsePipeline(
      "pipeline: p\nsources:\n  a: {table: /a, partition: d}\nsteps:\n  - {id: go, command: [/bin/true]}\n", "/p.yaml");
  ASSERT_TRUE(pipeline);
  const auto write = [&](const std::function<Status(Writer&)>& body) { ASSERT_TRUE(ledger->Write(body)); };
  IndexUpdate update;
  update.before = ledger::SettledRecord{"p", "the old shape", {{"a", Version{3}}}, std::nullopt};
  update.settled = ledger::SettledRecord{"p", "the new shape", {{"a", Version{3}}}, std::nullopt};
  std::vector<ledger::MarkRecord> marks;
  write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutSettled(*update.before));
    LATECOMER_RETURN_IF_ERROR(writer.Mark("p", "settled meanwhile"));
    LATECOMER_ASSIGN_OR_RETURN(update.unmark, writer.Marked("p"));
    return writer.Mark("p", "withdrawn");
  });
  write([&](Writer& writer) { return ApplyIndexUpdate(writer, *pipeline, update); });
  write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(marks, writer.Marked("p"));
    return {};
  });
  ASSERT_EQ(marks.size(), 1U);
  EXPECT_EQ(marks[0].partition, "withdrawn");
}

TEST(OpenFacts, GiveThePlanThatAllFactsGive) {
  int left_out = 0;
  const bool holds = rc::check([&] {
    World world;
    for (int step = Pick(5, 60); step > 0; --step) {
      world.Step();
      world.Compare();
    }
    left_out += world.left_out();
  });
  EXPECT_TRUE(holds);
  EXPECT_GT(left_out, 200) << "nothing was left out, so nothing was tried";
}

}  // namespace
}  // namespace latecomer::engine
