#include <algorithm>
#include <filesystem>
#include <set>

#include "pipeline/parse.h"
#include "pipeline/template.h"

namespace latecomer::pipeline {
namespace {

const std::vector<std::string> kBuiltInSteps = {"ready", "detect", "record", "backfill"};
constexpr std::int64_t kMostRetries = 1000;

// Every name a template of this pipeline can use.
std::vector<std::string> KnownTemplateNames(const Pipeline& pipeline) {
  std::vector<std::string> names = {"partition", "interval.start", "interval.end", "run.id", "run.kind", "claim.token"};
  for (const std::string& column : pipeline.output.columns) names.push_back("partition." + column);
  for (const Source& source : pipeline.sources) {
    names.push_back("sources." + source.name + ".table");
    names.push_back("sources." + source.name + ".version");
  }
  return names;
}

Result<CommandStep> ParseCommand(const YamlReader& reader, const YamlNode& step, const Pipeline& pipeline) {
  const YamlNode& node = *step.Find("command");
  CommandStep command;
  if (const YamlNode* shell = step.Find("shell")) {
    LATECOMER_ASSIGN_OR_RETURN(command.shell, reader.Bool(*shell, "shell"));
  }
  if (command.shell && node.kind != YamlNode::Kind::kScalar) {
    return Fail(reader.Invalid(node, "with `shell: true` the command must be one text, not a list"));
  }
  if (!command.shell && node.kind == YamlNode::Kind::kScalar) {
    Error error = reader.Invalid(node, "command must be a list of the program and its arguments");
    error.hint = "write `command: [program, argument]`, or add `shell: true` to give the text to /bin/sh";
    return Fail(std::move(error));
  }
  LATECOMER_ASSIGN_OR_RETURN(command.argv, reader.TextOrList(node, "command"));
  if (command.argv.empty() || command.argv.front().empty()) {
    return Fail(reader.Invalid(node, "command names no program"));
  }
  for (std::size_t i = 0; i < command.argv.size(); ++i) {
    const YamlNode& at = command.shell ? node : node.items[i];
    LATECOMER_RETURN_IF_ERROR(CheckTemplateOf(reader, at, command.argv[i], pipeline));
  }
  LATECOMER_ASSIGN_OR_RETURN(command.environment, ParseEnvironment(reader, step, pipeline));
  return command;
}

Status ReadQueryFile(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, SqlFiles files,
                     SqlStep& sql) {
  LATECOMER_ASSIGN_OR_RETURN(sql.file, reader.Text(node, "sql.file"));
  const std::string path = (std::filesystem::path(pipeline.folder) / sql.file).lexically_normal().string();
  if (files == SqlFiles::kLeaveOut) return {};
  Result<std::string> query = ReadTextFile(path);
  if (!query) {
    return Fail(reader.Invalid(node, "can't read the SQL file " + Printable(path) + ": " + query.error().message));
  }
  sql.query = std::move(*query);
  sql.file = path;
  return CheckTemplateOfFile(path, sql.query, pipeline);
}

// An output that lies in a source (or the reverse) would make itself late for ever.
Status CheckInto(const YamlReader& reader, const YamlNode& node, const std::string& location,
                 const Pipeline& pipeline) {
  for (const Source& source : pipeline.sources) {
    if (location == source.location) {
      return Fail(reader.Invalid(
          node, "the output is also the source `" + source.name + "`; a step can't write what it reads"));
    }
    if (location.starts_with(source.location + "/") || source.location.starts_with(location + "/")) {
      return Fail(reader.Invalid(node, "the output and the source `" + source.name + "` lie one inside the other"));
    }
  }
  for (const Step& step : pipeline.steps) {
    const std::string* into = DeclaredOutput(step);
    if (into != nullptr && *into == location) {
      return Fail(reader.Invalid(node, "step `" + step.id + "` writes into this table already"));
    }
  }
  return {};
}

Result<SqlStep> ParseSql(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, SqlFiles files) {
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, "sql", {"file", "query", "into"}));
  const YamlNode* file = node.Find("file");
  const YamlNode* query = node.Find("query");
  if ((file != nullptr) == (query != nullptr)) {
    return Fail(reader.Invalid(node, "sql needs exactly one of file and query"));
  }
  SqlStep sql;
  if (file != nullptr) {
    LATECOMER_RETURN_IF_ERROR(ReadQueryFile(reader, *file, pipeline, files, sql));
  } else {
    LATECOMER_ASSIGN_OR_RETURN(sql.query, reader.Text(*query, "sql.query"));
    LATECOMER_RETURN_IF_ERROR(CheckTemplateOf(reader, *query, sql.query, pipeline));
  }
  const bool left_out = file != nullptr && files == SqlFiles::kLeaveOut;
  if (Trim(sql.query).empty() && !left_out)
    return Fail(reader.Invalid(file != nullptr ? *file : *query, "the query is empty"));
  const YamlNode* into = node.Find("into");
  if (into == nullptr) return Fail(reader.Missing(node, "into"));
  LATECOMER_ASSIGN_OR_RETURN(sql.into, reader.Text(*into, "sql.into"));
  LATECOMER_ASSIGN_OR_RETURN(sql.into_location, ParseInto(reader, *into, pipeline));
  return sql;
}

