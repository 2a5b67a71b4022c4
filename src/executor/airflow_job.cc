#include "executor/airflow_job.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/text.h"
#include "executor/airflow_api.h"
#include "executor/attempt_name.h"
#include "executor/job_facts.h"

namespace latecomer::executor {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

constexpr std::size_t kNamedTasks = 3;  // in a message
constexpr std::size_t kLongestList = 200;
constexpr int kLongerBy = 2;

// Of a job that can't be seen at the moment: how it is signed in to may change, and what answers may be a proxy.
Error NotNow(Error error) {
  if (error.kind == ErrorKind::kPermission || error.kind == ErrorKind::kUnsupported) error.kind = ErrorKind::kIo;
  return error;
}

bool IsOver(const std::string& state) {
  return state == "success" || state == "failed" || state == "skipped" || state == "upstream_failed" ||
         state == "removed";
}

OutsideState Stands(Phase phase, std::string message) {
  OutsideState state;
  state.phase = phase;
  state.message = std::move(message);
  return state;
}

class AirflowJob final : public OutsideJob {
 public:
  AirflowJob(const AirflowPlace& place, const storage::Environment& environment, DagRunName name, std::string conf,
             AirflowPace pace)
      : place_(place), name_(std::move(name)), conf_(std::move(conf)), pace_(pace), api_(place, environment) {}

  std::string Describe() const override { return "DAG run " + name_.run + " of " + name_.dag; }
  std::string Identity() const override;
  Status Create() override;
  Result<OutsideState> Look(Duration at_most, const AttemptLog& log, const http::Interrupt& interrupt) override;
  Result<bool> End() override;

 private:
  Result<OutsideState> Ask(const AttemptLog& log);
  Result<OutsideState> Failed(const AttemptLog& log);
  Result<std::string> Queued();
  std::string Progress(const std::vector<AirflowTask>& tasks, const AttemptLog& log);

  const AirflowPlace place_;
  const DagRunName name_;
  const std::string conf_;
  const AirflowPace pace_;
  AirflowApi api_;
  OutsideState seen_;
  std::map<std::string, std::string> task_states_;  // by name
  bool announced_ = false;
  Duration pause_{0};
  steady_clock::time_point next_ = steady_clock::time_point::min();
};

std::string AirflowJob::Identity() const {
  const auto secret = [](const SecretPlace& at) { return json{{"variable", at.variable}, {"file", at.file}}; };
  return json{{"url", place_.url},
              {"ca_file", place_.ca_file},
              {"token", secret(place_.token)},
              {"user", place_.user},
              {"user_place", secret(place_.user_place)},
              {"password", secret(place_.password)},
              {"dag", name_.dag},
              {"run", name_.run}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

Status AirflowJob::Create() {
  const Status made = api_.Trigger(name_, conf_);
  if (made) return {};
  Error error = made.error();
  if (error.kind == ErrorKind::kConflict) {
    // The id follows from the attempt, so the run that has it is the attempt's, made by an earlier call.
    const auto there = api_.Find(name_);
    if (there) return {};
    error = there.error();
    if (error.kind == ErrorKind::kNotFound) error.kind = ErrorKind::kIo;
    return Fail(std::move(error));
  }
  if (error.kind == ErrorKind::kNotFound) {
    error.kind = ErrorKind::kInvalidArgument;
    error.message = "Airflow has no DAG " + name_.dag + " (" + error.message + ")";
    error.hint = "is it parsed without errors, and may the user see it?";
  }
  return Fail(std::move(error));
}

Result<OutsideState> AirflowJob::Look(Duration at_most, const AttemptLog& log, const http::Interrupt& interrupt) {
  if (!announced_) {
    announced_ = true;
    log.Say(Describe() + ": " + api_.PageOf(name_));
  }
  const auto now = steady_clock::now();
  if (next_ > now) {
    const auto left = std::chrono::ceil<Duration>(next_ - now);
    if (interrupt.WaitFor(std::min(left, at_most)) || left > at_most) return seen_;
  }
  auto state = Ask(log);
  if (!state) return Fail(NotNow(std::move(state.error())));
  const bool changed = state->phase != seen_.phase || state->message != seen_.message;
  pause_ = changed || pause_ == Duration(0) ? pace_.first : std::min(pause_ * kLongerBy, pace_.longest);
  next_ = steady_clock::now() + pause_;
  seen_ = *state;
  return state;
}

Result<OutsideState> AirflowJob::Ask(const AttemptLog& log) {
  const auto state = api_.Find(name_);
  if (!state && state.error().kind == ErrorKind::kNotFound) {
    return Stands(Phase::kFailed, Describe() + " is gone: somebody deleted it in Airflow");
  }
  LATECOMER_RETURN_IF_ERROR(state);
  if (*state == DagRunState::kQueued) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string why, Queued());
    return Stands(Phase::kRunning, why);
  }
  if (*state == DagRunState::kFailed) return Failed(log);
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<AirflowTask> tasks, api_.Tasks(name_));
  const std::string progress = Progress(tasks, log);
  if (*state == DagRunState::kSuccess) return Stands(Phase::kSucceeded, "");
  return Stands(Phase::kRunning, progress);
}

Result<std::string> AirflowJob::Queued() {
  LATECOMER_ASSIGN_OR_RETURN(const bool paused, api_.IsPaused(name_.dag));
  return std::string(paused ? "queued, and the DAG is paused in Airflow" : "queued in Airflow");
}

