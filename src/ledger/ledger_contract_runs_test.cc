#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

#include "ledger/ledger_contract.h"
#include "ledger/pipeline_writes.h"

namespace latecomer::ledger {
namespace {

Error Fails(const Status& status) {
  return status ? Error() : status.error();
}

TEST_P(LedgerContract, RunsRoundTrip) {
  RunRecord run = SomeRun("backfill_a_v3", "a", "devices@3");
  std::int64_t parent = 0;
  Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(parent, writer.InsertRun(SomeRun("scheduled_b", "b", "schedule")));
    run.caused_by = parent;
    run.keep_vector = VersionVector{{"devices", Version{3}}};
    run.keep_steps = {{"extract", 1}, {"build \"it\"", 0}};
    run.note = "note";
    run.message = "message";
    LATECOMER_ASSIGN_OR_RETURN(run.id, writer.InsertRun(run));
    return {};
  });
  EXPECT_NE(run.id, 0);
  EXPECT_NE(run.id, parent);
  run.state = RunState::kRunning;
  run.started = At(8);
  run.ended = At(9);
  run.tries = 2;
  Write([&](Writer& writer) { return writer.UpdateRun(run); });
  Read([&](Reader& reader) {
    for (const auto& found : {reader.FindRun(run.id), reader.FindRunByName("devices", run.run_id),
                              reader.FindRunByCause("devices", "a", "devices@3")}) {
      ASSERT_TRUE(found && found->has_value());
      const RunRecord& stored = **found;
      EXPECT_EQ(stored.id, run.id);
      EXPECT_EQ(stored.run_id, run.run_id);
      EXPECT_EQ(stored.partition_display, run.partition_display);
      EXPECT_EQ(stored.kind, run.kind);
      EXPECT_EQ(stored.caused_by, parent);
      EXPECT_EQ(stored.state, RunState::kRunning);
      EXPECT_EQ(stored.waiting_for, run.waiting_for);
      EXPECT_EQ(stored.message, run.message);
      EXPECT_EQ(stored.tries, 2);
      EXPECT_EQ(stored.keep_vector, run.keep_vector);
      EXPECT_EQ(stored.keep_steps, run.keep_steps);
      EXPECT_EQ(stored.note, run.note);
      EXPECT_EQ(stored.created, run.created);
      EXPECT_EQ(stored.started, run.started);
      EXPECT_EQ(stored.ended, run.ended);
    }
    EXPECT_FALSE(reader.FindRun(12345)->has_value());
    EXPECT_FALSE(reader.FindRunByCause("devices", "a", "other")->has_value());
  });
}

TEST_P(LedgerContract, ASecondRunOfTheSameCauseOrNameIsAConflictAndTheTransactionGoesOn) {
  Write([](Writer& writer) -> Status {
    EXPECT_TRUE(writer.InsertRun(SomeRun("r1", "a", "c")));
    for (const RunRecord& again : {SomeRun("r2", "a", "c"), SomeRun("r1", "b", "d")}) {
      const auto id = writer.InsertRun(again);
      EXPECT_EQ(id ? ErrorKind::kUnexpected : id.error().kind, ErrorKind::kConflict);
    }
    return writer.InsertRun(SomeRun("r3", "a", "e")) ? Status() : Fail(ErrorKind::kUnexpected, "");
  });
  Read([](Reader& reader) { EXPECT_EQ(reader.Runs({})->size(), 2U); });
}

TEST_P(LedgerContract, RunsAreFilteredAndTheNewestKept) {
  Write([](Writer& writer) -> Status {
    for (int i = 0; i < 12; ++i) {
      RunRecord run = SomeRun("r" + std::to_string(i), i % 2 == 0 ? "even" : "odd", "c" + std::to_string(i));
      run.state = i < 6 ? RunState::kSuccess : RunState::kQueued;
      if (i == 11) run.pipeline = "other";
      LATECOMER_RETURN_IF_ERROR(writer.InsertRun(run));
    }
    return {};
  });
  const auto names = [&](const RunFilter& filter) {
    std::string all;
    Read([&](Reader& reader) {
      const auto runs = reader.Runs(filter);
      ASSERT_TRUE(runs);
      for (const RunRecord& run : *runs) all += run.run_id + " ";
    });
    return all;
  };
  EXPECT_EQ(names({.pipeline = "devices", .limit = 2}), "r9 r10 ");
  EXPECT_EQ(names({.pipeline = "devices", .partition = "odd"}), "r1 r3 r5 r7 r9 ");
  EXPECT_EQ(names({.pipeline = "devices", .open_only = true}), "r6 r7 r8 r9 r10 ");
  EXPECT_EQ(names({.pipeline = "devices", .state = RunState::kSuccess, .limit = 1}), "r5 ");
  EXPECT_EQ(names({.state = RunState::kQueued, .limit = 2}), "r10 r11 ");
  EXPECT_EQ(names({.pipeline = "nobody"}), "");
}

