#include "engine/act.h"

#include <nlohmann/json.hpp>

#include "table/commit.h"

namespace latecomer::engine {

Result<std::int64_t> AppendActEvent(ledger::Writer& writer, const Act& act, ledger::EventRecord event,
                                    nlohmann::ordered_json detail) {
  if (!act.by.empty()) detail["by"] = act.by;
  event.at = act.now;
  event.detail = detail.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  LATECOMER_RETURN_IF_ERROR(writer.AppendEvent(event));
  return writer.LastEvent();
}

ledger::EventRecord EventOf(const ledger::RunRecord& run, std::string what) {
  ledger::EventRecord event;
  event.pipeline = run.pipeline;
  event.partition = run.partition;
  event.run_id = run.run_id;
  event.what = std::move(what);
  return event;
}

Status SameAsShown(const std::string& confirmed, const std::string& now) {
  if (confirmed.empty() || confirmed == now) return {};
  return Fail(Error(ErrorKind::kConflict, "what this affects has changed since it was shown; nothing was done")
                  .Hint("look at the new preview and confirm that"));
}

std::string FingerprintOf(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += std::to_string(line.size()) + ":" + line;
  return std::to_string(table::IdentityOfFile(text, "").low);
}

}  // namespace latecomer::engine
