#include "cli/pipeline_set.h"

#include <algorithm>
#include <filesystem>

#include "pipeline/cascade.h"

namespace latecomer::cli {
namespace {

namespace fs = std::filesystem;

}  // namespace

Result<std::vector<std::string>> ExpandPipelineFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
      const std::string extension = entry->path().extension().string();
      if (extension == ".yaml" || extension == ".yml") found.push_back(entry->path().string());
    }
    if (error) return Fail(SystemError(error.value(), "list", path));
    if (found.empty()) {
      return Fail(Error(ErrorKind::kNotFound, "the folder has no pipeline files (*.yaml)").In(path));
    }
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

Result<std::vector<pipeline::Pipeline>> LoadPipelines(const std::vector<std::string>& files) {
  std::vector<pipeline::Pipeline> pipelines;
  for (const std::string& file : files) {
    LATECOMER_ASSIGN_OR_RETURN(pipelines.emplace_back(), pipeline::LoadPipeline(file));
  }
  LATECOMER_RETURN_IF_ERROR(pipeline::CheckCascade(pipelines));
  return pipelines;
}

Result<std::optional<pipeline::Pipeline>> PipelineBook::Find(const ledger::PipelineRecord& record) {
  std::error_code error;
  if (!fs::exists(record.file, error)) return std::optional<pipeline::Pipeline>();
  const std::string key = record.id + "\n" + record.definition_hash + "\n" + record.file;
  if (const auto known = parsed_.find(key); known != parsed_.end()) return std::optional(known->second);
  LATECOMER_ASSIGN_OR_RETURN(pipeline::Pipeline parsed, pipeline::ParsePipeline(record.text, record.file));
  parsed_[key] = parsed;
  return std::optional(std::move(parsed));
}

Result<std::vector<pipeline::Pipeline>> PipelineBook::Others(ledger::Ledger& ledger,
                                                             const std::vector<pipeline::Pipeline>& besides) {
  std::vector<ledger::PipelineRecord> records;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(records, reader.Pipelines());
    return {};
  }));
  std::vector<pipeline::Pipeline> others;
  for (const ledger::PipelineRecord& record : records) {
    const bool given =
        std::any_of(besides.begin(), besides.end(), [&](const auto& one) { return one.id == record.id; });
    if (given) continue;
    LATECOMER_ASSIGN_OR_RETURN(std::optional<pipeline::Pipeline> found, Find(record));
    if (found) others.push_back(std::move(*found));
  }
  return others;
}

}  // namespace latecomer::cli
