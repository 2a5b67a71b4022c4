// `latecomer plan`: what would be processed now, and why. Writes nothing.
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/workspace.h"
#include "engine/definition.h"
#include "engine/facts.h"
#include "engine/open_facts.h"
#include "lateness/plan_names.h"

namespace latecomer::cli {
namespace {

struct PlanOptions {
  PipelinesOptions pipelines;
  bool held = false;
  bool all = false;
};

bool Shown(const lateness::PlanEntry& entry, const PlanOptions& options) {
  using lateness::Decision;
  if (options.held) return lateness::MayBeReleased(entry);
  if (options.all) return true;
  return entry.decision != Decision::kUpToDate && entry.decision != Decision::kIgnored;
}

void PrintTable(Context& context, const lateness::Plan& plan, const PlanOptions& options) {
  TextTable table(
      {{"PARTITION"}, {"DECISION"}, {"KIND"}, {"LATE BY", Align::kRight}, {"ROWS", Align::kRight}, {"WHY"}});
  std::map<lateness::Decision, int> counts;
  for (const lateness::PlanEntry& entry : plan.entries) {
    ++counts[entry.decision];
    if (!Shown(entry, options)) continue;
    table.Add({entry.key.Display(), DecisionCell(entry), std::string(Name(entry.kind)), LatenessText(entry),
               entry.rows && entry.late ? GroupDigits(*entry.rows) : "-", entry.reason});
  }
  if (!table.Empty()) {
    table.Print(context.out, context.color);
    context.out << '\n';
  }
  if (options.held && table.Empty()) {
    context.out << "nothing is held\n";
    return;
  }
  using lateness::Decision;
  context.out << "at " << VectorText(plan.newest) << ": " << counts[Decision::kProcess] << " to process";
  constexpr std::pair<Decision, const char*> kOthers[] = {{Decision::kOpen, "open"},
                                                          {Decision::kWaiting, "waiting"},
                                                          {Decision::kHeld, "held"},
                                                          {Decision::kFailed, "failed"}};
  for (const auto& [decision, word] : kOthers) {
    if (counts[decision] > 0) context.out << ", " << counts[decision] << ' ' << word;
  }
  // What is settled isn't even read without --all.
  if (options.all) {
    context.out << ", " << counts[Decision::kUpToDate] << " up to date\n";
  } else {
    context.out << "; all else is up to date\n";
  }
}

constexpr int kLooks = 5;

Result<lateness::PlanInput> Facts(ledger::Reader& reader, Workspace& workspace, const engine::ObservedSources& observed,
                                  const PlanOptions& options) {
  const Instant now = workspace.context().clock.Now();
  if (options.all) return engine::GatherFacts(reader, workspace.pipeline(), observed, now);
  LATECOMER_ASSIGN_OR_RETURN(engine::OpenFacts open,
                             engine::GatherOpenFacts(reader, workspace.pipeline(), observed, now));
  return std::move(open.input);
}

Result<lateness::Plan> PlanOf(Workspace& workspace, const PlanOptions& options) {
  const pipeline::Pipeline& pipeline = workspace.pipeline();
  LATECOMER_ASSIGN_OR_RETURN(const engine::UpstreamWaits upstream, workspace.LookUpstream());
  engine::ObservedSources observed;
  lateness::Plan plan;
  Status planned;
  // Another process may store more of a table between the look at it and the plan.
  for (int look = 0; look < kLooks; ++look) {
    LATECOMER_ASSIGN_OR_RETURN(observed, workspace.Observe());
    planned = workspace.ledger().Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(lateness::PlanInput facts, Facts(reader, workspace, observed, options));
      for (lateness::OutputFacts& one : facts.outputs) one.waits_for = upstream.Of(pipeline, one.key);
      plan = lateness::MakePlan(pipeline.rules, facts);
      return {};
    });
    if (planned || planned.error().kind != ErrorKind::kConflict) break;
  }
  LATECOMER_RETURN_IF_ERROR(planned);
  if (!observed.Note().empty()) workspace.context().err << "note: " << observed.Note() << '\n';
  return plan;
}

// Nothing is late because its definition changed; a person may want it built anew.
Status NoteOlderDefinitions(Workspace& workspace) {
  const pipeline::Pipeline& pipeline = workspace.pipeline();
  return workspace.ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto older, engine::RunsOfOlderDefinitions(reader, pipeline));
    if (older.empty()) return {};
    workspace.context().err << "note: " << older.size() << " built by an older definition of " << pipeline.id
                            << "; `latecomer clear " << pipeline.file << " --older-definition` builds "
                            << (older.size() == 1 ? "it" : "them") << " anew\n";
    return {};
  });
}

Status Plan(Context& context, OutputFormat format, const PlanOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspaces,
                             Workspace::OpenAll(context, options.pipelines, LedgerUse::kReadOrEmpty));
  const bool several = workspaces.size() > 1;
  for (const auto& workspace : workspaces) {
    const std::string& id = workspace->pipeline().id;
    if (several && format != OutputFormat::kJson) context.out << id << '\n';
    Result<lateness::Plan> plan = PlanOf(*workspace, options);
    // In a cascade the tables further down come into being with the first runs.
    if (several && !plan && plan.error().kind == ErrorKind::kNotFound) {
      context.err << "note: " << id << " has nothing to plan yet: " << plan.error().message << '\n';
      continue;
    }
    if (!plan) return Fail(plan.error());
    LATECOMER_RETURN_IF_ERROR(NoteOlderDefinitions(*workspace));
    if (format != OutputFormat::kJson) {
      PrintTable(context, *plan, options);
      if (several) context.out << '\n';
      continue;
    }
    for (const lateness::PlanEntry& entry : plan->entries) {
      if (!Shown(entry, options)) continue;
      nlohmann::ordered_json json = EntryJson(entry);
      json["pipeline"] = id;
      context.out << json.dump() << '\n';
    }
  }
  return {};
}

}  // namespace

void AddPlanCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "plan", "Show which partitions would be processed now, and why",
                                 "latecomer plan examples/devices/pipeline.yaml\n"
                                 "latecomer plan examples/devices/pipeline.yaml --held\n"
                                 "latecomer plan pipelines/\n"
                                 "latecomer plan examples/devices/pipeline.yaml --all --output json");
  auto options = std::make_shared<PlanOptions>();
  AddPipelinesOptions(command, options->pipelines);
  command->add_flag("--held", options->held, "Only what a rule or a person holds back, and can be released");
  command->add_flag("--all", options->all, "Also what is up to date");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Plan(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
