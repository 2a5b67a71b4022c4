// The real ledger with an eye on it: what each transaction did is told after its commit, and a scheduler can
// be hit before and after each.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "fault_points.h"
#include "ledger/ledger.h"
#include "ledger/stamp.h"

namespace latecomer::simulation {

// What one transaction wrote, as far as the promises are about it.
struct LedgerEffects {
  struct Processed {
    ledger::ProcessedRecord record;
    std::optional<ledger::ProcessedRecord> before;
  };
  struct Seen {
    ledger::TableRecord record;
    std::optional<ledger::TableRecord> before;
  };
  std::vector<ledger::ClaimRecord> claims;
  std::vector<ledger::TryRecord> tries;  // inserted
  std::vector<ledger::RunRecord> new_runs;
  std::vector<ledger::RunRecord> runs;  // updated
  std::vector<Processed> processed;
  std::vector<std::pair<std::string, std::string>> withdrawn;  // pipeline, partition: counts as processed no more
  std::vector<Seen> seen;
};

// What a broken variant changes of what the engine reads and writes. The default changes nothing.
class LedgerTwist {
 public:
  virtual ~LedgerTwist() = default;
  virtual void OnProcessed(std::vector<ledger::ProcessedRecord>& /*of one pipeline*/) {}
  virtual void OnProcessedOne(std::optional<ledger::ProcessedRecord>& /*record*/, ledger::Reader& /*reader*/,
                              const std::string& /*pipeline*/) {}
  virtual void OnRun(ledger::RunRecord& /*run*/, ledger::Reader& /*reader*/) {}
  virtual void OnCause(std::string& /*looked for*/, ledger::Reader& /*reader*/) {}
  virtual void OnNewRun(ledger::RunRecord& /*run*/, ledger::Reader& /*reader*/) {}
  // `writes`: transactions that may write, of this scheduler alone.
  virtual void OnStamp(std::string& /*stamp*/, std::int64_t /*writes*/) {}
};

class WatchedLedger final : public ledger::Ledger, public ledger::CountsWrites {
 public:
  using Observer = std::function<void(const LedgerEffects&)>;

  // `real` may be replaced by another ledger between transactions; `points` and `twist` may be null.
  WatchedLedger(ledger::Ledger*& real, FaultPoints* points, LedgerTwist* twist, Observer observer)
      : real_(real), points_(points), twist_(twist), observer_(std::move(observer)) {}

  const std::string& id() const override { return real_->id(); }
  const std::string& location() const override { return real_->location(); }
  std::int64_t writes() const override { return dynamic_cast<ledger::CountsWrites&>(*real_).writes(); }
  Status Read(const std::function<Status(ledger::Reader&)>& body) override;
  Status Write(const std::function<Status(ledger::Writer&)>& body) override;

  // Begun so far, reading and writing ones.
  std::int64_t transactions() const { return transactions_; }

 private:
  Status Pass(const char* where, FaultPoints::MayFail may_fail);

  ledger::Ledger*& real_;
  FaultPoints* points_;
  LedgerTwist* twist_;
  Observer observer_;
  std::int64_t transactions_ = 0;
  std::int64_t own_writes_ = 0;
};

}  // namespace latecomer::simulation
