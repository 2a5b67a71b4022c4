// What a person may do. Each action can be tried without effect first (dry_run), and is noted in the audit log.
#include <charconv>
#include <functional>

#include "base/text.h"
#include "engine/clear.h"
#include "engine/controls.h"
#include "engine/hold.h"
#include "engine/mark.h"
#include "engine/outside_claims.h"
#include "engine/trigger.h"
#include "engine/undo.h"
#include "lateness/plan_names.h"
#include "server/audit.h"
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

using engine::Act;
using ledger::RunRecord;
using ledger::RunState;

constexpr std::size_t kMostShown = 200;
constexpr std::size_t kLongestNote = 1000;

// What every action's body may have.
struct Common {
  bool dry_run = false;
  std::string note;
  std::string confirmed;  // fingerprint of the preview that a person saw
};
Common ReadCommon(BodyFields& body, bool with_note = true) {
  Common common;
  common.dry_run = body.Flag("dry_run", false);
  if (with_note) common.note = body.OptionalText("note", 0, kLongestNote).value_or("");
  common.confirmed = body.OptionalText("confirmed", 0, 200).value_or("");
  return common;
}

// What was affected, or would be.
struct Outcome {
  std::string summary;
  Json runs = Json::array();
  std::size_t total_runs = 0;
  Json partitions = Json::array();
  Json warnings = Json::array();
  std::string fingerprint{};
  std::vector<std::int64_t> events{};  // that Undo takes; empty: can't be undone

  void AddRun(const RunRecord& run, const std::string& state, const std::string& effect,
              const std::vector<std::string>& steps = {}) {
    if (++total_runs > kMostShown) return;
    runs.push_back({{"pipeline", run.pipeline},
                    {"run_id", run.run_id},
                    {"partition", run.partition_display},
                    {"partition_key", KeyOf(run.partition)},
                    {"state", state},
                    {"effect", effect},
                    {"steps", steps}});
    partitions.push_back(KeyOf(run.partition));
  }
  void AddUntouched(const std::vector<engine::Untouched>& untouched) {
    for (const engine::Untouched& run : untouched) {
      if (warnings.size() < kMostShown) warnings.push_back(run.run_id + ": " + run.why);
    }
  }
};

std::string Counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

Json ToJson(const Outcome& outcome, const std::string& action, bool dry_run, const std::optional<std::int64_t>& id) {
  Json json;
  json["action_id"] = IntegerJson(id);
  json["action"] = action;
  json["dry_run"] = dry_run;
  json["summary"] = outcome.summary;
  json["runs"] = outcome.runs;
  json["total_runs"] = outcome.total_runs;
  json["partitions"] = outcome.partitions;
  json["undoable"] = !outcome.events.empty();
  json["warnings"] = outcome.warnings;
  json["fingerprint"] = outcome.fingerprint;
  return json;
}

std::string UndoText(const std::string& pipeline, const std::vector<std::int64_t>& events) {
  if (events.empty()) return "";
  return Dump(Json{{"pipeline", pipeline}, {"events", events}});
}

// Does it, and notes it. `work` gets what it is done with.
Result<Response> Perform(Call& call, const AuditSubject& subject, const Common& common,
                         const std::function<Result<Outcome>(const Act&)>& work) {
  const Act act{.now = call.now, .by = call.who().user, .note = common.note};
  Result<Outcome> outcome = work(act);
  if (!outcome) {
    if (!common.dry_run) {
      LATECOMER_RETURN_IF_ERROR(Note(call, subject, "failed", Printable(outcome.error().message)));
    }
    return Fail(outcome.error());
  }
  if (common.dry_run) return JsonResponse(ToJson(*outcome, subject.action, true, std::nullopt));
  const std::string detail = outcome->summary + (common.note.empty() ? "" : "; " + Printable(common.note));
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t id,
                             Note(call, subject, "ok", detail, UndoText(subject.pipeline, outcome->events)));
  call.app.hooks.wake(subject.pipeline);
  return JsonResponse(ToJson(*outcome, subject.action, false, id));
}

// The pipeline that the path names, and the run, or partition.
struct Target {
  std::shared_ptr<const pipeline::Pipeline> pipeline;
  std::string run_id;  // "latest" made a run's id
};
Result<Target> FindTarget(Call& call) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  Target target{loaded.pipeline, ""};
  if (!call.path.contains("run")) return target;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const RunRecord run, FindRun(reader, target.pipeline->id, call.Path("run")));
    target.run_id = run.run_id;
    return {};
  }));
  return target;
}

