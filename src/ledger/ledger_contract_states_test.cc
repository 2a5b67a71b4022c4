// An illegal transition can't be written: every pair of states of every machine, through the ledger.
#include "ledger/ledger_contract.h"

namespace latecomer::ledger {
namespace {

template <typename State>
std::vector<State> Every(State last) {
  std::vector<State> states;
  for (int i = 0; i <= static_cast<int>(last); ++i) states.push_back(static_cast<State>(i));
  return states;
}

void Do(Ledger& ledger, const std::function<Status(Writer&)>& body) {
  const Status done = ledger.Write(body);
  ASSERT_TRUE(done) << done.error().ToString();
}

// `insert` makes the n-th record in a state, `update` moves it, `stored` says what the ledger holds.
template <typename State>
struct Machine {
  State last;
  std::function<Status(Writer&, int n, State)> insert;
  std::function<Status(Writer&, int n, State)> update;
  std::function<State(Reader&, int n)> stored;
};

template <typename State>
void ExpectOnlyLegalOnes(Ledger& ledger, const Machine<State>& machine) {
  int n = 0;
  for (const State from : Every(machine.last)) {
    for (const State to : Every(machine.last)) {
      ++n;
      Do(ledger, [&](Writer& writer) { return machine.insert(writer, n, from); });
      const Status moved = ledger.Write([&](Writer& writer) { return machine.update(writer, n, to); });
      EXPECT_EQ(moved.has_value(), MayFollow(from, to)) << Name(from) << " → " << Name(to);
      if (!moved) {
        EXPECT_EQ(moved.error().kind, ErrorKind::kUnexpected);
        EXPECT_NE(moved.error().message.find(Name(from)), std::string::npos) << moved.error().message;
        EXPECT_NE(moved.error().message.find(Name(to)), std::string::npos) << moved.error().message;
      }
      EXPECT_TRUE(ledger.Read([&](Reader& reader) -> Status {
        EXPECT_EQ(machine.stored(reader, n), moved ? to : from);
        return {};
      }));
    }
  }
}

// A run to hang tries, steps and attempts on.
std::int64_t Parent(Ledger& ledger, bool with_try) {
  std::int64_t id = 0;
  Do(ledger, [&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(id, writer.InsertRun(SomeRun("parent", "parent", "parent")));
    return with_try ? writer.InsertTry(SomeTry(id, 1)) : Status();
  });
  return id;
}

TEST_P(LedgerContract, OnlyLegalStatesOfRunsAreWritten) {
  const auto record = [](int n, RunState state) {
    const std::string name = "run" + std::to_string(n);
    RunRecord run = SomeRun(name, name, "cause");
    run.state = state;
    return run;
  };
  std::map<int, std::int64_t> ids;
  ExpectOnlyLegalOnes<RunState>(
      *ledger_, {RunState::kCancelled,
                 [&](Writer& writer, int n, RunState state) -> Status {
                   LATECOMER_ASSIGN_OR_RETURN(ids[n], writer.InsertRun(record(n, state)));
                   return {};
                 },
                 [&](Writer& writer, int n, RunState state) {
                   RunRecord run = record(n, state);
                   run.id = ids.at(n);
                   return writer.UpdateRun(run);
                 },
                 [&](Reader& reader, int n) { return reader.FindRun(ids.at(n)).value().value().state; }});
}

TEST_P(LedgerContract, OnlyLegalStatesOfTriesAreWritten) {
  const std::int64_t run = Parent(*ledger_, false);
  const auto record = [&](int n, TryState state) {
    TryRecord one = SomeTry(run, n);
    one.state = state;
    return one;
  };
  ExpectOnlyLegalOnes<TryState>(
      *ledger_,
      {TryState::kLost, [&](Writer& writer, int n, TryState state) { return writer.InsertTry(record(n, state)); },
       [&](Writer& writer, int n, TryState state) { return writer.UpdateTry(record(n, state)); },
       [&](Reader& reader, int n) { return reader.Tries(run).value().at(static_cast<std::size_t>(n - 1)).state; }});
}

TEST_P(LedgerContract, OnlyLegalStatesOfStepsAreWritten) {
  const std::int64_t run = Parent(*ledger_, true);
  const auto record = [&](int n, StepState state) {
    StepRecord step = SomeStep(run, 1, "s", n - 1);
    step.state = state;
    return step;
  };
  ExpectOnlyLegalOnes<StepState>(
      *ledger_,
      {StepState::kCancelled,
       [&](Writer& writer, int n, StepState state) { return writer.InsertStep(record(n, state)); },
       [&](Writer& writer, int n, StepState state) { return writer.UpdateStep(record(n, state)); },
       [&](Reader& reader, int n) { return reader.Steps(run, 1).value().at(static_cast<std::size_t>(n - 1)).state; }});
}

TEST_P(LedgerContract, OnlyLegalStatesOfAttemptsAreWritten) {
  const std::int64_t run = Parent(*ledger_, true);
  Write([&](Writer& writer) { return writer.InsertStep(SomeStep(run, 1, "s")); });
  const auto record = [&](int n, AttemptState state) {
    AttemptRecord attempt = SomeAttempt(run, 1, "s");
    attempt.number = n;
    attempt.state = state;
    return attempt;
  };
  ExpectOnlyLegalOnes<AttemptState>(
      *ledger_, {AttemptState::kLost,
                 [&](Writer& writer, int n, AttemptState state) { return writer.InsertAttempt(record(n, state)); },
                 [&](Writer& writer, int n, AttemptState state) { return writer.UpdateAttempt(record(n, state)); },
                 [&](Reader& reader, int n) {
                   return reader.Attempts(run, 1).value().at(static_cast<std::size_t>(n - 1)).state;
                 }});
}

}  // namespace
}  // namespace latecomer::ledger
