// What a database with several writers at once has beside what Database offers.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "ledger/database.h"

namespace latecomer::ledger {

enum class WhenBusy { kWait, kGiveUp };

class ConcurrentDatabase : public Database {
 public:
  // As Begin for writing, for a transaction that writes only records of this pipeline (ledger/pipeline_writes.h says
  // which). With kGiveUp kConflict when another writer is at work on the pipeline at this moment.
  virtual Status BeginFor(std::string_view pipeline, WhenBusy when_busy) = 0;

  // After a transaction failed, and was rolled back, for the `goes`-th time in a row: whether the database broke it off
  // for a reason of its own (a deadlock, a connection that was lost), so that the same may be done again. May wait
  // before it says so.
  virtual bool ShallRunAgain(int goes) = 0;

  // Events are appended together at the end of a transaction, after this: from here to the commit no other transaction
  // appends any. Else transactions could overtake each other, and a reader of what is new would miss the slower one's.
  // Those who watch are told of these pipelines by the commit.
  virtual Status CloseRanks(std::span<const std::string_view> pipelines) = 0;

  // Execute without parameters, for more rows than one wants to have in memory at once.
  virtual Status Stream(std::string_view sql, const RowSink& sink) = 0;
};

// Every row of a statement, a few at a time where the database can.
inline Status StreamRows(Database& database, std::string_view sql, const RowSink& sink) {
  auto* concurrent = dynamic_cast<ConcurrentDatabase*>(&database);
  return concurrent != nullptr ? concurrent->Stream(sql, sink) : database.Execute(sql, {}, sink);
}

}  // namespace latecomer::ledger
