#include "cli/workspace.h"

#include <cstdlib>
#include <filesystem>

#include "cli/delta_catalog.h"
#include "cli/ledger_place.h"
#include "engine/admission.h"
#include "engine/definition.h"
#include "engine/facts.h"
#include "pipeline/cascade.h"

namespace latecomer::cli {
namespace {

namespace fs = std::filesystem;

}  // namespace

Result<std::string> LedgerFile(const std::string& option, const std::string& folder) {
  std::string url = option;
  if (url.empty()) {
    if (const char* from_environment = std::getenv("LATECOMER_LEDGER")) url = from_environment;
  }
  if (url.empty()) return FindLedgerFile(folder);
  if (url.starts_with("sqlite:")) url = url.substr(7);
  if (url.find("://") != std::string::npos) {
    const std::string scheme = url.substr(0, url.find("://"));
    return Fail(Error(ErrorKind::kUnsupported, "there are no ledgers on " + scheme)
                    .Hint("use a file, --ledger sqlite:path/to/ledger.db, or postgresql://USER@HOST/DATABASE"));
  }
  std::error_code error;
  const fs::path absolute = fs::absolute(url, error);
  return error ? url : absolute.lexically_normal().string();
}

Result<std::string> AbsoluteFolder(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (!error && fs::is_directory(absolute, error)) return absolute.string();
  if (!error && fs::exists(absolute, error)) return absolute.parent_path().string();
  return Fail(Error(ErrorKind::kNotFound, "there is no such folder").In(path));
}

void AddWorkspaceOptions(CLI::App* command, WorkspaceOptions& options) {
  command->add_option("pipeline", options.pipeline_file, "The pipeline file")->required()->type_name("PIPELINE.yaml");
  command->add_option("--ledger", options.ledger, kLedgerOptionHelp)->type_name("URL");
}

std::string FindLedgerFile(const std::string& pipeline_folder) {
  std::error_code ignored;
  for (fs::path folder = pipeline_folder;; folder = folder.parent_path()) {
    const fs::path candidate = folder / ".latecomer" / "ledger.db";
    if (fs::exists(candidate, ignored)) return candidate.string();
    if (folder == folder.parent_path()) break;
  }
  return (fs::path(pipeline_folder) / ".latecomer" / "ledger.db").string();
}

void AddPipelinesOptions(CLI::App* command, PipelinesOptions& options) {
  command->add_option("pipeline", options.files, "Pipeline files, or folders of them")
      ->required()
      ->type_name("PIPELINE.yaml...");
  command->add_option("--ledger", options.ledger, kLedgerOptionHelp)->type_name("URL");
}

Result<std::vector<std::unique_ptr<Workspace>>> Workspace::OpenAll(Context& context, const PipelinesOptions& options,
                                                                   LedgerUse use) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<std::string> files, ExpandPipelineFiles(options.files));
  LATECOMER_ASSIGN_OR_RETURN(std::vector<pipeline::Pipeline> pipelines, LoadPipelines(files));
  std::vector<std::unique_ptr<Workspace>> workspaces;
  std::string shown;
  for (std::size_t i = 0; i < pipelines.size(); ++i) {
    LATECOMER_ASSIGN_OR_RETURN(const LedgerPlace mine, FindLedger(options.ledger, pipelines[i].folder));
    if (i == 0) {
      LATECOMER_ASSIGN_OR_RETURN(workspaces.emplace_back(),
                                 Open(context, {.pipeline_file = files[i], .ledger = options.ledger}, use));
      shown = mine.shown;
      continue;
    }
    if (mine.shown != shown) {
      return Fail(
          Error(ErrorKind::kInvalidArgument, "these pipelines have different ledgers: " + shown + " and " + mine.shown)
              .In(pipelines[i].file)
              .Hint("--ledger names one for all of them"));
    }
    const Workspace& first = *workspaces.front();
    auto& one = workspaces.emplace_back(new Workspace(context));
    one->pipeline_ = pipelines[i];
    one->ledger_ = first.ledger_;
    one->catalog_ = first.catalog_;
    one->book_ = first.book_;
    one->state_folder_ = first.state_folder_;
  }
  Workspace& first = *workspaces.front();
  LATECOMER_ASSIGN_OR_RETURN(std::vector<pipeline::Pipeline> all, first.book().Others(first.ledger(), pipelines));
  all.insert(all.begin(), pipelines.begin(), pipelines.end());
  LATECOMER_RETURN_IF_ERROR(pipeline::CheckCascade(all));
  return workspaces;
}

