// The stamp tells whether anything was written since.
#include <map>
#include <random>
#include <utility>

#include "ledger/ledger_contract.h"
#include "ledger/pipeline_writes.h"
#include "ledger/stamp.h"

namespace latecomer::ledger {
namespace {

constexpr int kRounds = 400;

Result<std::string> StampIn(Reader& reader) {
  return dynamic_cast<Stamped&>(reader).Stamp();
}

std::string StampOf(Ledger& ledger) {
  std::string stamp;
  const Status done = ledger.Read([&](Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(stamp, StampIn(reader));
    return {};
  });
  EXPECT_TRUE(done) << done.error().ToString();
  EXPECT_FALSE(stamp.empty());
  return stamp;
}

HoldRecord Hold(const std::string& reason) {
  return {.pipeline = "devices", .partition = "a", .reason = reason, .by = "somebody", .at = At(1)};
}

// All that the tests below write.
Result<std::string> StateIn(Reader& reader) {
  std::string state;
  LATECOMER_ASSIGN_OR_RETURN(const auto holds, reader.Holds("devices"));
  for (const HoldRecord& hold : holds) state += hold.partition + " " + hold.reason + "\n";
  LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader.Runs({.pipeline = "devices"}));
  for (const RunRecord& run : runs) state += run.run_id + " " + run.waiting_for + "\n";
  LATECOMER_ASSIGN_OR_RETURN(const auto processed, reader.Processed("devices"));
  for (const ProcessedRecord& record : processed) state += record.partition + " " + record.run_id + "\n";
  return state;
}

// One change of them, not always one that makes a difference.
Status ChangeSomething(Writer& writer, std::minstd_rand& random, int round) {
  const std::string text = std::to_string(random() % 3);
  switch (random() % 5) {
    case 0: return writer.PutHold(Hold(text));
    case 1: return writer.RemoveHold("devices", "a");
    case 2: return writer.PutProcessed({.pipeline = "devices", .partition = text, .vector = {}, .run_id = text});
    case 3: {
      const std::string name = "r" + std::to_string(round);
      LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun(name, "a", name)));
      return {};
    }
    default: {
      LATECOMER_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, writer.Runs({.pipeline = "devices"}));
      if (runs.empty()) return {};
      runs.back().waiting_for = text;
      return writer.UpdateRun(runs.back());
    }
  }
}

// On a server it changes with what is written to other ledgers, too, such as those of tests that run beside this one.
// That is rare beside a read, so of many looks one is undisturbed.
TEST_P(LedgerContract, TheStampStaysWhileNothingIsWritten) {
  Write([](Writer& writer) { return writer.PutHold(Hold("x")); });
  bool stayed = false;
  for (int i = 0; i < kRounds && !stayed; ++i) {
    const std::string stamp = StampOf(*ledger_);
    Read([&](Reader& reader) {
      ASSERT_TRUE(reader.Holds("devices"));
      ASSERT_TRUE(reader.Pipelines());
      stayed = *StampIn(reader) == stamp;
    });
    stayed = stayed && StampOf(*ledger_) == stamp;
    if (!GetParam().shares_server) ASSERT_TRUE(stayed);
  }
  EXPECT_TRUE(stayed);
}

TEST_P(LedgerContract, EachWriteIsCountedBeforeItBegins) {
  const auto writes = [&] { return dynamic_cast<CountsWrites&>(*ledger_).writes(); };
  const std::int64_t before = writes();
  StampOf(*ledger_);
  EXPECT_EQ(writes(), before);
  Write([&](Writer&) -> Status {
    EXPECT_EQ(writes(), before + 1);
    return {};
  });
  const Status done = WriteFor(*ledger_, "devices", [](Writer& writer) { return writer.PutHold(Hold("x")); });
  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(writes(), before + 2);
}

TEST_P(LedgerContract, TheStampOfATransactionChangesWithWhatItWrites) {
  const std::string before = StampOf(*ledger_);
  std::string wrote;
  EXPECT_FALSE(ledger_->Write([&](Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const std::string first, StampIn(writer));
    LATECOMER_RETURN_IF_ERROR(writer.PutHold(Hold("taken back")));
    LATECOMER_ASSIGN_OR_RETURN(wrote, StampIn(writer));
    EXPECT_NE(wrote, first);
    EXPECT_NE(wrote, before);
    return Fail(ErrorKind::kCancelled, "never mind");
  }));
  EXPECT_NE(StampOf(*ledger_), wrote);  // which stands for what was taken back
}

TEST_P(LedgerContract, WhatAnotherConnectionWritesChangesTheStamp) {
  if (!GetParam().many_connections) return;
  const std::unique_ptr<Ledger> other = place_->Open();
  const std::string before = StampOf(*ledger_);
  ASSERT_TRUE(other->Write([](Writer& writer) { return writer.PutHold(Hold("x")); }));
  EXPECT_NE(StampOf(*ledger_), before);
}

// What one stamp stands for is one state, however it came about: written here, by others, or taken back.
TEST_P(LedgerContract, EqualStampsHaveEqualStatesBehindThem) {
  std::unique_ptr<Ledger> other = GetParam().many_connections ? place_->Open() : nullptr;
  Ledger* const ledgers[] = {ledger_.get(), other ? other.get() : ledger_.get()};
  std::map<std::pair<Ledger*, std::string>, std::string> states;
  std::minstd_rand random{7};
  const auto look = [&](Ledger* ledger, Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const std::string stamp, StampIn(reader));
    LATECOMER_ASSIGN_OR_RETURN(const std::string state, StateIn(reader));
    const auto known = states.emplace(std::pair(ledger, stamp), state).first;
    EXPECT_EQ(known->second, state) << "at stamp " << stamp;
    return {};
  };
  for (int round = 0; round < kRounds; ++round) {
    Ledger* const ledger = ledgers[random() % 2];
    const bool take_back = random() % 3 == 0;
    const Status written = ledger->Write([&](Writer& writer) -> Status {
      LATECOMER_RETURN_IF_ERROR(look(ledger, writer));
      LATECOMER_RETURN_IF_ERROR(ChangeSomething(writer, random, round));
      LATECOMER_RETURN_IF_ERROR(look(ledger, writer));
      return take_back ? Fail(ErrorKind::kCancelled, "never mind") : Status();
    });
    ASSERT_TRUE(written || written.error().kind == ErrorKind::kCancelled) << written.error().ToString();
    for (Ledger* one : ledgers) {
      const Status read = one->Read([&](Reader& reader) { return look(one, reader); });
      ASSERT_TRUE(read) << read.error().ToString();
    }
  }
  EXPECT_GT(states.size(), static_cast<std::size_t>(kRounds) / 2);
}

}  // namespace
}  // namespace latecomer::ledger
