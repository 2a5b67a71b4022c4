// Where the ledger lies: in memory; an earlier state of it can be kept, and put back.
#pragma once

#include <memory>
#include <string>

#include "base/ids.h"
#include "ledger/ledger.h"

namespace latecomer::simulation {

class LedgerPlace {
 public:
  explicit LedgerPlace(Random& random);
  ~LedgerPlace();
  LedgerPlace(const LedgerPlace&) = delete;
  LedgerPlace& operator=(const LedgerPlace&) = delete;

  // The one in use; replaced by Restore and Lose.
  ledger::Ledger*& now() { return now_; }
  bool HasBackup() const { return has_backup_; }
  void BackUp();
  void Restore();
  // Another one, with an id of its own, which knows nothing. What was kept of the old one is lost with it.
  void Lose(Random& random);

 private:
  void Create(Random& random);

  std::string backup_;  // path
  bool has_backup_ = false;
  std::unique_ptr<ledger::Ledger> ledger_;
  ledger::Ledger* now_ = nullptr;
};

}  // namespace latecomer::simulation