AuditSubject About(const std::string& action, const Target& target) {
  return {.action = action, .pipeline = target.pipeline->id, .run_id = target.run_id};
}

// Of a run whose try an action ended: when a worker outside had it, no scheduler here notices. `run` has its new state,
// and the number of that try.
Status TellIfOutside(Call& call, const RunRecord& run) {
  if (call.app.claims.listener == nullptr) return {};
  std::optional<ledger::ClaimRecord> claim;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(claim, reader.FindClaim(run.pipeline, run.partition));
    return {};
  }));
  const bool its = claim && claim->run == run.id && claim->try_number == run.tries;
  if (its && engine::IsOutside(claim->holder)) call.app.claims.listener->OnRun(run);
  return {};
}

Result<Outcome> Clear(Call& call, const Target& target, const engine::ClearSelection& selection, const Common& common,
                      const Act& act) {
  ledger::Ledger& ledger = *call.store.ledger;
  LATECOMER_ASSIGN_OR_RETURN(const engine::ClearPlan plan,
                             common.dry_run
                                 ? engine::PreviewClear(ledger, *target.pipeline, selection)
                                 : engine::ApplyClear(ledger, *target.pipeline, selection, common.confirmed, act));
  Outcome outcome;
  outcome.fingerprint = plan.fingerprint;
  for (const engine::ClearedRun& run : plan.affected) {
    std::string effect =
        run.versions ? "gets another try at the same versions" : "gets another try at the newest versions";
    if (!run.kept.empty()) effect += "; " + Counted(run.kept.size(), "step") + " kept";
    if (!run.note.empty()) effect += "; " + run.note;
    outcome.AddRun(run.run, std::string(Name(run.run.state)), effect, run.again);
    if (common.dry_run || run.run.state != RunState::kRunning) continue;
    RunRecord queued = run.run;
    queued.state = RunState::kQueued;
    LATECOMER_RETURN_IF_ERROR(TellIfOutside(call, queued));
  }
  outcome.AddUntouched(plan.untouched);
  outcome.summary = Counted(plan.affected.size(), "run") + (common.dry_run ? " would be" : " were") + " queued again";
  return outcome;
}

Result<Outcome> Pause(Call& call, const std::string& pipeline, bool paused, const Common& common, const Act& act) {
  Outcome outcome;
  outcome.summary = paused ? "nothing new of it starts" : "it starts runs again";
  if (common.dry_run) return outcome;
  LATECOMER_ASSIGN_OR_RETURN(const engine::Paused done, engine::SetPaused(*call.store.ledger, pipeline, paused, act));
  if (done.changed) outcome.events.push_back(done.event);
  if (!done.changed) outcome.summary = paused ? "it was paused already" : "it wasn't paused";
  return outcome;
}

Result<Response> SetPausedTo(Call& call, bool paused) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  return Perform(call, About(paused ? "pause" : "resume", target), common,
                 [&](const Act& act) { return Pause(call, target.pipeline->id, paused, common, act); });
}

// The whole seconds of a moment on the output's wall clock.
LocalTime OnOutputClock(const pipeline::Pipeline& pipeline, Instant at) {
  return pipeline.rules.calendar.zone().ToLocal(at);
}
// The last of them before it: in the engine both ends of a range count.
LocalTime BeforeOnOutputClock(const pipeline::Pipeline& pipeline, Instant at) {
  return OnOutputClock(pipeline, at) - std::chrono::seconds(1);
}

}  // namespace

Result<Response> ClearRun(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  engine::ClearSelection selection;
  selection.which.steps = body.Texts("steps", 1000, 100);
  selection.which.upstream = body.Flag("upstream", false);
  selection.which.downstream = body.Flag("downstream", true);
  selection.which.past = body.Flag("past", false);
  selection.which.future = body.Flag("future", false);
  selection.which.only_failed = body.Flag("only_failed", false);
  selection.same_versions = body.Flag("same_versions", false);
  selection.new_steps = body.Flag("new_steps", false);
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  selection.which.runs = {target.run_id};
  return Perform(call, About("clear", target), common,
                 [&](const Act& act) { return Clear(call, target, selection, common, act); });
}

