// A Database on one PostgreSQL connection (libpq).
//
// Who writes holds an advisory lock of the ledger's schema: alone for everything, shared for one pipeline, whose row it
// then locks. So statements of a writer see what is newest and no other writer changes it, and nothing has to be
// guessed about which isolation would do. Readers see one snapshot and wait for nobody.
//
// A connection that is lost is made anew: between transactions unseen, inside one by running it again. Whether a commit
// that was under way when the connection went took effect, the database is asked afterwards.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "ledger/concurrent_database.h"
#include "ledger/postgres_address.h"

namespace latecomer::ledger {

struct PostgresPatience {
  std::chrono::milliseconds reconnect = std::chrono::seconds(60);  // for a server that is gone or starts
  std::chrono::milliseconds lock = std::chrono::seconds(60);       // for another writer
  std::chrono::milliseconds statement = std::chrono::seconds(60);
  // For what a scheduler that hangs inside a transaction does to the others.
  std::chrono::milliseconds idle_in_transaction = std::chrono::seconds(15);
};

class PostgresDatabase : public ConcurrentDatabase {
 public:
  // kPermission when the password or the user is refused, kNotFound when there is no such database, kIo when nobody
  // answers, kUnsupported when the server is too old or its database isn't UTF-8. Waits for nobody.
  static Result<std::unique_ptr<PostgresDatabase>> Open(const PostgresAddress& address,
                                                        const PostgresPatience& patience = {});

  virtual const PostgresAddress& address() const = 0;
  // Whether the ledger's schema is there.
  virtual Result<bool> HasSchema() = 0;
  // Makes it, in the transaction that is open.
  virtual Status CreateSchema() = 0;
  // The channel on which commits tell of changes from now on; empty: none.
  virtual void TellOn(const std::string& channel) = 0;
};

// Who tells of a change, in notifications: this process.
const std::string& PostgresSender();

}  // namespace latecomer::ledger
