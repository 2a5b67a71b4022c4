// The `spark` part of a step.
#include <algorithm>
#include <filesystem>

#include "pipeline/parse.h"

namespace latecomer::pipeline {
namespace {

using Kind = SparkStep::Kind;

// spark-submit itself knows it: "s3a://bucket/job.py", "local:/opt/job.jar".
bool IsUri(const std::string& application) {
  const std::size_t colon = application.find(':');
  return colon != std::string::npos && application.substr(colon).starts_with(":/");
}

Status ParseApplication(const YamlReader& reader, const YamlNode& node, SqlFiles files, const Pipeline& pipeline,
                        SparkStep& spark) {
  LATECOMER_ASSIGN_OR_RETURN(spark.application, reader.Text(node, "spark.application"));
  const std::string& name = spark.application;
  if (name.ends_with(".py")) {
    spark.kind = Kind::kPython;
  } else if (name.ends_with(".jar")) {
    spark.kind = Kind::kJar;
  } else if (name.ends_with(".sql")) {
    spark.kind = Kind::kSql;
  } else {
    return Fail(reader.Invalid(
        node, "spark.application must be a file named .py, .jar or .sql, not `" + Printable(name) + "`"));
  }
  if (IsUri(name)) {
    if (spark.kind != Kind::kSql) return {};
    return Fail(reader.Unsupported(node, "a .sql application at a URI", "use a file beside the pipeline file"));
  }
  spark.application = (std::filesystem::path(pipeline.folder) / name).lexically_normal().string();
  if (files == SqlFiles::kLeaveOut) return {};
  std::error_code unseen;
  const bool is_file = std::filesystem::is_regular_file(spark.application, unseen);
  if (spark.kind == Kind::kJar && is_file) return {};
  Result<std::string> text = ReadTextFile(spark.application);
  if (!text) {
    return Fail(reader.Invalid(
        node, "can't read the application " + Printable(spark.application) + ": " + text.error().message));
  }
  spark.text = std::move(*text);
  if (spark.kind != Kind::kSql) return {};
  if (Trim(spark.text).empty()) return Fail(reader.Invalid(node, "the query is empty"));
  return CheckTemplateOfFile(spark.application, spark.text, pipeline);
}

Status ParseConf(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, SparkStep& spark) {
  LATECOMER_ASSIGN_OR_RETURN(spark.conf, reader.TextMap(node, "spark.conf"));
  for (const YamlEntry& entry : node.entries) {
    LATECOMER_RETURN_IF_ERROR(CheckSparkSetting(reader, entry, "spark.conf", !spark.into.empty()));
    if (entry.key == "spark.submit.deployMode" && Trim(entry.value.text) != "client") {
      return Fail(reader.Unsupported(entry.value, "spark.submit.deployMode: " + Printable(Trim(entry.value.text)),
                                     "use client: the driver runs where latecomer runs, and is ended with its step"));
    }
    LATECOMER_RETURN_IF_ERROR(CheckTemplateOf(reader, entry.value, entry.value.text, pipeline));
  }
  return {};
}

// Names that spark-submit takes as one text, with commas between.
Result<std::vector<std::string>> ParseNames(const YamlReader& reader, const YamlNode& spark, const char* key) {
  const YamlNode* node = spark.Find(key);
  if (node == nullptr) return std::vector<std::string>();
  const std::string what = std::string("spark.") + key;
  LATECOMER_ASSIGN_OR_RETURN(auto names, reader.TextOrList(*node, what));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty() && names[i].find(',') == std::string::npos) continue;
    const YamlNode& at = node->kind == YamlNode::Kind::kList ? node->items[i] : *node;
    return Fail(reader.Invalid(at, what + " must be a list of names, each without a comma"));
  }
  return names;
}

Status ParseArguments(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, SparkStep& spark) {
  if (spark.kind == Kind::kSql) {
    return Fail(reader.Invalid(node, "`arguments` goes with a .py or .jar application; a query has templates"));
  }
  LATECOMER_ASSIGN_OR_RETURN(spark.arguments, reader.TextOrList(node, "spark.arguments"));
  for (std::size_t i = 0; i < spark.arguments.size(); ++i) {
    const YamlNode& at = node.kind == YamlNode::Kind::kList ? node.items[i] : node;
    LATECOMER_RETURN_IF_ERROR(CheckTemplateOf(reader, at, spark.arguments[i], pipeline));
  }
  return {};
}

