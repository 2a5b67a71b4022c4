// Transactions that write what belongs to one pipeline, side by side where the ledger's database can.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "ledger/concurrent_database.h"
#include "ledger/ledger.h"

namespace latecomer::ledger {

// A ledger that keeps writers of different pipelines apart. `body` writes only what belongs to the one: its runs with
// their tries, steps and attempts, claims, releases, holds, what is processed, marked and placed, and events. What it
// reads of this pipeline and of tables stays as it is until the end.
class PipelineWrites {
 public:
  virtual ~PipelineWrites() = default;
  virtual Status WriteFor(const std::string& pipeline, WhenBusy when_busy,
                          const std::function<Status(Writer&)>& body) = 0;
};

// As Ledger::Write; alone where the ledger knows no other way.
inline Status WriteFor(Ledger& ledger, const std::string& pipeline, const std::function<Status(Writer&)>& body) {
  auto* apart = dynamic_cast<PipelineWrites*>(&ledger);
  return apart != nullptr ? apart->WriteFor(pipeline, WhenBusy::kWait, body) : ledger.Write(body);
}

// The same, but kConflict at once when somebody else is writing to the pipeline at this moment.
inline Status WriteUnlessBusy(Ledger& ledger, const std::string& pipeline, const std::function<Status(Writer&)>& body) {
  auto* apart = dynamic_cast<PipelineWrites*>(&ledger);
  return apart != nullptr ? apart->WriteFor(pipeline, WhenBusy::kGiveUp, body) : ledger.Write(body);
}

}  // namespace latecomer::ledger
