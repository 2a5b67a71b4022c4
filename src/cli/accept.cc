// `latecomer accept`: goes on with a table that is another one than before, or with a definition that makes other
// outputs.
#include "engine/accept.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "engine/accept_definition.h"

namespace latecomer::cli {
namespace {

struct AcceptOptions {
  WorkspaceOptions workspace;
  bool compare = false;
  bool as_processed = false;
  bool as_changed = false;
};

constexpr std::size_t kMostNamed = 10;

bool Reads(const pipeline::Pipeline& pipeline, const std::string& location) {
  for (const pipeline::Source& source : pipeline.sources) {
    if (source.location == location) return true;
  }
  return false;
}

// All pipelines of the ledger that read the table: each has versions of it on record.
Result<std::vector<pipeline::Pipeline>> Readers(Workspace& workspace, const std::string& location) {
  std::vector<ledger::PipelineRecord> records;
  LATECOMER_RETURN_IF_ERROR(workspace.ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(records, reader.Pipelines());
    return {};
  }));
  // Of a definition that isn't accepted yet, the one that partitions were processed by.
  std::optional<pipeline::Pipeline> before;
  LATECOMER_RETURN_IF_ERROR(workspace.ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(before, engine::DefinitionBefore(reader, workspace.pipeline()));
    return {};
  }));
  std::vector<pipeline::Pipeline> readers;
  if (!before || Reads(*before, location)) readers.push_back(before ? *before : workspace.pipeline());
  for (const ledger::PipelineRecord& record : records) {
    if (record.id == workspace.pipeline().id) continue;
    // As it is now, or as it was when it last ran, when its file is gone or broken.
    auto pipeline = pipeline::LoadPipeline(record.file);
    if (!pipeline || pipeline->id != record.id) pipeline = pipeline::ParseRecordedPipeline(record.text, record.file);
    if (!pipeline) {
      Error error = std::move(pipeline).error();
      error.message =
          "pipeline " + record.id + ", which may read the same table, can't be understood: " + error.message;
      return Fail(std::move(error).Hint("mend its file; its record has to follow the new table too"));
    }
    if (Reads(*pipeline, location)) readers.push_back(std::move(*pipeline));
  }
  return readers;
}

std::string Json(const std::string& location, const engine::AcceptedTable& accepted) {
  nlohmann::ordered_json pipelines = nlohmann::ordered_json::array();
  for (const auto& effect : accepted.pipelines) {
    pipelines.push_back({{"pipeline", effect.pipeline}, {"late", effect.late}, {"kept", effect.kept}});
  }
  nlohmann::ordered_json changed = nlohmann::ordered_json::array();
  for (const table::PartitionKey& key : accepted.changed) {
    changed.push_back(nlohmann::ordered_json::parse(key.LogJson()));
  }
  return nlohmann::ordered_json{{"table", location},         {"why", accepted.why}, {"before", accepted.before.value},
                                {"now", accepted.now.value}, {"changed", changed},  {"same", accepted.same},
                                {"pipelines", pipelines}}
      .dump();
}

void Print(Context& context, const AcceptOptions& options, const std::string& location,
           const engine::AcceptedTable& accepted) {
  context.out << Printable(location) << ": " << Printable(accepted.why) << '\n'
              << "accepted at version " << accepted.now.value << " (" << accepted.before.value
              << " was seen): " << accepted.same << " partitions count as before, " << accepted.changed.size()
              << " as changed";
  for (std::size_t i = 0; i < accepted.changed.size() && i < kMostNamed; ++i) {
    context.out << (i == 0 ? ": " : ", ") << accepted.changed[i].Display();
  }
  if (accepted.changed.size() > kMostNamed)
    context.out << ", … and " << accepted.changed.size() - kMostNamed << " more";
  context.out << '\n';
  for (const auto& effect : accepted.pipelines) {
    context.out << Printable(effect.pipeline) << ": " << effect.late << " processed partitions are late now, "
                << effect.kept << " stay as they are\n";
  }
  context.out << "`latecomer plan " << Printable(options.workspace.pipeline_file) << "` shows what is processed next\n";
}