// Notes in the log what has changed, and says in short how far it is.
std::string AirflowJob::Progress(const std::vector<AirflowTask>& tasks, const AttemptLog& log) {
  std::size_t over = 0;
  std::string at_work;
  for (const AirflowTask& task : tasks) {
    std::string& before = task_states_[task.Name()];
    if (before != task.state && !task.state.empty()) log.Say(task.Name() + ": " + task.state);
    before = task.state;
    over += IsOver(task.state) ? 1 : 0;
    const bool works = task.state == "running" || task.state == "deferred" || task.state == "up_for_retry";
    if (works && at_work.size() < kLongestList) at_work += (at_work.empty() ? "" : ", ") + task.Name();
  }
  return std::to_string(over) + " of " + std::to_string(tasks.size()) + " tasks over" +
         (at_work.empty() ? "" : "; at work: " + at_work);
}

// With what the tasks said that failed.
Result<OutsideState> AirflowJob::Failed(const AttemptLog& log) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<AirflowTask> tasks, api_.Tasks(name_));
  Progress(tasks, log);
  std::string message;
  std::size_t failed = 0;
  for (const AirflowTask& task : tasks) {
    if (task.state != "failed") continue;
    if (++failed > kNamedTasks) continue;
    message += (message.empty() ? "" : ", ") + task.Name();
    const auto said = api_.LogEnd(name_, task);  // a log that can't be had doesn't change the outcome
    if (!said) continue;
    log.Say("--- the end of the log of " + task.Name());
    log.Append(said->lines);
    if (!said->cause.empty()) message += " (" + said->cause + ")";
  }
  if (failed == 0) {
    message = "the DAG run failed, and none of its tasks: marked so by a person, or its time was up";
  } else {
    message =
        (failed == 1 ? "task failed in Airflow: " : std::to_string(failed) + " tasks failed in Airflow: ") + message;
  }
  log.Say(message);
  return Stands(Phase::kFailed, message);
}

Result<bool> AirflowJob::End() {
  const auto state = api_.Find(name_);
  if (!state && state.error().kind == ErrorKind::kNotFound) return true;
  LATECOMER_RETURN_IF_ERROR(state);
  // A run that ended well meanwhile stays so.
  if (*state == DagRunState::kSuccess || *state == DagRunState::kFailed) return true;
  const Status told = api_.MarkFailed(name_);
  if (!told && told.error().kind != ErrorKind::kNotFound) return Fail(told.error());
  return false;  // the next look sees it
}

// What Airflow's allowed_run_id_pattern has as its default.
std::string Allowed(std::string_view text, std::size_t longest) {
  std::string allowed(text.substr(0, longest));
  for (char& c : allowed) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("_.~:+-").find(c) == std::string_view::npos) c = '-';
  }
  return allowed;
}

std::string ConfOf(const AirflowWork& work, const nlohmann::ordered_json& facts) {
  nlohmann::ordered_json conf = nlohmann::ordered_json::object();
  conf["latecomer"] = facts;
  for (const auto& [name, value] : work.conf) conf[name] = value;
  return JobText(conf);
}

std::string TextAt(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

SecretPlace SecretAt(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end()) return {};
  return {.variable = TextAt(*found, "variable"), .file = TextAt(*found, "file")};
}

}  // namespace

std::string DagRunIdOf(const AttemptName& name) {
  constexpr std::size_t kLongestPart = 80;
  constexpr std::size_t kDigits = 16;
  return "latecomer__" + Allowed(name.run_id, kLongestPart) + "__" + Allowed(name.step, kLongestPart) + "__" +
         std::to_string(name.try_number) + "." + std::to_string(name.number) + "__" +
         AttemptDigest(name).substr(0, kDigits);
}

AirflowSystem::AirflowSystem(table::Catalog& catalog, storage::Environment environment, AirflowPace pace)
    : catalog_(catalog), environment_(std::move(environment)), pace_(pace) {}

bool AirflowSystem::Runs(const AttemptSpec& spec) const {
  return std::holds_alternative<AirflowWork>(spec.work);
}

Result<std::unique_ptr<OutsideJob>> AirflowSystem::Make(const AttemptSpec& spec) {
  const auto& work = std::get<AirflowWork>(spec.work);
  LATECOMER_ASSIGN_OR_RETURN(const nlohmann::ordered_json facts, JobFactsOf(work, catalog_));
  return std::make_unique<AirflowJob>(work.place, environment_, DagRunName{work.dag, DagRunIdOf(spec.name)},
                                      ConfOf(work, facts), pace_);
}

Result<std::unique_ptr<OutsideJob>> AirflowSystem::Find(const std::string& identity) {
  const json known = json::parse(identity, nullptr, /*allow_exceptions=*/false);
  const DagRunName name{TextAt(known, "dag"), TextAt(known, "run")};
  const AirflowPlace place{.url = TextAt(known, "url"),
                           .ca_file = TextAt(known, "ca_file"),
                           .token = SecretAt(known, "token"),
                           .user = TextAt(known, "user"),
                           .user_place = SecretAt(known, "user_place"),
                           .password = SecretAt(known, "password")};
  if (name.dag.empty() || name.run.empty() || place.url.empty()) {
    return Fail(ErrorKind::kDamaged, "this doesn't say which DAG run of which Airflow it was");
  }
  return std::make_unique<AirflowJob>(place, environment_, name, "{}", pace_);
}

}  // namespace latecomer::executor
