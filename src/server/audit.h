// The audit log: every action and sign-in, by whom.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "ledger/accounts.h"

namespace latecomer::server {

struct Call;

// What an entry is about; who, when and how come from the call.
struct AuditSubject {
  std::string action;
  std::string pipeline{};
  std::string run_id{};
  std::string partition{};  // key
};

// Returns the entry's id.
Result<std::int64_t> Note(Call& call, const AuditSubject& subject, const std::string& outcome,
                          const std::string& detail, const std::string& undo = "");
// Of what may repeat every few seconds: an entry like one that this server has written is left out.
Status NoteOnce(Call& call, const AuditSubject& subject, const std::string& outcome, const std::string& detail,
                const std::string& key);
// Of a route that the caller's role doesn't allow.
void NoteRefusal(Call& call, const std::string& route);

}  // namespace latecomer::server