Result<std::unique_ptr<Workspace>> Workspace::Open(Context& context, const WorkspaceOptions& options, LedgerUse use) {
  std::unique_ptr<Workspace> workspace(new Workspace(context));
  LATECOMER_ASSIGN_OR_RETURN(workspace->pipeline_, pipeline::LoadPipeline(options.pipeline_file));
  LATECOMER_ASSIGN_OR_RETURN(const LedgerPlace place, FindLedger(options.ledger, workspace->pipeline_.folder));
  workspace->state_folder_ = place.state_folder;
  workspace->book_ = std::make_shared<PipelineBook>();
  workspace->catalog_ = MakeDeltaCatalog(context.clock, context.random);
  // A ledger that can't be seen must never be taken for an empty one.
  LATECOMER_ASSIGN_OR_RETURN(const bool exists, LedgerExists(place));
  const ledger::OpenMode mode = use == LedgerUse::kWrite      ? ledger::OpenMode::kCreate
                                : use == LedgerUse::kExisting ? ledger::OpenMode::kExisting
                                                              : ledger::OpenMode::kReadOnly;
  if (use == LedgerUse::kExisting && !exists) {
    return Fail(Error(ErrorKind::kNotFound, "there is no ledger yet: this pipeline has not been run")
                    .In(place.shown)
                    .Hint("`latecomer run " + options.pipeline_file + "` makes it; --ledger names another"));
  }
  auto ledger = OpenLedger(place, mode, context.random);
  // Not there, or an empty file: another process is making it at this moment.
  if (!ledger && ledger.error().kind == ErrorKind::kNotFound && use == LedgerUse::kReadOrEmpty) {
    ledger = ledger::OpenSqliteLedger(":memory:", ledger::OpenMode::kCreate, context.random);
  }
  LATECOMER_ASSIGN_OR_RETURN(workspace->ledger_, std::move(ledger));
  return workspace;
}

Result<engine::ObservedSources> Workspace::Observe() {
  LATECOMER_RETURN_IF_ERROR(
      ledger_->Read([&](ledger::Reader& reader) { return engine::CheckDefinition(reader, pipeline_); }));
  return Observe(pipeline_);
}

Result<engine::UpstreamWaits> Workspace::LookUpstream() {
  if (!pipeline_.wait_for_upstream) return engine::UpstreamWaits();
  std::vector<engine::KnownPipeline> known;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<pipeline::Pipeline> others, book_->Others(*ledger_, {pipeline_}));
  for (pipeline::Pipeline& one : others) {
    bool paused = false;
    LATECOMER_RETURN_IF_ERROR(ledger_->Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto record, reader.FindPipeline(one.id));
      paused = record && record->paused;
      return {};
    }));
    known.push_back({std::move(one), paused});
  }
  return engine::LookUpstream(pipeline_, known, [&](const pipeline::Pipeline& one) { return LookAt(one); });
}

Result<engine::UpstreamLook> Workspace::LookAt(const pipeline::Pipeline& one) {
  Result<engine::ObservedSources> observed = Observe(one);
  // A pipeline whose source isn't there yet has nothing to do.
  if (!observed && observed.error().kind == ErrorKind::kNotFound) return engine::UpstreamLook();
  if (!observed) return Fail(observed.error());
  engine::UpstreamLook look;
  LATECOMER_RETURN_IF_ERROR(ledger_->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto facts, engine::GatherFacts(reader, one, *observed, context_.clock.Now()));
    look.plan = lateness::MakePlan(one.rules, facts);
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, engine::OutputSchema(one, *observed));
    LATECOMER_ASSIGN_OR_RETURN(auto runs, reader.Runs({.pipeline = one.id, .open_only = true}));
    for (const engine::PlacedRun& run : engine::PlaceRuns(one, schema, std::move(runs))) {
      look.open.emplace_back(run.key, run.run.run_id);
    }
    return {};
  }));
  return look;
}

Result<engine::ObservedSources> Workspace::Observe(const pipeline::Pipeline& pipeline) {
  return engine::ObserveSources(*ledger_, pipeline, *catalog_, context_.clock.Now());
}

Result<table::PartitionKey> Workspace::ParsePartition(const engine::ObservedSources& observed,
                                                      const std::string& text) {
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, engine::OutputSchema(pipeline_, observed));
  return ParsePartition(schema, text);
}

Result<table::PartitionKey> Workspace::ParsePartition(const table::PartitionSchema& schema, const std::string& text) {
  if (schema.size() == 1 && text.find('=') == std::string::npos) {
    return table::PartitionKey::ParsePath(schema, schema.front().name + "=" + text);
  }
  return table::PartitionKey::ParsePath(schema, text);
}

}  // namespace latecomer::cli