void PrintDefinition(Context& context, OutputFormat format, const AcceptOptions& options, const std::string& pipeline,
                     const engine::AcceptedDefinition& accepted) {
  if (format == OutputFormat::kJson) {
    context.out << nlohmann::ordered_json{{"definition", pipeline}, {"what", accepted.what},
                                          {"late", accepted.late},  {"kept", accepted.kept},
                                          {"gone", accepted.gone},  {"cancelled", accepted.cancelled}}
                       .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                << '\n';
    return;
  }
  context.out << Printable(pipeline) << ": the changed definition is accepted";
  for (std::size_t i = 0; i < accepted.what.size(); ++i) context.out << (i == 0 ? ": " : ", ") << accepted.what[i];
  context.out << '\n'
              << accepted.late << " processed partitions are late now, " << accepted.kept << " count as made, "
              << accepted.gone << " are no outputs any more";
  if (!accepted.cancelled.empty()) context.out << "; " << accepted.cancelled.size() << " queued runs are cancelled";
  context.out << "\n`latecomer plan " << Printable(options.workspace.pipeline_file)
              << "` shows what is processed next\n";
}

// False when the definition is the one that partitions were processed by, or may go on without a word.
Result<bool> AcceptChangedDefinition(Context& context, OutputFormat format, const AcceptOptions& options,
                                     Workspace& workspace, engine::AcceptAs as) {
  const pipeline::Pipeline& pipeline = workspace.pipeline();
  LATECOMER_ASSIGN_OR_RETURN(const engine::ObservedSources sources, workspace.Observe(pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const auto accepted,
                             engine::AcceptDefinition(workspace.ledger(), pipeline, sources, as, context.clock.Now()));
  if (accepted) PrintDefinition(context, format, options, pipeline.id, *accepted);
  return accepted.has_value();
}

Status Accept(Context& context, OutputFormat format, const AcceptOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  const engine::AcceptAs as = options.as_processed ? engine::AcceptAs::kProcessed
                              : options.as_changed ? engine::AcceptAs::kChanged
                                                   : engine::AcceptAs::kCompare;
  const pipeline::Pipeline& pipeline = workspace->pipeline();
  std::set<std::string> looked_at;
  bool any = false;
  for (const pipeline::Source& source : pipeline.sources) {
    if (!looked_at.insert(source.location).second) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto history, workspace->catalog().OpenHistory(source.location));
    LATECOMER_ASSIGN_OR_RETURN(const std::vector<pipeline::Pipeline> readers, Readers(*workspace, source.location));
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<engine::AcceptedTable> accepted,
                               engine::AcceptTable(workspace->ledger(), readers, *history, as, context.clock.Now()));
    if (!accepted) continue;
    any = true;
    if (format == OutputFormat::kJson) {
      context.out << Json(source.location, *accepted) << '\n';
    } else {
      Print(context, options, source.location, *accepted);
    }
  }
  LATECOMER_ASSIGN_OR_RETURN(const bool definition, AcceptChangedDefinition(context, format, options, *workspace, as));
  if (any || definition) return {};
  return Fail(Error(ErrorKind::kConflict, pipeline.sources.size() == 1
                                              ? "this is the table that was seen, and the definition goes on as it is; "
                                                "there is nothing to accept"
                                              : "these are the tables that were seen, and the definition goes on as it "
                                                "is; there is nothing to accept")
                  .In(pipeline.sources.front().location)
                  .Hint("`latecomer plan` shows what is to be processed"));
}

}  // namespace

void AddAcceptCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "accept", "Go on with a table that was replaced, or a definition that makes other outputs",
                 "latecomer accept examples/devices/pipeline.yaml\n"
                 "latecomer accept pipeline.yaml --as-processed   # what it holds now is processed\n"
                 "latecomer accept pipeline.yaml --as-changed     # process everything again");
  auto options = std::make_shared<AcceptOptions>();
  AddWorkspaceOptions(command, options->workspace);
  auto* ways = command->add_option_group("ways");
  ways->add_flag(
      "--compare", options->compare,
      "What is made of other files or partitions than before is late (the default); what waited still waits");
  ways->add_flag("--as-processed", options->as_processed,
                 "Nothing is late: outputs count as built from what is there now");
  ways->add_flag("--as-changed", options->as_changed, "Everything is late");
  ways->require_option(0, 1);
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Accept(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