Result<Response> ClearPipeline(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  const auto from = body.Time("from");
  const auto to = body.Time("to");
  engine::ClearSelection selection;
  selection.which.older_definition = body.Flag("older_definition", false);
  selection.which.only_failed = body.Flag("only_failed", false);
  selection.same_versions = body.Flag("same_versions", false);
  if (!from && !to && !selection.which.older_definition) body.Wrong("older_definition", "or from or to must be there");
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  if (from) selection.which.from = OnOutputClock(*target.pipeline, *from);
  if (to) selection.which.to = BeforeOnOutputClock(*target.pipeline, *to);
  return Perform(call, About("clear", target), common,
                 [&](const Act& act) { return Clear(call, target, selection, common, act); });
}

Result<Response> RetryStep(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  engine::ClearSelection selection;
  selection.which.steps = {body.Text("step", 1, 100)};
  selection.which.downstream = true;
  selection.same_versions = true;
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  selection.which.runs = {target.run_id};
  return Perform(call, About("retry", target), common,
                 [&](const Act& act) { return Clear(call, target, selection, common, act); });
}

Result<Response> MarkRun(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  const std::string state = body.Word("state", {"success", "failed"});
  engine::MarkSelection selection;
  selection.which.steps = body.Texts("steps", 1000, 100);
  selection.mark = state == "success" ? engine::Mark::kSuccess : engine::Mark::kFailed;
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  selection.which.runs = {target.run_id};
  const auto mark = [&](const Act& act) -> Result<Outcome> {
    ledger::Ledger& ledger = *call.store.ledger;
    LATECOMER_ASSIGN_OR_RETURN(const engine::MarkPlan plan,
                               common.dry_run
                                   ? engine::PreviewMark(ledger, *target.pipeline, selection)
                                   : engine::ApplyMark(ledger, *target.pipeline, selection, common.confirmed, act));
    Outcome outcome;
    outcome.fingerprint = plan.fingerprint;
    for (const engine::MarkedRun& run : plan.affected) {
      outcome.AddRun(run.run, std::string(Name(run.run.state)), run.note, run.steps);
      if (!common.dry_run) outcome.events.push_back(run.event);
    }
    outcome.AddUntouched(plan.untouched);
    outcome.summary =
        Counted(plan.affected.size(), "run") + (common.dry_run ? " would be marked " : " marked ") + state;
    return outcome;
  };
  return Perform(call, About("mark_" + state, target), common, mark);
}

Result<Response> CancelRun(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  const auto cancel = [&](const Act& act) -> Result<Outcome> {
    const engine::RunSelection selection{.runs = {target.run_id}};
    ledger::Ledger& ledger = *call.store.ledger;
    LATECOMER_ASSIGN_OR_RETURN(const engine::CancelPlan plan,
                               common.dry_run
                                   ? engine::PreviewCancel(ledger, *target.pipeline, selection)
                                   : engine::ApplyCancel(ledger, *target.pipeline, selection, common.confirmed, act));
    Outcome outcome;
    outcome.fingerprint = plan.fingerprint;
    for (const RunRecord& run : plan.affected) {
      outcome.AddRun(run, std::string(Name(run.state)), "is ended");
      if (!common.dry_run && plan.interrupted.contains(run.id)) LATECOMER_RETURN_IF_ERROR(TellIfOutside(call, run));
    }
    outcome.AddUntouched(plan.untouched);
    outcome.summary = Counted(plan.affected.size(), "run") + (common.dry_run ? " would be" : "") + " cancelled";
    return outcome;
  };
  return Perform(call, About("cancel", target), common, cancel);
}

Result<Response> NoteRun(Call& call) {
  BodyFields body(call.request);
  const std::string note = body.Text("note", 0, kLongestNote);
  Common common = ReadCommon(body, false);
  common.note = note;
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  const auto set = [&](const Act& act) -> Result<Outcome> {
    Outcome outcome;
    outcome.summary = note.empty() ? "its note is removed" : "it has a note";
    if (common.dry_run) return outcome;
    LATECOMER_ASSIGN_OR_RETURN(const engine::Noted noted,
                               engine::SetNote(*call.store.ledger, target.pipeline->id, target.run_id, act));
    outcome.AddRun(noted.run, std::string(Name(noted.run.state)), outcome.summary);
    if (noted.event > 0) outcome.events.push_back(noted.event);
    return outcome;
  };
  return Perform(call, About("note", target), common, set);
}