Status ParseId(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, Step& step) {
  const YamlNode* id = node.Find("id");
  if (id == nullptr) return Fail(reader.Missing(node, "id"));
  LATECOMER_ASSIGN_OR_RETURN(step.id, reader.Text(*id, "a step's id"));
  if (!IsIdentifier(step.id)) {
    return Fail(reader.Invalid(
        *id, "a step's id has letters, digits, `_`, `-` and `.`, at most 100; not `" + Printable(step.id) + "`"));
  }
  if (std::find(kBuiltInSteps.begin(), kBuiltInSteps.end(), step.id) != kBuiltInSteps.end()) {
    return Fail(reader.Invalid(*id, "every run has a step `" + step.id + "` of its own; choose another id"));
  }
  for (const Step& other : pipeline.steps) {
    if (other.id == step.id) return Fail(reader.Invalid(*id, "two steps have the id `" + step.id + "`"));
  }
  return {};
}

Status ParseRetries(const YamlReader& reader, const YamlNode& node, Step& step) {
  if (const YamlNode* retries = node.Find("retries")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::int64_t count, reader.Integer(*retries, "retries", 0, kMostRetries));
    step.retries = static_cast<int>(count);
  }
  if (const YamlNode* delay = node.Find("retry_delay")) {
    LATECOMER_ASSIGN_OR_RETURN(step.retry_delay, reader.Span(*delay, "retry_delay"));
  }
  if (const YamlNode* timeout = node.Find("timeout")) {
    LATECOMER_ASSIGN_OR_RETURN(step.timeout, reader.Span(*timeout, "timeout"));
    if (*step.timeout == Duration::zero()) return Fail(reader.Invalid(*timeout, "timeout must be longer than 0"));
  }
  return {};
}

// What goes with one kind of step only must not stand at another.
Status ExpectOnlyAt(const YamlReader& reader, const YamlNode& node, const char* key,
                    const std::vector<std::string>& kinds) {
  const YamlNode* there = node.Find(key);
  if (there == nullptr) return {};
  std::string named;
  for (const std::string& kind : kinds) {
    if (node.Find(kind) != nullptr) return {};
    named += (named.empty() ? "`" : " and `") + kind + "`";
  }
  return Fail(reader.Invalid(*there, std::string("`") + key + "` goes with " + named + " only"));
}

Status ParseAction(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, SqlFiles files,
                   Step& step) {
  std::vector<std::string> kinds;
  for (const char* kind : {"command", "sql", "spark", "airflow_dag"}) {
    if (node.Find(kind) != nullptr) kinds.emplace_back(kind);
  }
  if (kinds.size() != 1) {
    return Fail(
        reader.Invalid(node, "step `" + step.id + "` needs exactly one of command, sql, spark and airflow_dag"));
  }
  LATECOMER_RETURN_IF_ERROR(ExpectOnlyAt(reader, node, "shell", {"command"}));
  LATECOMER_RETURN_IF_ERROR(ExpectOnlyAt(reader, node, "environment", {"command", "spark"}));
  if (kinds.front() == "command") {
    LATECOMER_ASSIGN_OR_RETURN(step.action, ParseCommand(reader, node, pipeline));
  } else if (kinds.front() == "sql") {
    LATECOMER_ASSIGN_OR_RETURN(step.action, ParseSql(reader, *node.Find("sql"), pipeline, files));
  } else if (kinds.front() == "spark") {
    LATECOMER_ASSIGN_OR_RETURN(step.action, ParseSpark(reader, node, files, pipeline));
  } else {
    LATECOMER_ASSIGN_OR_RETURN(step.action, ParseAirflowDag(reader, node, pipeline));
  }
  return {};
}

Result<Step> ParseStep(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, SqlFiles files) {
  const std::string instead = "use command, sql, spark or airflow_dag";
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, "a step",
                                              {"id", "command", "shell", "environment", "sql", "spark", "airflow_dag",
                                               "needs", "retries", "retry_delay", "timeout"},
                                              {{"kubernetes_job", instead}, {"spark_application", instead}}));
  Step step;
  LATECOMER_RETURN_IF_ERROR(ParseId(reader, node, pipeline, step));
  LATECOMER_RETURN_IF_ERROR(ParseAction(reader, node, pipeline, files, step));
  if (const YamlNode* needs = node.Find("needs")) {
    LATECOMER_ASSIGN_OR_RETURN(step.needs, reader.TextOrList(*needs, "needs"));
  }
  LATECOMER_RETURN_IF_ERROR(ParseRetries(reader, node, step));
  return step;
}

const Step* FindStep(const Pipeline& pipeline, const std::string& id) {
  for (const Step& step : pipeline.steps) {
    if (step.id == id) return &step;
  }
  return nullptr;
}

