#include "cli/workspace.h"

#include <cstdlib>
#include <filesystem>

#include "cli/delta_catalog.h"
#include "engine/facts.h"

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
    return Fail(Error(ErrorKind::kUnsupported, "ledgers on " + scheme + " are not supported yet")
                    .Hint("use a file: --ledger sqlite:path/to/ledger.db"));
  }
  std::error_code error;
  const fs::path absolute = fs::absolute(url, error);
  return error ? url : absolute.lexically_normal().string();
}

void AddWorkspaceOptions(CLI::App* command, WorkspaceOptions& options) {
  command->add_option("pipeline", options.pipeline_file, "The pipeline file")->required()->type_name("PIPELINE.yaml");
  command->add_option("--ledger", options.ledger, "The ledger: sqlite:FILE (default: .latecomer/ledger.db)")
      ->type_name("URL");
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

Result<std::unique_ptr<Workspace>> Workspace::Open(Context& context, const WorkspaceOptions& options, LedgerUse use) {
  std::unique_ptr<Workspace> workspace(new Workspace(context));
  LATECOMER_ASSIGN_OR_RETURN(workspace->pipeline_, pipeline::LoadPipeline(options.pipeline_file));
  LATECOMER_ASSIGN_OR_RETURN(const std::string file, LedgerFile(options.ledger, workspace->pipeline_.folder));
  workspace->state_folder_ = fs::path(file).parent_path().string();
  workspace->catalog_ = MakeDeltaCatalog(context.clock, context.random);
  std::error_code unseen;
  const bool exists = fs::exists(file, unseen);
  if (unseen) {  // not "missing": a ledger that can't be seen must never be taken for an empty one
    return Fail(Error(ErrorKind::kPermission, "the ledger can't be reached: " + unseen.message()).In(file));
  }
  if (use == LedgerUse::kReadOrEmpty && !exists) {
    LATECOMER_ASSIGN_OR_RETURN(workspace->ledger_,
                               ledger::OpenSqliteLedger(":memory:", ledger::OpenMode::kCreate, context.random));
    return workspace;
  }
  const ledger::OpenMode mode = use == LedgerUse::kWrite      ? ledger::OpenMode::kCreate
                                : use == LedgerUse::kExisting ? ledger::OpenMode::kExisting
                                                              : ledger::OpenMode::kReadOnly;
  if (use == LedgerUse::kExisting && !exists) {
    return Fail(Error(ErrorKind::kNotFound, "there is no ledger yet: this pipeline has not been run")
                    .In(file)
                    .Hint("`latecomer run " + options.pipeline_file + "` makes it; --ledger names another"));
  }
  LATECOMER_ASSIGN_OR_RETURN(workspace->ledger_, ledger::OpenSqliteLedger(file, mode, context.random));
  return workspace;
}

Result<engine::ObservedSources> Workspace::Observe() {
  engine::ObservedSources observed;
  for (const pipeline::Source& source : pipeline_.sources) {
    if (observed.tables.contains(source.location)) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog_->OpenHistory(source.location));
    std::optional<engine::ObservedTable> known;
    LATECOMER_RETURN_IF_ERROR(ledger_->Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(known, engine::LoadKnown(reader, source.location));
      return {};
    }));
    LATECOMER_ASSIGN_OR_RETURN(engine::ObservedTable table,
                               engine::Advance(*history, std::move(known), context_.clock.Now(), ledger_.get()));
    observed.tables.emplace(source.location, std::move(table));
  }
  return observed;
}

Result<table::PartitionKey> Workspace::ParsePartition(const engine::ObservedSources& observed,
                                                      const std::string& text) {
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, engine::OutputSchema(pipeline_, observed));
  if (schema.size() == 1 && text.find('=') == std::string::npos) {
    return table::PartitionKey::ParsePath(schema, schema.front().name + "=" + text);
  }
  return table::PartitionKey::ParsePath(schema, text);
}

}  // namespace latecomer::cli
