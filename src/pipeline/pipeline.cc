#include "pipeline/pipeline.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "pipeline/parse.h"

namespace latecomer::pipeline {
namespace {

// Of the content: the shown name may change without making another definition.
std::string HashDefinition(YamlNode root, const Pipeline& pipeline) {
  std::erase_if(root.entries, [](const YamlEntry& entry) { return entry.key == "pipeline" || entry.key == "id"; });
  std::string content = CanonicalYaml(root);
  for (const Step& step : pipeline.steps) {
    const std::optional<StepFile> file = FileOf(step);
    if (file) content.append(std::to_string(file->content.size())).append(":").append(file->content);
  }
  const XXH128_hash_t hash = XXH3_128bits(content.data(), content.size());
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::string hex;
  for (const unsigned char byte : canonical.digest) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Status ParseNames(const YamlReader& reader, const YamlNode& root, Pipeline& pipeline) {
  const YamlNode* name = root.Find("pipeline");
  if (name == nullptr) return Fail(reader.Missing(root, "pipeline"));
  LATECOMER_ASSIGN_OR_RETURN(pipeline.name, reader.Text(*name, "pipeline"));
  if (Trim(pipeline.name).empty()) return Fail(reader.Invalid(*name, "the pipeline's name is empty"));
  pipeline.id = pipeline.name;
  const YamlNode* at = name;
  if (const YamlNode* id = root.Find("id")) {
    LATECOMER_ASSIGN_OR_RETURN(pipeline.id, reader.Text(*id, "id"));
    at = id;
  }
  if (IsIdentifier(pipeline.id)) return {};
  Error error =
      reader.Invalid(*at, "`" + Printable(pipeline.id) + "` can't be a pipeline's id; it has letters, digits, `_`, " +
                              "`-` and `.`, at most 100, and begins with a letter, digit or `_`");
  if (at == name) error.hint = "keep the name and add an `id:` line";
  return Fail(std::move(error));
}

Status ParseSections(const YamlReader& reader, const YamlNode& root, SqlFiles files, Pipeline& pipeline) {
  LATECOMER_RETURN_IF_ERROR(
      reader.ExpectKeys(root, "the file", {"pipeline", "id", "sources", "output", "schedule", "steps", "late_data"}));
  LATECOMER_RETURN_IF_ERROR(ParseNames(reader, root, pipeline));
  const YamlNode* sources = root.Find("sources");
  if (sources == nullptr) return Fail(reader.Missing(root, "sources"));
  LATECOMER_RETURN_IF_ERROR(ParseSources(reader, *sources, pipeline));
  LATECOMER_RETURN_IF_ERROR(ParseOutput(reader, root, pipeline));
  pipeline.rules.calendar = Calendar(pipeline.output.cadence, pipeline.output.time_zone);
  pipeline.rules.time_columns = pipeline.output.partition.columns;
  if (const YamlNode* schedule = root.Find("schedule")) {
    LATECOMER_RETURN_IF_ERROR(ParseSchedule(reader, *schedule, pipeline));
  }
  if (const YamlNode* late_data = root.Find("late_data")) {
    LATECOMER_RETURN_IF_ERROR(ParseLateData(reader, *late_data, pipeline));
  }
  const YamlNode* steps = root.Find("steps");
  if (steps == nullptr) return Fail(reader.Missing(root, "steps"));
  return ParseSteps(reader, *steps, files, pipeline);
}

Result<Pipeline> Parse(std::string_view text, const std::string& path, SqlFiles files) {
  const YamlReader reader(path);
  LATECOMER_ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(text, path));
  Pipeline pipeline;
  std::error_code problem;
  const std::filesystem::path absolute = std::filesystem::absolute(path, problem).lexically_normal();
  if (problem) return Fail(Error(ErrorKind::kIo, "cannot find the current folder: " + problem.message()).In(path));
  pipeline.file = absolute.string();
  pipeline.folder = absolute.parent_path().string();
  pipeline.text = std::string(text);
  LATECOMER_RETURN_IF_ERROR(ParseSections(reader, root, files, pipeline));
  pipeline.definition_hash = HashDefinition(root, pipeline);
  return pipeline;
}

}  // namespace

std::string_view KindOf(const Step& step) {
  if (std::holds_alternative<SqlStep>(step.action)) return "sql";
  if (std::holds_alternative<AirflowDagStep>(step.action)) return "airflow_dag";
  return std::holds_alternative<SparkStep>(step.action) ? "spark" : "command";
}

namespace {

// `into`, or `into_location`, of a step that may have one; null when it has none.
template <typename Member>
const std::string* IntoOf(const Step& step, const Member& member) {
  const std::string* found = std::visit([&](const auto& action) { return member(action); }, step.action);
  return found == nullptr || found->empty() ? nullptr : found;
}

}  // namespace

const std::string* DeclaredOutput(const Step& step) {
  return IntoOf(step, [](const auto& action) -> const std::string* {
    if constexpr (requires { action.into_location; }) return &action.into_location;
    return nullptr;
  });
}

const std::string* DeclaredOutputAsWritten(const Step& step) {
  return IntoOf(step, [](const auto& action) -> const std::string* {
    if constexpr (requires { action.into; }) return &action.into;
    return nullptr;
  });
}

std::optional<StepFile> FileOf(const Step& step) {
  if (const auto* sql = std::get_if<SqlStep>(&step.action)) {
    if (!sql->file.empty()) return StepFile{.path = sql->file, .content = sql->query};
  } else if (const auto* spark = std::get_if<SparkStep>(&step.action)) {
    const bool is_read = spark->kind != SparkStep::Kind::kJar && spark->application.starts_with('/');
    if (is_read) return StepFile{.path = spark->application, .content = spark->text};
  }
  return std::nullopt;
}

std::vector<std::string> ExtraColumns(const Output& output) {
  const auto& time = output.partition.columns;
  std::vector<std::string> extra;
  for (const std::string& name : output.columns) {
    if (std::find(time.begin(), time.end(), name) == time.end()) extra.push_back(name);
  }
  return extra;
}

bool IsIdentifier(std::string_view text) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (text.empty() || text.size() > 100 || !is_word(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return is_word(c) || c == '-' || c == '.'; });
}

