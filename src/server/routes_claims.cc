// Claims of workers outside: what `latecomer claim`, `renew`, `done` and `fail` do, in the same shapes.
#include "base/text.h"
#include "engine/engine.h"
#include "engine/outside_json.h"
#include "server/audit.h"
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

constexpr std::int64_t kLargestInteger = 9007199254740991;  // that JSON readers keep exactly
constexpr std::size_t kLongestMessage = 10'000;
constexpr std::size_t kLongestRunName = 300;

// What is held up to see which runs a worker got, one line in the audit log.
std::string Listed(const engine::OutsideClaims& found) {
  constexpr std::size_t kMostNamed = 20;
  std::string text;
  for (std::size_t i = 0; i < found.claims.size() && i < kMostNamed; ++i) {
    text += (i == 0 ? "" : ", ") + Printable(found.claims[i].run.run_id);
  }
  if (found.claims.size() > kMostNamed) text += ", and " + std::to_string(found.claims.size() - kMostNamed) + " more";
  return text;
}

Result<engine::OutsideClaims> Grant(Call& call, const pipeline::Pipeline& pipeline, const std::string& holder,
                                    Duration lease, const engine::OutsideRequest& request) {
  const ClaimTools& tools = call.app.claims;
  const auto executor = tools.make_executor();
  engine::Engine engine(pipeline, {.ledger = *call.store.ledger,
                                   .catalog = call.app.catalog,
                                   .executor = *executor,
                                   .clock = call.app.clock,
                                   .random = call.app.random,
                                   .holder = holder,
                                   .probe_holder = tools.probe_holder,
                                   .state_folder = tools.state_folder,
                                   .listener = tools.listener,
                                   .lease = lease,
                                   .asks_before_first_run = tools.asks_before_first_run});
  LATECOMER_RETURN_IF_ERROR(engine.Register());
  return engine.ClaimOutside(request);
}

struct Ticketed {
  std::shared_ptr<const pipeline::Pipeline> pipeline;
  engine::Ticket ticket;
};

Result<Ticketed> FindTicket(Call& call, std::int64_t token) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  return Ticketed{loaded.pipeline, {.run = call.Path("run"), .token = token}};
}

std::int64_t ReadToken(BodyFields& body) {
  const auto token = body.Integer("token", 1, kLargestInteger);
  if (!token) body.Wrong("token", "must be there");
  return token.value_or(0);
}

void Announce(Call& call, const ledger::RunRecord& run) {
  if (call.app.claims.listener != nullptr) call.app.claims.listener->OnRun(run);
}

// Notes in the audit log what came of a report, refused ones too, and answers.
Result<Response> Answer(Call& call, const std::string& action, const Ticketed& of,
                        const Result<engine::Reported>& reported) {
  AuditSubject subject{
      .action = action, .pipeline = of.pipeline->id, .run_id = of.ticket.run.substr(0, kLongestRunName)};
  const std::string token = "token " + std::to_string(of.ticket.token);
  if (!reported) {
    LATECOMER_RETURN_IF_ERROR(
        Note(call, subject, "failed", token + ": " + Printable(reported.error().message)).map([](auto) {}));
    return Fail(reported.error());
  }
  subject.run_id = reported->run.run_id;
  if (!reported->repeated) {
    LATECOMER_RETURN_IF_ERROR(
        Note(call, subject, "ok", token + (reported->note.empty() ? "" : "; " + reported->note)).map([](auto) {}));
    Announce(call, reported->run);
    call.app.hooks.wake(of.pipeline->id);
  }
  return JsonResponse(engine::ReportedJson(of.ticket, *reported));
}

// Workers renew every few seconds. Who did it first, who asks for another lease, and who was refused is worth an entry.
Status NoteRenewal(Call& call, const Ticketed& of, Duration lease, const Result<Instant>& expires) {
  const AuditSubject subject{
      .action = "renew", .pipeline = of.pipeline->id, .run_id = of.ticket.run.substr(0, kLongestRunName)};
  const std::string token = "token " + std::to_string(of.ticket.token);
  if (!expires) return NoteOnce(call, subject, "failed", token + ": " + Printable(expires.error().message), token);
  const std::string asked = token + ", lease " + FormatDuration(lease);
  return NoteOnce(call, subject, "ok", asked + ", now until " + FormatInstant(*expires), asked);
}

}  // namespace

Result<Response> ClaimRuns(Call& call) {
  BodyFields body(call.request);
  const std::string as = body.OptionalText("as", 1, 200).value_or(call.who().user);
  engine::OutsideRequest request;
  request.limit = static_cast<int>(body.Integer("limit", 1, 1000).value_or(1));
  const auto partition = body.OptionalText("partition", 1, 2000);
  const std::string lease_text = body.OptionalText("lease", 1, 100).value_or("");
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const std::string holder, engine::OutsideHolder(as));
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  const pipeline::Pipeline& pipeline = *loaded.pipeline;
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, engine::LeaseOf(lease_text, pipeline));
  if (partition) {
    LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, pipeline));
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, ParseKey(pipeline, *plan, *partition));
    request.partition = key.Canonical();
  }
  LATECOMER_ASSIGN_OR_RETURN(const engine::OutsideClaims found, Grant(call, pipeline, holder, lease, request));
  if (!found.claims.empty()) {  // who asks every minute in vain doesn't fill the audit log
    AuditSubject subject{.action = "claim", .pipeline = pipeline.id};
    if (found.claims.size() == 1) subject.run_id = found.claims.front().run.run_id;
    LATECOMER_RETURN_IF_ERROR(
        Note(call, subject, "ok", "for " + Printable(as) + ": " + Listed(found)).map([](auto) {}));
    call.app.hooks.wake(pipeline.id);
  }
  return JsonResponse(engine::ClaimsJson(pipeline, found));
}

Result<Response> RenewRun(Call& call) {
  BodyFields body(call.request);
  const std::int64_t token = ReadToken(body);
  const std::string lease_text = body.OptionalText("lease", 1, 100).value_or("");
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Ticketed of, FindTicket(call, token));
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, engine::LeaseOf(lease_text, *of.pipeline));
  const auto expires = engine::RenewClaim(*call.store.ledger, of.pipeline->id, of.ticket, lease, call.now);
  LATECOMER_RETURN_IF_ERROR(NoteRenewal(call, of, lease, expires));
  LATECOMER_RETURN_IF_ERROR(expires);
  return JsonResponse(engine::RenewedJson(of.ticket, *expires));
}

Result<Response> ReportDone(Call& call) {
  BodyFields body(call.request);
  const std::int64_t token = ReadToken(body);
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Ticketed of, FindTicket(call, token));
  return Answer(call, "done", of,
                engine::RecordOutside(*call.store.ledger, call.app.catalog, *of.pipeline, of.ticket, call.now));
}

Result<Response> ReportFailed(Call& call) {
  BodyFields body(call.request);
  const std::int64_t token = ReadToken(body);
  const std::string message = body.OptionalText("message", 0, kLongestMessage).value_or("");
  const bool give_back = body.Flag("give_back", false);
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Ticketed of, FindTicket(call, token));
  const auto after = give_back ? engine::AfterFailure::kQueueAgain : engine::AfterFailure::kStayFailed;
  return Answer(call, "fail", of,
                engine::FailOutside(*call.store.ledger, *of.pipeline, of.ticket, message, after, call.now));
}

}  // namespace latecomer::server