TEST_P(LedgerContract, ChangesOfStateThatAreNotLegalAreRefusedNamingBoth) {
  RunRecord run = SomeRun("r", "a", "c");
  Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(run.id, writer.InsertRun(run));
    LATECOMER_RETURN_IF_ERROR(writer.InsertTry(SomeTry(run.id, 1)));
    LATECOMER_RETURN_IF_ERROR(writer.InsertStep(SomeStep(run.id, 1, "s")));
    LATECOMER_RETURN_IF_ERROR(writer.InsertAttempt(SomeAttempt(run.id, 1, "s")));
    run.state = RunState::kSuccess;
    return writer.UpdateRun(run);
  });
  run.state = RunState::kRunning;
  const Error error = Fails(ledger_->Write([&](Writer& writer) { return writer.UpdateRun(run); }));
  EXPECT_EQ(error.kind, ErrorKind::kUnexpected);
  EXPECT_NE(error.message.find("success"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("running"), std::string::npos) << error.message;
  Read([&](Reader& reader) { EXPECT_EQ((*reader.FindRun(run.id))->state, RunState::kSuccess); });

  TryRecord attempt_try = SomeTry(run.id, 1);
  attempt_try.state = TryState::kLost;
  Write([&](Writer& writer) { return writer.UpdateTry(attempt_try); });
  attempt_try.state = TryState::kSuccess;
  EXPECT_EQ(Fails(ledger_->Write([&](Writer& w) { return w.UpdateTry(attempt_try); })).kind, ErrorKind::kUnexpected);

  StepRecord step = SomeStep(run.id, 1, "s");
  step.state = StepState::kUpForRetry;
  EXPECT_EQ(Fails(ledger_->Write([&](Writer& w) { return w.UpdateStep(step); })).kind, ErrorKind::kUnexpected);

  AttemptRecord attempt = SomeAttempt(run.id, 1, "s");
  attempt.state = AttemptState::kFailed;
  Write([&](Writer& writer) { return writer.UpdateAttempt(attempt); });
  attempt.state = AttemptState::kRunning;
  EXPECT_EQ(Fails(ledger_->Write([&](Writer& w) { return w.UpdateAttempt(attempt); })).kind, ErrorKind::kUnexpected);
}

TEST_P(LedgerContract, UpdatesOfWhatIsNotThereAreRefused) {
  RunRecord run = SomeRun("r", "a", "c");
  run.id = 99;
  EXPECT_EQ(Fails(ledger_->Write([&](Writer& w) { return w.UpdateRun(run); })).kind, ErrorKind::kNotFound);
  EXPECT_EQ(Fails(ledger_->Write([&](Writer& w) { return w.UpdateTry(SomeTry(99, 1)); })).kind, ErrorKind::kNotFound);
  EXPECT_EQ(Fails(ledger_->Write([&](Writer& w) { return w.UpdateStep(SomeStep(99, 1, "s")); })).kind,
            ErrorKind::kNotFound);
  // A try belongs to a run, a step to a try, an attempt to a step.
  EXPECT_FALSE(ledger_->Write([&](Writer& w) { return w.InsertTry(SomeTry(99, 1)); }));
  EXPECT_FALSE(ledger_->Write([&](Writer& w) { return w.InsertStep(SomeStep(99, 1, "s")); }));
  EXPECT_FALSE(ledger_->Write([&](Writer& w) { return w.InsertAttempt(SomeAttempt(99, 1, "s")); }));
}

