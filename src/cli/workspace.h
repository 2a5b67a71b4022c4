// What commands on pipelines share: the pipeline file, its ledger, the tables it names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/pipeline_set.h"
#include "engine/environment.h"
#include "engine/observed_sources.h"
#include "engine/upstream.h"
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

// The same for commands on several pipelines.
struct PipelinesOptions {
  std::vector<std::string> files;  // or folders of them
  std::string ledger;
};
// Adds the PIPELINE… argument and --ledger.
void AddPipelinesOptions(CLI::App* command, PipelinesOptions& options);

enum class LedgerUse {
  kWrite,        // made when missing
  kExisting,     // kNotFound when there is none: commands about runs that must exist
  kReadOrEmpty,  // never written; an empty one in memory stands in when there is none
};

class Workspace {
 public:
  static Result<std::unique_ptr<Workspace>> Open(Context& context, const WorkspaceOptions& options, LedgerUse use);

  // One for each file, in their order, all on one ledger. kInvalidFile when pipelines among them, or known to the
  // ledger, feed each other in a ring; kInvalidArgument when they have different ledgers.
  static Result<std::vector<std::unique_ptr<Workspace>>> OpenAll(Context& context, const PipelinesOptions& options,
                                                                 LedgerUse use);

  Context& context() { return context_; }
  const pipeline::Pipeline& pipeline() const { return pipeline_; }
  ledger::Ledger& ledger() { return *ledger_; }
  table::Catalog& catalog() { return *catalog_; }
  // Folder of the ledger: logs/ and work/ lie in it.
  const std::string& state_folder() const { return state_folder_; }

  // The sources at their newest versions, from what the ledger knows and what came since; writes nothing. Of the
  // workspace's own pipeline only if it goes on with what was processed (engine::CheckDefinition).
  Result<engine::ObservedSources> Observe();
  Result<engine::ObservedSources> Observe(const pipeline::Pipeline& pipeline);
  // What the pipeline's partitions wait for in pipelines upstream; writes nothing.
  Result<engine::UpstreamWaits> LookUpstream();
  // What the ledger knows of other pipelines.
  PipelineBook& book() { return *book_; }
  // "2024-01-01" (the only column's value) or "event_time=2024-01-01" → output key.
  Result<table::PartitionKey> ParsePartition(const engine::ObservedSources& observed, const std::string& text);
  Result<table::PartitionKey> ParsePartition(const table::PartitionSchema& output, const std::string& text);

 private:
  explicit Workspace(Context& context) : context_(context) {}
  Result<engine::UpstreamLook> LookAt(const pipeline::Pipeline& pipeline);
  Context& context_;
  pipeline::Pipeline pipeline_;
  // Shared by workspaces that were opened together.
  std::shared_ptr<ledger::Ledger> ledger_;
  std::shared_ptr<table::Catalog> catalog_;
  std::shared_ptr<PipelineBook> book_;
  std::string state_folder_;
};

// The ledger file that --ledger names, else LATECOMER_LEDGER, else the one found upward from `folder`.
Result<std::string> LedgerFile(const std::string& option, const std::string& folder);

// The folder itself, or that of a file. kNotFound when there is neither.
Result<std::string> AbsoluteFolder(const std::string& path);

// The ledger file of a pipeline file: `.latecomer/ledger.db` in its folder or the nearest one above that
// has one; the folder's own when none has.
std::string FindLedgerFile(const std::string& pipeline_folder);

}  // namespace latecomer::cli
