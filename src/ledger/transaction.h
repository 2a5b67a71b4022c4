// A transaction on a Database, run again where the database asks for it.
#pragma once

#include <exception>
#include <string>

#include "base/result.h"
#include "ledger/concurrent_database.h"
#include "ledger/database.h"

namespace latecomer::ledger {

namespace transaction_internal {

// Rolls back on every way out but a commit, a thrown exception included.
class OpenTransaction {
 public:
  explicit OpenTransaction(Database& database) : database_(database) {}
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;
  ~OpenTransaction() { database_.Rollback(); }

 private:
  Database& database_;
};

template <typename Begin, typename Body>
Status RunOnce(Database& database, const Begin& begin, const Body& body) {
  LATECOMER_RETURN_IF_ERROR(begin());
  const OpenTransaction open(database);
  try {
    LATECOMER_RETURN_IF_ERROR(body());
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kUnexpected, std::string("a transaction of the ledger was broken off: ") + e.what());
  } catch (...) {
    return Fail(ErrorKind::kUnexpected, "a transaction of the ledger was broken off");
  }
  return database.Commit();
}

}  // namespace transaction_internal

// Begins, commits when `body` returns without error, else rolls back and returns its error. Both may be run several
// times.
template <typename Begin, typename Body>
Status RunBegunBy(const Begin& begin, Database& database, const Body& body) {
  for (int goes = 1;; ++goes) {
    Status done = transaction_internal::RunOnce(database, begin, body);
    if (done) return done;
    auto* concurrent = dynamic_cast<ConcurrentDatabase*>(&database);
    if (concurrent == nullptr || !concurrent->ShallRunAgain(goes)) return done;
  }
}

template <typename Body>
Status RunTransaction(Database& database, Intent intent, const Body& body) {
  return RunBegunBy([&] { return database.Begin(intent); }, database, body);
}

}  // namespace latecomer::ledger