TEST_P(LedgerContract, TriesStepsAndAttemptsRoundTrip) {
  std::int64_t run = 0;
  StepRecord mapped;
  AttemptRecord attempt;
  Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(run, writer.InsertRun(SomeRun("r", "a", "c")));
    LATECOMER_RETURN_IF_ERROR(writer.InsertTry(SomeTry(run, 1)));
    EXPECT_EQ(Fails(writer.InsertTry(SomeTry(run, 1))).kind, ErrorKind::kConflict);
    mapped = SomeStep(run, 1, "backfill", 0);
    mapped.position = 4;
    mapped.child_run = run;
    mapped.retry_at = At(6);
    mapped.started = At(7);
    mapped.ended = At(8);
    mapped.message = "m";
    mapped.attempts = 3;
    mapped.kept_from = 2;
    LATECOMER_RETURN_IF_ERROR(writer.InsertStep(mapped));
    StepRecord first = SomeStep(run, 1, "z");
    first.position = 1;
    LATECOMER_RETURN_IF_ERROR(writer.InsertStep(first));
    attempt = SomeAttempt(run, 1, "z");
    LATECOMER_RETURN_IF_ERROR(writer.InsertAttempt(attempt));
    attempt.state = AttemptState::kFailed;
    attempt.exit_code = 137;
    attempt.message = "killed by signal 9";
    attempt.ended = At(11);
    return writer.UpdateAttempt(attempt);
  });
  Read([&](Reader& reader) {
    const auto tries = reader.Tries(run);
    ASSERT_TRUE(tries);
    ASSERT_EQ(tries->size(), 1U);
    EXPECT_EQ((*tries)[0].vector, SomeTry(run, 1).vector);
    EXPECT_EQ((*tries)[0].token, 7);
    const auto steps = reader.Steps(run, 1);
    ASSERT_TRUE(steps);
    ASSERT_EQ(steps->size(), 2U);
    EXPECT_EQ((*steps)[0].step, "z");
    EXPECT_EQ((*steps)[1].child_run, run);
    EXPECT_EQ((*steps)[1].map_index, 0);
    EXPECT_EQ((*steps)[1].kept_from, 2);
    EXPECT_FALSE((*steps)[0].kept_from);
    EXPECT_EQ((*steps)[1].retry_at, At(6));
    EXPECT_EQ((*steps)[1].attempts, 3);
    const auto attempts = reader.Attempts(run, 1);
    ASSERT_TRUE(attempts);
    ASSERT_EQ(attempts->size(), 1U);
    EXPECT_EQ((*attempts)[0].exit_code, 137);
    EXPECT_EQ((*attempts)[0].folder, attempt.folder);
    EXPECT_EQ((*attempts)[0].message, attempt.message);
    EXPECT_EQ((*attempts)[0].ended, At(11));
    EXPECT_TRUE(reader.Steps(run, 2)->empty());
  });
}

TEST_P(LedgerContract, AClaimIsNeverTakenBackByASmallerToken) {
  ClaimRecord claim{.pipeline = "devices",
                    .partition = "a",
                    .token = 5,
                    .holder = "h1",
                    .expires = At(1),
                    .run = 0,
                    .try_number = 0,
                    .released = false};
  Write([&](Writer& writer) { return writer.PutClaim(claim); });
  claim.token = 4;
  claim.holder = "late";
  EXPECT_EQ(Fails(ledger_->Write([&](Writer& w) { return w.PutClaim(claim); })).kind, ErrorKind::kConflict);
  Read([](Reader& reader) {
    EXPECT_EQ((*reader.FindClaim("devices", "a"))->holder, "h1");
    EXPECT_EQ(reader.ClaimsHeld("devices")->size(), 1U);
  });
  claim.token = 5;  // the same holder renews or gives back
  claim.released = true;
  Write([&](Writer& writer) { return writer.PutClaim(claim); });
  Read([](Reader& reader) {
    EXPECT_TRUE((*reader.FindClaim("devices", "a"))->released);
    EXPECT_TRUE(reader.ClaimsHeld("devices")->empty());
  });
}

TEST_P(LedgerContract, AFailedOrThrowingBodyLeavesNothing) {
  const Status failed = ledger_->Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun("r", "a", "c")));
    return Fail(ErrorKind::kCancelled, "changed my mind");
  });
  EXPECT_EQ(Fails(failed).kind, ErrorKind::kCancelled);
  EXPECT_EQ(Fails(failed).message, "changed my mind");
  const Status thrown = ledger_->Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun("r", "a", "c")));
    throw std::runtime_error("boom");
  });
  EXPECT_EQ(Fails(thrown).kind, ErrorKind::kUnexpected);
  EXPECT_NE(Fails(thrown).message.find("boom"), std::string::npos);
  Read([](Reader& reader) { EXPECT_TRUE(reader.Runs({})->empty()); });
}

