#include "cli/run_progress.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/plan_text.h"
#include "cli/text_table.h"

namespace latecomer::cli {

using ledger::RunRecord;
using ledger::RunState;

namespace {

std::string Describe(const RunRecord& run) {
  switch (run.state) {
    case RunState::kQueued: return run.tries == 0 ? "queued" : "queued again: " + Printable(run.message);
    case RunState::kRunning: return run.tries == 1 ? "started" : "started, try " + std::to_string(run.tries);
    case RunState::kSuccess: return "success in " + HumanDuration(*run.ended - *run.started);
    default: return std::string(Name(run.state)) + (run.message.empty() ? "" : ": " + Printable(run.message));
  }
}

}  // namespace

void RunProgress::OnObserved(const std::string& location, Version newest, std::int64_t new_commits,
                             const std::string& note) {
  if (silent_) return;
  Line("", location + " is at version " + std::to_string(newest.value) + " (" + GroupDigits(new_commits) + " new)");
  if (!note.empty()) Line("", "note: " + note);
}

void RunProgress::OnRun(const RunRecord& run) {
  runs_[run.id] = run;
  if (!silent_) Line(NameOf(run), Describe(run));
}

void RunProgress::OnStep(const RunRecord& run, const ledger::StepRecord& step) {
  if (silent_ || step.state == ledger::StepState::kUpstreamFailed) return;
  if (step.step == "record" || step.state == ledger::StepState::kSkipped) return;
  std::string text = "  " + step.step + " " + std::string(Name(step.state));
  if (step.state == ledger::StepState::kRunning && step.attempts > 1) {
    text += " (attempt " + std::to_string(step.attempts) + ")";
  }
  if (ledger::IsDone(step.state) && step.started && step.ended && step.step != "detect") {
    text += " in " + HumanDuration(*step.ended - *step.started);
  }
  if (!step.message.empty()) text += ": " + Printable(step.message);
  Line(NameOf(run), text);
}

std::string RunProgress::NameOf(const RunRecord& run) const {
  return (several_ ? Printable(run.pipeline) + " " : "") + Printable(run.run_id);
}

void RunProgress::Line(const std::string& name, const std::string& text) {
  const std::string now = FormatInstant(context_.clock.Now()).substr(11, 8);
  context_.out << now << "  ";
  if (!name.empty()) context_.out << name << "  ";
  context_.out << text << std::endl;  // flushed: people watch it
}

nlohmann::ordered_json RunJson(const RunRecord& run) {
  nlohmann::ordered_json json;
  json["pipeline"] = run.pipeline;
  json["run_id"] = run.run_id;
  json["partition"] = nlohmann::ordered_json::parse(run.partition);
  json["kind"] = std::string(Name(run.kind));
  json["state"] = std::string(Name(run.state));
  json["tries"] = run.tries;
  json["message"] = run.message;
  json["waiting_for"] = run.waiting_for;
  return json;
}

}  // namespace latecomer::cli
