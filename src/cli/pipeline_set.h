// Several pipelines at once: files and folders of a command line, and what the ledger knows besides.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command_line.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::cli {

// A folder stands for the *.yaml and *.yml files in it, by name. kNotFound for a folder without any.
Result<std::vector<std::string>> ExpandPipelineFiles(const std::vector<std::string>& paths);

// Loads them all. kInvalidFile for a ring of pipelines, or two of one id.
Result<std::vector<pipeline::Pipeline>> LoadPipelines(const std::vector<std::string>& files);

// Definitions of pipelines as the ledger has them; those whose file is gone are nobody's any more. Each text is parsed
// once.
class PipelineBook {
 public:
  Result<std::optional<pipeline::Pipeline>> Find(const ledger::PipelineRecord& record);
  // All others that the ledger knows.
  Result<std::vector<pipeline::Pipeline>> Others(ledger::Ledger& ledger,
                                                 const std::vector<pipeline::Pipeline>& besides);

 private:
  std::map<std::string, pipeline::Pipeline> parsed_;  // by id and hash
};

}  // namespace latecomer::cli