TEST_P(LedgerContract, AFailureThatTheBodyIgnoresIsNotCommitted) {
  const Status done = ledger_->Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun("r", "a", "c")));
    (void)writer.InsertTry(SomeTry(99, 1));  // no such run
    return {};
  });
  EXPECT_FALSE(done);
  Read([](Reader& reader) { EXPECT_TRUE(reader.Runs({})->empty()); });
}

TEST_P(LedgerContract, ATransactionInsideAnotherIsRefused) {
  Write([&](Writer& writer) -> Status {
    EXPECT_EQ(Fails(ledger_->Read([](Reader&) { return Status(); })).kind, ErrorKind::kUnexpected);
    EXPECT_EQ(Fails(ledger_->Write([](Writer&) { return Status(); })).kind, ErrorKind::kUnexpected);
    return writer.InsertRun(SomeRun("r", "a", "c")) ? Status() : Fail(ErrorKind::kUnexpected, "");
  });
  Read([](Reader& reader) { EXPECT_EQ(reader.Runs({})->size(), 1U); });
}

TEST_P(LedgerContract, TheIdStaysWithTheLedger) {
  EXPECT_EQ(ledger_->id().size(), 36U);
  if (!GetParam().many_connections) return;
  EXPECT_EQ(place_->Open()->id(), ledger_->id());
  ledger_.reset();
  EXPECT_FALSE(place_->Open()->id().empty());
}

TEST_P(LedgerContract, AReaderSeesOneMomentWhileOthersWrite) {
  if (!GetParam().many_connections) return;
  const std::unique_ptr<Ledger> other = place_->Open();
  Read([&](Reader& reader) {
    EXPECT_TRUE(reader.Runs({})->empty());
    EXPECT_TRUE(other->Write([](Writer& writer) -> Status {
      return writer.InsertRun(SomeRun("r", "a", "c")) ? Status() : Fail(ErrorKind::kUnexpected, "");
    }));
    EXPECT_TRUE(reader.Runs({})->empty());
  });
  Read([](Reader& reader) { EXPECT_EQ(reader.Runs({})->size(), 1U); });
}

TEST_P(LedgerContract, NoTokenIsLostOrGivenTwiceByManyWriters) {
  if (!GetParam().many_connections) return;
  constexpr int kWriters = 4;
  constexpr int kTokens = 50;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      const std::unique_ptr<Ledger> own = place_->Open();
      for (int n = 0; n < kTokens; ++n) {
        const Status done = own->Write([](Writer& writer) -> Status {
          LATECOMER_ASSIGN_OR_RETURN(const auto found, writer.FindClaim("devices", "a"));
          ClaimRecord claim = found.value_or(ClaimRecord{});
          claim.pipeline = "devices";
          claim.partition = "a";
          ++claim.token;
          return writer.PutClaim(claim);
        });
        EXPECT_TRUE(done) << done.error().ToString();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  Read([](Reader& reader) { EXPECT_EQ((*reader.FindClaim("devices", "a"))->token, kWriters * kTokens); });
}

// Whoever asks again and again what is new since the last event seen gets each of them.
TEST_P(LedgerContract, EventsNeverAppearBehindOnesThatWereSeen) {
  if (!GetParam().many_connections) return;
  constexpr int kWriters = 3;
  constexpr int kEach = 40;
  std::atomic<int> at_work{kWriters};
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] {
      const std::unique_ptr<Ledger> own = place_->Open();
      const std::string pipeline = "p" + std::to_string(i);
      EXPECT_TRUE(own->Write([&](Writer& writer) { return writer.PutPipeline({.id = pipeline, .name = pipeline}); }));
      for (int n = 0; n < kEach; ++n) {
        EXPECT_TRUE(WriteFor(*own, pipeline, [&](Writer& writer) -> Status {
          LATECOMER_RETURN_IF_ERROR(writer.AppendEvent({.pipeline = pipeline, .what = "first"}));
          LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = pipeline, .partition = std::to_string(n)}));
          return writer.AppendEvent({.pipeline = pipeline, .what = "last"});
        }));
      }
      --at_work;
    });
  }
  const std::unique_ptr<Activity> activity = MakeActivity(place_->Connect());
  std::int64_t last = 0;
  int seen = 0;
  for (bool more = true; more;) {
    more = at_work > 0;  // before the look: what is written after it is found by the next one
    const auto events = activity->EventsAfter(last, 1000);
    EXPECT_TRUE(events);
    for (const EventRecord& event : events.value_or(std::vector<EventRecord>())) {
      EXPECT_GT(event.sequence, last);
      last = event.sequence;
      ++seen;
    }
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(seen, kWriters * kEach * 2);
}