Result<std::string> ReadTextFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Fail(SystemError(errno, "open", path));
  struct stat about {};
  if (fstat(file, &about) == 0 && !S_ISREG(about.st_mode)) {
    close(file);
    return Fail(Error(ErrorKind::kInvalidFile, "this is no file").In(path));
  }
  constexpr std::size_t kMostBytes = 16 << 20;
  std::string text;
  std::array<char, 1 << 16> buffer;
  ssize_t count = 0;
  while ((count = read(file, buffer.data(), buffer.size())) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || text.size() > kMostBytes) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const int problem = errno;
  close(file);
  if (count < 0) return Fail(SystemError(problem, "read", path));
  if (count > 0) return Fail(Error(ErrorKind::kInvalidFile, "the file is larger than 16 MiB").In(path));
  return text;
}

Result<Pipeline> ParsePipeline(std::string_view text, const std::string& path) {
  return Parse(text, path, SqlFiles::kRead);
}

Result<Pipeline> ParseRecordedPipeline(std::string_view text, const std::string& path) {
  return Parse(text, path, SqlFiles::kLeaveOut);
}

Result<Pipeline> LoadPipeline(const std::string& path) {
  Result<std::string> text = ReadTextFile(path);
  if (!text) {
    Error error = std::move(text).error();
    if (error.kind == ErrorKind::kNotFound) {
      error.kind = ErrorKind::kInvalidFile;
      error.message = "there is no such pipeline file";
    }
    return Fail(std::move(error));
  }
  return ParsePipeline(*text, path);
}

}  // namespace latecomer::pipeline
