// What PostgreSQL and libpq say, as errors of this program. No message holds a password, or values of rows.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ledger/postgres_address.h"
#include "ledger/postgres_libpq.h"

namespace latecomer::ledger {

// What a failure means for the transaction it happened in.
enum class Remedy {
  kNone,       // it fails
  kRunAgain,   // a deadlock, a serialization failure: the same may do next time
  kReconnect,  // the connection is lost; the transaction took no effect unless it was being committed
};

struct PostgresFailure {
  Error error;
  Remedy remedy = Remedy::kNone;
};

// Of a statement. The connection tells whether it is still one.
PostgresFailure FailureOf(const PGconn* connection, const PGresult* result, const PostgresAddress& address);

struct ConnectFailure {
  Error error;
  bool passing = false;  // nobody answers, or the server is starting, or full: later it may do
};
// Of a connection that was not made.
ConnectFailure ConnectFailureOf(const PGconn* connection, const PostgresAddress& address);

}  // namespace latecomer::ledger