// A run with one try by the definition of that hash; it built what the partition holds at `at`.
Result<std::int64_t> Build(Writer& writer, const std::string& partition, const std::string& hash, Instant at) {
  RunRecord run = SomeRun("r_" + partition, partition, "cause");
  run.created = at;
  LATECOMER_ASSIGN_OR_RETURN(run.id, writer.InsertRun(run));
  TryRecord attempt = SomeTry(run.id, 1);
  attempt.definition_hash = hash;
  LATECOMER_RETURN_IF_ERROR(writer.InsertTry(attempt));
  LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = run.pipeline,
                                                 .partition = partition,
                                                 .vector = {},
                                                 .run_id = run.run_id,
                                                 .try_number = 1,
                                                 .token = 1,
                                                 .at = at}));
  return run.id;
}

TEST_P(LedgerContract, RunsOfOtherDefinitionsAreThoseThatBuiltWhatIsProcessedNow) {
  std::int64_t old_one = 0;
  std::int64_t old_two = 0;
  Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(old_one, Build(writer, "a", "old", At(1000)));
    LATECOMER_ASSIGN_OR_RETURN(old_two, Build(writer, "b", "older", At(1001)));
    LATECOMER_RETURN_IF_ERROR(Build(writer, "c", "new", At(1002)));
    // Built by an old definition, then adopted: no run vouches for it.
    LATECOMER_RETURN_IF_ERROR(Build(writer, "d", "old", At(1003)));
    return writer.PutProcessed({.pipeline = "devices", .partition = "d", .vector = {}, .run_id = "adopt"});
  });
  const auto others = [&](const std::string& hash, Instant before) {
    std::vector<std::int64_t> found;
    Read([&](Reader& reader) {
      const auto runs = reader.RunsOfOtherDefinitions("devices", hash, before);
      ASSERT_TRUE(runs) << runs.error().ToString();
      found = *runs;
      std::sort(found.begin(), found.end());
    });
    return found;
  };
  EXPECT_EQ(others("new", At(2000)), (std::vector<std::int64_t>{old_one, old_two}));
  EXPECT_EQ(others("old", At(2000)).size(), 2U);
  EXPECT_EQ(others("new", At(1001)), std::vector<std::int64_t>{old_one}) << "only what was recorded before";
  EXPECT_EQ(others("new", At(1000)), std::vector<std::int64_t>{}) << "the first run came no earlier";
  Read([&](Reader& reader) { EXPECT_TRUE(reader.RunsOfOtherDefinitions("nobody", "new", At(2000))->empty()); });
}

// Built again by the definition of today, one isn't of another any more.
TEST_P(LedgerContract, RunsOfOtherDefinitionsGoByTheTryThatIsProcessed) {
  std::int64_t run = 0;
  Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(run, Build(writer, "a", "old", At(1000)));
    TryRecord again = SomeTry(run, 2);
    again.definition_hash = "new";
    return writer.InsertTry(again);
  });
  const auto count = [&] {
    std::size_t found = 0;
    Read([&](Reader& reader) { found = reader.RunsOfOtherDefinitions("devices", "new", At(2000))->size(); });
    return found;
  };
  EXPECT_EQ(count(), 1U) << "the new try has recorded nothing yet";
  Write([&](Writer& writer) {
    return writer.PutProcessed({.pipeline = "devices",
                                .partition = "a",
                                .vector = {},
                                .run_id = "r_a",
                                .try_number = 2,
                                .token = 2,
                                .at = At(1500)});
  });
  EXPECT_EQ(count(), 0U);
}

}  // namespace
}  // namespace latecomer::ledger
