// `latecomer explain`: why a partition was, or was not, processed again.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/run_text.h"
#include "cli/workspace.h"
#include "engine/facts.h"

namespace latecomer::cli {
namespace {

using nlohmann::ordered_json;

struct ExplainOptions {
  WorkspaceOptions workspace;
  std::string partition;
};

// Everything the answer rests on.
struct Facts {
  lateness::PlanEntry entry;
  lateness::OutputFacts output;
  std::vector<ledger::RunRecord> runs;
  std::map<std::int64_t, std::vector<ledger::TryRecord>> tries;
  std::vector<lateness::Change> changes;  // all known ones of its source partitions, oldest first
  std::string source_note;
};

Result<Facts> Gather(Workspace& workspace, const engine::ObservedSources& observed, const table::PartitionKey& key) {
  Facts facts;
  facts.source_note = observed.Note();
  const pipeline::Pipeline& pipeline = workspace.pipeline();
  LATECOMER_ASSIGN_OR_RETURN(const engine::UpstreamWaits upstream, workspace.LookUpstream());
  LATECOMER_RETURN_IF_ERROR(workspace.ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(auto input,
                               engine::GatherFacts(reader, pipeline, observed, workspace.context().clock.Now()));
    for (lateness::OutputFacts& one : input.outputs) one.waits_for = upstream.Of(pipeline, one.key);
    const auto same = [&](const auto& candidate) { return candidate.key == key; };
    const auto output = std::find_if(input.outputs.begin(), input.outputs.end(), same);
    if (output == input.outputs.end()) {
      return Fail(Error(ErrorKind::kNotFound, "the source has no data for " + key.Display())
                      .In(pipeline.sources.front().location)
                      .Hint("`latecomer partitions " + pipeline.sources.front().location + "` lists what it has"));
    }
    facts.output = *output;
    lateness::Plan plan = lateness::MakePlan(pipeline.rules, input);
    facts.entry = *std::find_if(plan.entries.begin(), plan.entries.end(), same);
    LATECOMER_ASSIGN_OR_RETURN(facts.runs, reader.Runs({.pipeline = pipeline.id, .partition = key.Canonical()}));
    for (const ledger::RunRecord& run : facts.runs) {
      LATECOMER_ASSIGN_OR_RETURN(facts.tries[run.id], reader.Tries(run.id));
    }
    LATECOMER_ASSIGN_OR_RETURN(facts.changes,
                               engine::UnseenChanges(reader, pipeline, observed, key.Canonical(), std::nullopt));
    return {};
  }));
  return facts;
}

std::string Verdict(const lateness::Change& change, const Facts& facts) {
  const auto& processed = facts.output.processed;
  if (!processed) return "not built yet";
  const auto it = processed->vector.find(change.source);
  return it != processed->vector.end() && change.version <= it->second ? "in what was built" : "came later";
}

void PrintChanges(Context& context, const Facts& facts) {
  TextTable table({{"VERSION", Align::kRight},
                   {"COMMITTED"},
                   {"OPERATION"},
                   {"FILES", Align::kRight},
                   {"ROWS", Align::kRight},
                   {"AFTER THE INTERVAL'S END", Align::kRight},
                   {"VERDICT"}});
  for (const lateness::Change& change : facts.changes) {
    const auto& counts = change.counts;
    std::string rows = counts.rows_added ? "+" + GroupDigits(*counts.rows_added) : "?";
    if (!counts.rows_removed || *counts.rows_removed > 0) {
      rows += counts.rows_removed ? " -" + GroupDigits(*counts.rows_removed) : " -?";
    }
    std::string files = "+" + GroupDigits(counts.files_added);
    if (counts.files_removed > 0) files += " -" + GroupDigits(counts.files_removed);
    table.Add({std::to_string(change.version.value), FormatInstant(change.timestamp).substr(0, 19) + "Z",
               change.operation.empty() ? "-" : change.operation, files, rows,
               facts.output.interval ? HumanDuration(change.timestamp - facts.output.interval->end) : "-",
               Verdict(change, facts) + (change.assumed ? " (assumed: " + change.note + ")" : "")});
  }
  context.out << "\nchanges\n";
  if (table.Empty()) {
    context.out << "none on record\n";
  } else {
    table.Print(context.out, context.color);
  }
}

