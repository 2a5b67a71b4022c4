#include "server/audit.h"

#include "base/text.h"
#include "server/app.h"
#include "server/json.h"

namespace latecomer::server {

Result<std::int64_t> Note(Call& call, const AuditSubject& subject, const std::string& outcome,
                          const std::string& detail, const std::string& undo) {
  ledger::AuditRecord record;
  record.at = call.now;
  if (call.identity) {
    record.user = call.identity->user;
    record.role = Name(call.identity->role);
    record.via = Name(call.identity->via);
  } else {
    record.via = "none";
  }
  record.action = subject.action;
  record.pipeline = subject.pipeline;
  record.run_id = subject.run_id;
  record.partition = subject.partition;
  record.outcome = outcome;
  record.detail = detail.substr(0, 2000);
  record.undo = undo;
  return call.store.accounts->AppendAudit(record);
}

Status NoteOnce(Call& call, const AuditSubject& subject, const std::string& outcome, const std::string& detail,
                const std::string& key) {
  const std::string user = call.identity ? call.identity->user : "";
  const std::string whole = Dump(Json::array({user, subject.action, subject.pipeline, subject.run_id, outcome, key}));
  if (call.app.renewals.Has(whole)) return {};
  LATECOMER_RETURN_IF_ERROR(Note(call, subject, outcome, detail).map([](auto) {}));
  call.app.renewals.Add(whole);
  return {};
}

void NoteRefusal(Call& call, const std::string& route) {
  const auto find = [&](const std::string& name) {
    const auto it = call.path.find(name);
    return it == call.path.end() ? std::string() : it->second.substr(0, 300);
  };
  const AuditSubject subject{.action = std::string(Name(call.request.method)) + " " + route,
                             .pipeline = find("pipeline"),
                             .run_id = find("run"),
                             .partition = find("partition")};
  const auto noted = Note(call, subject, "refused", "the role doesn't allow it");
  if (!noted) call.app.hooks.log("the audit log can't be written: " + noted.error().ToString());
}

}  // namespace latecomer::server