namespace {

// As engine::CheckNamedPartition, by the plan of all partitions.
Result<bool> MayBeNamed(Call& call, const pipeline::Pipeline& pipeline, const table::PartitionKey& key) {
  if (lateness::IntervalOfKey(key, pipeline.output.partition, pipeline.rules.calendar)) return true;
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, pipeline, Scope::kAll));
  return plan->Find(key.Canonical()) != nullptr;
}

}  // namespace

Result<Response> Trigger(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  const auto partition = body.OptionalText("partition", 1, 2000);
  const auto from = body.Time("from");
  const auto to = body.Time("to");
  if (partition.has_value() == (from || to)) body.Wrong("partition", "or from and to must be there, not both");
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  const pipeline::Pipeline& pipeline = *target.pipeline;
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, pipeline));
  engine::TriggerSelection selection;
  if (partition) {
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, ParseKey(pipeline, *plan, *partition));
    LATECOMER_ASSIGN_OR_RETURN(const bool named, MayBeNamed(call, pipeline, key));
    if (!named) {
      return InvalidFields({{"partition", "stands for no interval, and there is none of this name"}});
    }
    selection.partitions.push_back(key);
  } else if (!plan->known) {
    return Fail(ErrorKind::kNotFound, "the tables of " + pipeline.id + " were not looked at yet");
  }
  if (from) selection.from = OnOutputClock(pipeline, *from);
  if (to) selection.to = BeforeOnOutputClock(pipeline, *to);
  const auto trigger = [&](const Act& act) -> Result<Outcome> {
    ledger::Ledger& ledger = *call.store.ledger;
    LATECOMER_ASSIGN_OR_RETURN(
        const engine::TriggerPlan done,
        common.dry_run ? engine::PreviewTrigger(ledger, pipeline, plan->sources, selection)
                       : engine::ApplyTrigger(ledger, pipeline, plan->sources, selection, common.confirmed, act));
    Outcome outcome;
    outcome.fingerprint = done.fingerprint;
    for (const engine::TriggeredRun& one : done.affected) {
      RunRecord run = one.run;
      run.pipeline = pipeline.id;
      run.partition = one.key.Canonical();
      if (run.partition_display.empty()) run.partition_display = DisplayOf(run.partition);
      std::string effect = one.processed ? "is processed again" : "is processed";
      if (!one.open_run.empty()) effect += "; " + one.open_run + " of it is open already";
      outcome.AddRun(run, "new", effect);
    }
    outcome.summary = Counted(done.affected.size(), "run") + (common.dry_run ? " would be made" : " made");
    return outcome;
  };
  return Perform(call, About("trigger", target), common, trigger);
}

Result<Response> PausePipeline(Call& call) {
  return SetPausedTo(call, true);
}
Result<Response> ResumePipeline(Call& call) {
  return SetPausedTo(call, false);
}

Result<Response> ReleasePartition(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *target.pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, ParseKey(*target.pipeline, *plan, call.Path("partition")));
  AuditSubject subject = About("release", target);
  subject.partition = KeyOf(key.Canonical());
  const auto release = [&](const Act& act) -> Result<Outcome> {
    Outcome outcome;
    outcome.partitions.push_back(subject.partition);
    if (common.dry_run) {
      const lateness::PlanEntry* entry = plan->Find(key.Canonical());
      if (entry == nullptr || !lateness::MayBeReleased(*entry)) {
        return Fail(ErrorKind::kNotFound, "nothing of " + key.Display() + " is held");
      }
      outcome.summary =
          "what " + (entry->rule.empty() ? std::string("holds it") : entry->rule) + " holds would be let go";
      return outcome;
    }
    LATECOMER_ASSIGN_OR_RETURN(const engine::Released done,
                               engine::ReleasePartition(*call.store.ledger, *target.pipeline, plan->sources, key, act));
    outcome.summary = done.hold ? "the hold has ended" : "what " + done.rule + " held is let go";
    outcome.events.push_back(done.event);
    return outcome;
  };
  return Perform(call, subject, common, release);
}