Status CheckNeedsKnown(const YamlReader& reader, const YamlNode& list, const Pipeline& pipeline) {
  std::vector<std::string> ids;
  for (const Step& step : pipeline.steps) ids.push_back(step.id);
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    std::set<std::string> seen;
    for (const std::string& need : pipeline.steps[i].needs) {
      const YamlNode& at = *list.items[i].Find("needs");
      if (!seen.insert(need).second) return Fail(reader.Invalid(at, "needs names `" + Printable(need) + "` twice"));
      if (FindStep(pipeline, need) != nullptr) continue;
      Error error = reader.Invalid(at, "needs names `" + Printable(need) + "`, which is no step of this pipeline");
      if (const auto nearest = NearestWord(need, ids)) error.hint = "did you mean `" + *nearest + "`?";
      return Fail(std::move(error));
    }
  }
  return {};
}

// Takes away steps whose needs are gone until nothing moves; what is left waits for itself.
Status CheckNeedsAcyclic(const YamlReader& reader, const YamlNode& list, const Pipeline& pipeline) {
  std::set<std::string> done;
  bool moved = true;
  while (moved) {
    moved = false;
    for (const Step& step : pipeline.steps) {
      if (done.contains(step.id)) continue;
      const bool free =
          std::all_of(step.needs.begin(), step.needs.end(), [&](const auto& n) { return done.contains(n); });
      if (!free) continue;
      done.insert(step.id);
      moved = true;
    }
  }
  const auto stuck = std::find_if(pipeline.steps.begin(), pipeline.steps.end(),
                                  [&](const Step& step) { return !done.contains(step.id); });
  if (stuck == pipeline.steps.end()) return {};
  // Follow unmet needs from there until a step comes again.
  std::vector<std::string> path = {stuck->id};
  while (true) {
    const Step& step = *FindStep(pipeline, path.back());
    const auto next =
        std::find_if(step.needs.begin(), step.needs.end(), [&](const auto& n) { return !done.contains(n); });
    const auto first = std::find(path.begin(), path.end(), *next);
    if (first != path.end()) {
      path.erase(path.begin(), first);
      path.push_back(path.front());
      break;
    }
    path.push_back(*next);
  }
  std::string ring;
  for (const std::string& id : path) ring += (ring.empty() ? "" : " needs ") + id;
  const auto index = static_cast<std::size_t>(FindStep(pipeline, path.front()) - pipeline.steps.data());
  return Fail(reader.Invalid(*list.items[index].Find("needs"), "the steps wait for each other: " + ring));
}

}  // namespace

Result<std::map<std::string, std::string>> ParseEnvironment(const YamlReader& reader, const YamlNode& step,
                                                            const Pipeline& pipeline) {
  const YamlNode* environment = step.Find("environment");
  if (environment == nullptr) return std::map<std::string, std::string>();
  LATECOMER_ASSIGN_OR_RETURN(auto texts, reader.TextMap(*environment, "environment"));
  for (const YamlEntry& entry : environment->entries) {
    if (entry.key.empty() || entry.key.find('=') != std::string::npos || entry.key.find('\0') != std::string::npos) {
      return Fail(reader.Invalid(entry.value, "`" + Printable(entry.key) + "` can't name an environment variable"));
    }
    LATECOMER_RETURN_IF_ERROR(CheckTemplateOf(reader, entry.value, entry.value.text, pipeline));
  }
  return texts;
}

Status CheckTemplateOf(const YamlReader& reader, const YamlNode& node, const std::string& text,
                       const Pipeline& pipeline) {
  Status checked = CheckTemplate(text, KnownTemplateNames(pipeline));
  if (checked) return {};
  Error error = std::move(checked).error();
  // A block of several lines begins on the line after its key.
  const bool block = text.find('\n') != std::string::npos;
  error.line = block ? node.line + error.line.value_or(1) : node.line;
  if (!block) error.column = node.column;
  error.file = reader.path();
  return Fail(std::move(error));
}

Status CheckTemplateOfFile(const std::string& path, const std::string& text, const Pipeline& pipeline) {
  if (!IsValidUtf8(text)) return Fail(Error(ErrorKind::kInvalidFile, "the file is not UTF-8 text").In(path));
  Status checked = CheckTemplate(text, KnownTemplateNames(pipeline));
  if (!checked) return Fail(std::move(checked.error()).In(path));
  return {};
}

Result<std::string> ParseInto(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(std::string location, ResolveTable(reader, node, pipeline));
  LATECOMER_RETURN_IF_ERROR(CheckInto(reader, node, location, pipeline));
  return location;
}

Status ParseSteps(const YamlReader& reader, const YamlNode& node, SqlFiles files, Pipeline& pipeline) {
  if (node.kind != YamlNode::Kind::kList)
    return Fail(reader.Invalid(node, "steps must be a list, each item beginning with `- id:`"));
  if (node.items.empty()) return Fail(reader.Invalid(node, "steps is empty; a pipeline has at least one"));
  for (const YamlNode& item : node.items) {
    LATECOMER_ASSIGN_OR_RETURN(Step step, ParseStep(reader, item, pipeline, files));
    pipeline.steps.push_back(std::move(step));
  }
  LATECOMER_RETURN_IF_ERROR(CheckNeedsKnown(reader, node, pipeline));
  return CheckNeedsAcyclic(reader, node, pipeline);
}

}  // namespace latecomer::pipeline
