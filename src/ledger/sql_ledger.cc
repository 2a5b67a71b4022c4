#include "ledger/sql_ledger.h"

#include "ledger/sql_transaction.h"
#include "ledger/transaction.h"

namespace latecomer::ledger {

Result<std::string> SqlTransaction::Stamp() {
  auto* stamped = dynamic_cast<Stamped*>(&database_);
  if (stamped == nullptr) return Fail(ErrorKind::kUnexpected, "this database can't tell whether it changed");
  return stamped->Stamp();
}

namespace {

class Busy {
 public:
  explicit Busy(bool& busy) : busy_(busy) { busy_ = true; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { busy_ = false; }

 private:
  bool& busy_;
};

}  // namespace

template <typename Begin, typename Body>
Status SqlLedger::InTransaction(const Begin& begin, const Body& body) {
  if (busy_) {
    return Fail(ErrorKind::kUnexpected, "a transaction of the ledger was begun inside another one");
  }
  const Busy busy(busy_);
  return RunBegunBy(begin, *database_, [&]() -> Status {
    SqlTransaction transaction(*database_, concurrent_);
    LATECOMER_RETURN_IF_ERROR(body(transaction));
    return transaction.AppendPending();
  });
}

Status SqlLedger::Read(const std::function<Status(Reader&)>& body) {
  return InTransaction([&] { return database_->Begin(Intent::kRead); }, body);
}

Status SqlLedger::Write(const std::function<Status(Writer&)>& body) {
  ++writes_;
  return InTransaction([&] { return database_->Begin(Intent::kWrite); }, body);
}

Status SqlLedger::WriteFor(const std::string& pipeline, WhenBusy when_busy,
                           const std::function<Status(Writer&)>& body) {
  if (concurrent_ == nullptr) return Write(body);
  ++writes_;
  return InTransaction([&] { return concurrent_->BeginFor(pipeline, when_busy); }, body);
}

}  // namespace latecomer::ledger
