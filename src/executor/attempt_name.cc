#include "executor/attempt_name.h"

#include <nlohmann/json.hpp>

#include "base/time.h"
#include "storage/digest.h"

namespace latecomer::executor {

std::string AttemptDigest(const AttemptName& name) {
  const nlohmann::json text{
      name.ledger_id, name.pipeline, name.run_id, name.try_number, name.step, name.number, FormatInstant(name.started)};
  return storage::Hex(storage::Sha256(text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
}

}  // namespace latecomer::executor