// A text that isn't empty; empty when the key isn't there.
Result<std::string> ParseOneText(const YamlReader& reader, const YamlNode& spark, const char* key) {
  const YamlNode* node = spark.Find(key);
  if (node == nullptr) return std::string();
  LATECOMER_ASSIGN_OR_RETURN(std::string text, reader.Text(*node, std::string("spark.") + key));
  if (text.empty()) return Fail(reader.Invalid(*node, std::string("spark.") + key + " is empty"));
  return text;
}

}  // namespace

Status CheckSparkSetting(const YamlReader& reader, const YamlEntry& entry, const std::string& of,
                         bool declares_output) {
  const auto invalid = [&](const std::string& message) {
    return Fail(reader.Invalid(entry.value, message).At(entry.line, entry.column));
  };
  const std::string& key = entry.key;
  const std::string shown = "`" + Printable(key) + "`";
  if (!key.starts_with("spark.") || key.find('=') != std::string::npos) {
    return invalid(of + ": Spark ignores " + shown + "; its settings begin with `spark.`");
  }
  if (key.starts_with("spark.latecomer.")) return invalid(of + ": latecomer itself sets " + shown);
  const std::string value = std::string(Trim(entry.value.text));
  std::string lower = value;
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (key == "spark.sql.sources.partitionOverwriteMode" && lower != "static" && declares_output) {
    Error error = reader.Invalid(entry.value, of + ": " + shown + " can't be `" + Printable(value) + "` in a step " +
                                                  "with `into`: an overwrite of whatever partitions the rows are of " +
                                                  "leaves a partition that became empty as it was");
    error.hint = "write with replaceWhere, as latecomer.py does";
    return Fail(std::move(error));
  }
  return {};
}

Result<SparkStep> ParseSpark(const YamlReader& reader, const YamlNode& step, SqlFiles files, const Pipeline& pipeline) {
  const YamlNode& node = *step.Find("spark");
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(
      node, "spark",
      {"application", "class", "master", "packages", "jars", "py_files", "conf", "arguments", "into", "spark_home"},
      {{"deploy_mode", "leave it out: the driver runs where latecomer runs"}}));
  SparkStep spark;
  const YamlNode* application = node.Find("application");
  if (application == nullptr) return Fail(reader.Missing(node, "application"));
  LATECOMER_RETURN_IF_ERROR(ParseApplication(reader, *application, files, pipeline, spark));
  LATECOMER_ASSIGN_OR_RETURN(spark.main_class, ParseOneText(reader, node, "class"));
  if (!spark.main_class.empty() && spark.kind != Kind::kJar) {
    return Fail(reader.Invalid(*node.Find("class"), "`class` goes with a .jar application"));
  }
  LATECOMER_ASSIGN_OR_RETURN(spark.master, ParseOneText(reader, node, "master"));
  LATECOMER_ASSIGN_OR_RETURN(spark.home, ParseOneText(reader, node, "spark_home"));
  if (!spark.home.empty()) {
    spark.home = (std::filesystem::path(pipeline.folder) / spark.home).lexically_normal().string();
  }
  LATECOMER_ASSIGN_OR_RETURN(spark.packages, ParseNames(reader, node, "packages"));
  LATECOMER_ASSIGN_OR_RETURN(spark.jars, ParseNames(reader, node, "jars"));
  LATECOMER_ASSIGN_OR_RETURN(spark.py_files, ParseNames(reader, node, "py_files"));
  LATECOMER_ASSIGN_OR_RETURN(spark.environment, ParseEnvironment(reader, step, pipeline));
  if (const YamlNode* into = node.Find("into")) {
    LATECOMER_ASSIGN_OR_RETURN(spark.into, reader.Text(*into, "spark.into"));
    LATECOMER_ASSIGN_OR_RETURN(spark.into_location, ParseInto(reader, *into, pipeline));
  } else if (spark.kind == Kind::kSql) {
    return Fail(reader.Missing(node, "into"));
  }
  if (const YamlNode* arguments = node.Find("arguments")) {
    LATECOMER_RETURN_IF_ERROR(ParseArguments(reader, *arguments, pipeline, spark));
  }
  if (const YamlNode* conf = node.Find("conf")) {
    LATECOMER_RETURN_IF_ERROR(ParseConf(reader, *conf, pipeline, spark));
  }
  return spark;
}

}  // namespace latecomer::pipeline
