#include "table/recorded_write.h"

#include <algorithm>

namespace latecomer::table {

bool SameWrite(const WriteTransaction& a, const WriteTransaction& b) {
  return a.ledger_id == b.ledger_id && a.run_id == b.run_id && a.try_number == b.try_number && a.vector == b.vector;
}

bool MayFollow(const WriteTransaction& wanted, const std::string& ledger_id) {
  const auto& before = wanted.predecessors;
  return ledger_id == wanted.ledger_id || std::find(before.begin(), before.end(), ledger_id) != before.end();
}

Result<std::optional<RecordedWrite>> WriteBehind(const TableHistory& output, const std::string& app_id) {
  LATECOMER_ASSIGN_OR_RETURN(const auto writes, output.ReadRecordedWrites(app_id));
  const auto found =
      std::ranges::find_if(writes, [&](const auto& write) { return write.transaction.app_id == app_id; });
  if (found == writes.end() || found->transaction.ledger_id.empty()) return std::optional<RecordedWrite>();
  return std::optional(*found);
}

}  // namespace latecomer::table
