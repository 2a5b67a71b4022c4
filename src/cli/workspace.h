// What commands on pipelines share: the pipeline file, its ledger, the tables it names.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/command_line.h"
#include "engine/environment.h"
#include "engine/observed_sources.h"
#include "ledger/sqlite_ledger.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"

namespace latecomer::cli {

struct WorkspaceOptions {
  std::string pipeline_file;
  std::string ledger;  // --ledger, else LATECOMER_LEDGER, else found upward from the pipeline file
};

// Adds the PIPELINE argument and --ledger.
void AddWorkspaceOptions(CLI::App* command, WorkspaceOptions& options);

enum class LedgerUse {
  kWrite,        // made when missing
  kExisting,     // kNotFound when there is none: commands about runs that must exist
  kReadOrEmpty,  // never written; an empty one in memory stands in when there is none
};

class Workspace {
 public:
  static Result<std::unique_ptr<Workspace>> Open(Context& context, const WorkspaceOptions& options, LedgerUse use);

  Context& context() { return context_; }
  const pipeline::Pipeline& pipeline() const { return pipeline_; }
  ledger::Ledger& ledger() { return *ledger_; }
  table::Catalog& catalog() { return *catalog_; }
  // Folder of the ledger: logs/ and work/ lie in it.
  const std::string& state_folder() const { return state_folder_; }

  // The sources at their newest versions, from what the ledger knows and what came since; writes nothing.
  Result<engine::ObservedSources> Observe();
  // "2024-01-01" (the only column's value) or "event_time=2024-01-01" → output key.
  Result<table::PartitionKey> ParsePartition(const engine::ObservedSources& observed, const std::string& text);
  Result<table::PartitionKey> ParsePartition(const table::PartitionSchema& output, const std::string& text);

 private:
  explicit Workspace(Context& context) : context_(context) {}
  Context& context_;
  pipeline::Pipeline pipeline_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<table::Catalog> catalog_;
  std::string state_folder_;
};

// The ledger file that --ledger names, else LATECOMER_LEDGER, else the one found upward from `folder`.
Result<std::string> LedgerFile(const std::string& option, const std::string& folder);

// The ledger file of a pipeline file: `.latecomer/ledger.db` in its folder or the nearest one above that
// has one; the folder's own when none has.
std::string FindLedgerFile(const std::string& pipeline_folder);

}  // namespace latecomer::cli