void PrintRuns(Context& context, const Facts& facts) {
  context.out << "\nruns\n";
  TextTable table(
      {{"RUN"}, {"BECAUSE OF"}, {"TRY", Align::kRight}, {"STATE"}, {"BUILT FROM"}, {"STARTED"}, {"MESSAGE"}});
  for (const ledger::RunRecord& run : facts.runs) {
    const std::string waits = run.waiting_for.empty() ? "" : "waits for " + run.waiting_for;
    for (const ledger::TryRecord& attempt : facts.tries.at(run.id)) {
      const bool last = attempt.number == run.tries && attempt.message.empty();
      table.Add({run.run_id, CauseText(run), std::to_string(attempt.number), std::string(Name(attempt.state)),
                 VectorText(attempt.vector), FormatInstant(attempt.started).substr(0, 19) + "Z",
                 last ? waits : attempt.message});
    }
    if (facts.tries.at(run.id).empty()) {
      table.Add({run.run_id, CauseText(run), "-", StateCell(run.state), "-", "-", waits.empty() ? run.message : waits});
    }
  }
  if (table.Empty()) {
    context.out << "none\n";
  } else {
    table.Print(context.out, context.color);
  }
}

void Print(Context& context, const Facts& facts) {
  const lateness::PlanEntry& entry = facts.entry;
  context.out << entry.key.Display() << "  " << DecisionCell(entry).text << '\n';
  context.out << "  " << Printable(entry.reason) << '\n';
  if (!entry.rule.empty()) context.out << "  rule: " << entry.rule << '\n';
  if (entry.interval) {
    context.out << "  interval: " << FormatInstant(entry.interval->start) << " to "
                << FormatInstant(entry.interval->end) << '\n';
  }
  if (facts.output.processed) {
    context.out << "  built from " << VectorText(facts.output.processed->vector) << " by "
                << Printable(facts.output.processed->run_id) << " at " << FormatInstant(facts.output.processed->at)
                << '\n';
  } else {
    context.out << "  never processed\n";
  }
  if (!facts.source_note.empty()) context.out << "  note: " << facts.source_note << '\n';
  PrintChanges(context, facts);
  PrintRuns(context, facts);
}

void PrintJson(Context& context, const Facts& facts) {
  ordered_json json = EntryJson(facts.entry);
  json["processed"] = nullptr;
  if (facts.output.processed) {
    ordered_json versions = ordered_json::object();
    for (const auto& [source, version] : facts.output.processed->vector) versions[source] = version.value;
    json["processed"] = {{"versions", versions},
                         {"run_id", facts.output.processed->run_id},
                         {"at", FormatInstant(facts.output.processed->at)}};
  }
  json["history"] = ordered_json::array();
  for (const lateness::Change& change : facts.changes) {
    json["history"].push_back(ChangeJson(change, facts.output.interval));
  }
  json["runs"] = ordered_json::array();
  for (const ledger::RunRecord& run : facts.runs) {
    json["runs"].push_back({{"run_id", run.run_id},
                            {"kind", std::string(Name(run.kind))},
                            {"state", std::string(Name(run.state))},
                            {"cause", run.cause},
                            {"message", run.message},
                            {"waiting_for", run.waiting_for}});
  }
  context.out << json.dump() << '\n';
}

Status Explain(Context& context, OutputFormat format, const ExplainOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace,
                             Workspace::Open(context, options.workspace, LedgerUse::kReadOrEmpty));
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources observed, workspace->Observe());
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace->ParsePartition(observed, options.partition));
  LATECOMER_ASSIGN_OR_RETURN(const Facts facts, Gather(*workspace, observed, key));
  if (format == OutputFormat::kJson) {
    PrintJson(context, facts);
  } else {
    Print(context, facts);
  }
  return {};
}

}  // namespace

void AddExplainCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "explain", "Say why a partition was, or was not, processed again",
                 "latecomer explain examples/devices/pipeline.yaml 2024-01-01\n"
                 "latecomer explain examples/devices/pipeline.yaml event_time=2024-01-02 --output json");
  auto options = std::make_shared<ExplainOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("partition", options->partition, "The output partition: a value, or column=value/column=value")
      ->required()
      ->type_name("PARTITION");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Explain(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
