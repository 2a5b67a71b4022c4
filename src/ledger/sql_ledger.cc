#include "ledger/sql_ledger.h"

#include <exception>

#include "ledger/sql_transaction.h"

namespace latecomer::ledger {
namespace {

// Rolls back on every way out but a commit, a thrown exception included.
class OpenTransaction {
 public:
  OpenTransaction(Database& database, bool& busy) : database_(database), busy_(busy) { busy_ = true; }
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;
  ~OpenTransaction() {
    database_.Rollback();
    busy_ = false;
  }

 private:
  Database& database_;
  bool& busy_;
};

}  // namespace

template <typename Body>
Status SqlLedger::InTransaction(Intent intent, const Body& body) {
  if (busy_) {
    return Fail(ErrorKind::kUnexpected, "a transaction of the ledger was begun inside another one");
  }
  LATECOMER_RETURN_IF_ERROR(database_->Begin(intent));
  const OpenTransaction open(*database_, busy_);
  SqlTransaction transaction(*database_);
  try {
    LATECOMER_RETURN_IF_ERROR(body(transaction));
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kUnexpected, std::string("a transaction of the ledger was broken off: ") + e.what());
  } catch (...) {
    return Fail(ErrorKind::kUnexpected, "a transaction of the ledger was broken off");
  }
  return database_->Commit();
}

Status SqlLedger::Read(const std::function<Status(Reader&)>& body) {
  return InTransaction(Intent::kRead, body);
}

Status SqlLedger::Write(const std::function<Status(Writer&)>& body) {
  return InTransaction(Intent::kWrite, body);
}

}  // namespace latecomer::ledger
