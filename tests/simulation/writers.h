// Those who write source tables: appends, late rows, overwrites, deletes, compaction, RESTORE.
#pragma once

#include <cstdint>

#include "dice.h"
#include "sim_table.h"

namespace latecomer::simulation {

class Writers {
 public:
  explicit Writers(Dice& dice) : dice_(dice) {}

  // Some commit on the table, as it may come at `now_ms`.
  SimCommit Draw(const SimTable& table, std::int64_t now_ms);
  // Rows of one day.
  SimCommit Append(const SimTable& table, Day day, std::int64_t now_ms);

  std::int64_t NextFileId() { return ++files_; }

  bool writes_strays = false;  // now and then rows whose day is null or can't be read

 private:
  FilePtr NewFile(Slot slot);
  Slot DrawSlot(const SimTable& table, Day day);
  Day DrawDay(const SimTable& table, std::int64_t now_ms);
  SimCommit Overwrite(const SimTable& table, std::int64_t now_ms);
  SimCommit Delete(const SimTable& table, std::int64_t now_ms);
  SimCommit Optimize(const SimTable& table, std::int64_t now_ms);
  SimCommit Restore(const SimTable& table, std::int64_t now_ms);

  Dice& dice_;
  std::int64_t files_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace latecomer::simulation