Result<Response> ReleaseRule(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  const std::string rule =
      body.Word("rule", std::vector<std::string>(std::begin(lateness::kRuleNames), std::end(lateness::kRuleNames)));
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *target.pipeline));
  const auto release = [&](const Act& act) -> Result<Outcome> {
    ledger::Ledger& ledger = *call.store.ledger;
    LATECOMER_ASSIGN_OR_RETURN(
        const engine::RuleRelease done,
        common.dry_run
            ? engine::PreviewReleaseOfRule(ledger, *target.pipeline, plan->sources, rule, call.now)
            : engine::ReleaseAllOfRule(ledger, *target.pipeline, plan->sources, rule, common.confirmed, act));
    Outcome outcome;
    outcome.fingerprint = done.fingerprint;
    for (const engine::Released& one : done.affected) {
      if (outcome.partitions.size() < kMostShown) outcome.partitions.push_back(KeyOf(one.key.Canonical()));
      if (!common.dry_run) outcome.events.push_back(one.event);
    }
    outcome.summary = Counted(done.affected.size(), "partition") + " that " + rule +
                      (common.dry_run ? " holds would be let go" : " held are let go");
    return outcome;
  };
  return Perform(call, About("release", target), common, release);
}

Result<Response> HoldPartition(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body, false);
  const std::string reason = body.Text("reason", 1, kLongestNote);
  if (Trim(reason).empty()) body.Wrong("reason", "must say something");
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const Target target, FindTarget(call));
  LATECOMER_ASSIGN_OR_RETURN(const auto plan, PlanOf(call, *target.pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, ParseKey(*target.pipeline, *plan, call.Path("partition")));
  AuditSubject subject = About("hold", target);
  subject.partition = KeyOf(key.Canonical());
  const auto hold = [&](const Act& act) -> Result<Outcome> {
    LATECOMER_ASSIGN_OR_RETURN(const bool named, MayBeNamed(call, *target.pipeline, key));
    if (!named) {
      return Fail(ErrorKind::kInvalidArgument,
                  "`" + Printable(key.Display()) + "` stands for no interval, and there is no partition of this name");
    }
    Outcome outcome;
    outcome.partitions.push_back(subject.partition);
    outcome.summary = "nothing of it starts until it is released";
    if (common.dry_run) return outcome;
    LATECOMER_ASSIGN_OR_RETURN(const engine::Held done, engine::HoldPartition(*call.store.ledger, *target.pipeline,
                                                                              plan->sources, key, reason, act));
    outcome.events.push_back(done.event);
    return outcome;
  };
  return Perform(call, subject, common, hold);
}

namespace {

// The entry of the audit log that the path names.
Result<ledger::AuditRecord> FindUndoable(Call& call) {
  const std::string& text = call.Path("action_id");
  std::int64_t id = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), id);
  std::optional<ledger::AuditRecord> entry;
  if (code == std::errc() && end == text.data() + text.size()) {
    LATECOMER_ASSIGN_OR_RETURN(entry, call.store.accounts->FindAudit(id));
  }
  if (!entry) return Fail(ErrorKind::kNotFound, "there is no action " + Printable(text));
  if (entry->undone_by) return Fail(ErrorKind::kConflict, "it was undone already");
  if (entry->undo.empty()) {
    return Fail(Error(ErrorKind::kConflict, "a " + entry->action + " can't be undone")
                    .Hint("pause, resume, hold, release, mark and note can"));
  }
  return std::move(*entry);
}

}  // namespace

Result<Response> UndoAction(Call& call) {
  BodyFields body(call.request);
  const Common common = ReadCommon(body);
  if (auto problem = body.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const ledger::AuditRecord entry, FindUndoable(call));
  const Json undo = Json::parse(entry.undo, nullptr, false);
  if (!undo.is_object()) return Fail(ErrorKind::kDamaged, "the audit log doesn't say what undoes it");
  const AuditSubject subject{
      .action = "undo", .pipeline = entry.pipeline, .run_id = entry.run_id, .partition = entry.partition};
  const auto take_back = [&](const Act& act) -> Result<Outcome> {
    Outcome outcome;
    outcome.summary = "takes back: " + entry.action;
    if (common.dry_run) return outcome;
    for (const Json& event : undo.value("events", Json::array())) {
      LATECOMER_ASSIGN_OR_RETURN(const engine::Undone undone,
                                 engine::Undo(*call.store.ledger, entry.pipeline, event.get<std::int64_t>(), act));
      outcome.summary = undone.now;
    }
    return outcome;
  };
  LATECOMER_ASSIGN_OR_RETURN(Response response, Perform(call, subject, common, take_back));
  if (!common.dry_run && response.status == 200) {
    const Json done = Json::parse(response.body);
    LATECOMER_RETURN_IF_ERROR(call.store.accounts->MarkUndone(entry.id, done["action_id"].get<std::int64_t>()));
  }
  return response;
}

}  // namespace latecomer::server
