// The `airflow_dag` part of a step.
#include <algorithm>
#include <filesystem>

#include "pipeline/parse.h"

namespace latecomer::pipeline {
namespace {

// Airflow's own limits of ids.
constexpr std::size_t kLongestDagId = 250;

bool IsDagId(const std::string& text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  // Airflow takes letters of any script.
  const auto fits_or_other = [&](char c) { return fits(c) || static_cast<unsigned char>(c) >= 0x80; };
  return !text.empty() && text.size() <= kLongestDagId && std::ranges::all_of(text, fits_or_other);
}

Status ParseUrl(const YamlReader& reader, const YamlNode& node, AirflowDagStep& airflow) {
  LATECOMER_ASSIGN_OR_RETURN(airflow.url, reader.Text(node, "airflow_dag.url"));
  const std::string& url = airflow.url;
  const std::size_t scheme = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
  const bool plain = std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f'; });
  if (scheme == 0 || url.size() == scheme || !plain || url.find_first_of("?#") != std::string::npos) {
    return Fail(reader.Invalid(node,
                               "airflow_dag.url must be the address of Airflow's API server, such as "
                               "https://airflow.example.com, not `" +
                                   Printable(url) + "`"));
  }
  if (url.find('@') != std::string::npos) {
    Error error = reader.Invalid(node, "airflow_dag.url can't hold a user or a password");
    error.hint = "name them in `user` and `password`";
    return Fail(std::move(error));
  }
  if (url.find("/api/v") != std::string::npos) {
    return Fail(reader.Invalid(node, "airflow_dag.url is without /api/v2"));
  }
  return {};
}

// `{environment: NAME}` or `{file: PATH}`: what is secret never stands in a pipeline file, whose text the ledger keeps.
Result<SecretPlace> ParseSecret(const YamlReader& reader, const YamlNode& node, const std::string& what,
                                const Pipeline& pipeline) {
  if (node.kind != YamlNode::Kind::kMap) {
    Error error = reader.Invalid(node, what + " says where it is found, and isn't written here");
    error.hint = "write {file: PATH}, or {environment: LATECOMER_…}";
    return Fail(std::move(error));
  }
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, what, {"environment", "file"}));
  const YamlNode* variable = node.Find("environment");
  const YamlNode* file = node.Find("file");
  if ((variable != nullptr) == (file != nullptr)) {
    return Fail(reader.Invalid(node, what + " needs exactly one of environment and file"));
  }
  SecretPlace place;
  if (file != nullptr) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string path, reader.Text(*file, what + ".file"));
    if (path.empty()) return Fail(reader.Invalid(*file, what + ".file is empty"));
    place.file = (std::filesystem::path(pipeline.folder) / path).lexically_normal().string();
    return place;
  }
  LATECOMER_ASSIGN_OR_RETURN(place.variable, reader.Text(*variable, what + ".environment"));
  const auto fits = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  if (!place.variable.starts_with("LATECOMER_") || !std::ranges::all_of(place.variable, fits)) {
    Error error = reader.Invalid(*variable, what + ".environment must name a variable LATECOMER_…, in capitals, not `" +
                                                Printable(place.variable) + "`");
    error.hint = "variables of such names are not handed on to the programs that steps start";
    return Fail(std::move(error));
  }
  return place;
}

Status ParseUser(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, AirflowDagStep& airflow) {
  if (node.kind == YamlNode::Kind::kMap) {
    LATECOMER_ASSIGN_OR_RETURN(airflow.user_place, ParseSecret(reader, node, "airflow_dag.user", pipeline));
    return {};
  }
  LATECOMER_ASSIGN_OR_RETURN(airflow.user, reader.Text(node, "airflow_dag.user"));
  if (airflow.user.empty()) return Fail(reader.Invalid(node, "airflow_dag.user is empty"));
  return {};
}

Status ParseSignIn(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, AirflowDagStep& airflow) {
  const YamlNode* token = node.Find("token");
  const YamlNode* user = node.Find("user");
  const YamlNode* password = node.Find("password");
  if (token != nullptr && (user != nullptr || password != nullptr)) {
    return Fail(reader.Invalid(*token, "airflow_dag has either a token, or a user and a password"));
  }
  if ((user == nullptr) != (password == nullptr)) {
    return Fail(reader.Missing(node, user == nullptr ? "user" : "password"));
  }
  if (token != nullptr) {
    LATECOMER_ASSIGN_OR_RETURN(airflow.token, ParseSecret(reader, *token, "airflow_dag.token", pipeline));
  }
  if (user == nullptr) return {};
  LATECOMER_RETURN_IF_ERROR(ParseUser(reader, *user, pipeline, airflow));
  LATECOMER_ASSIGN_OR_RETURN(airflow.password, ParseSecret(reader, *password, "airflow_dag.password", pipeline));
  return {};
}

Status ParseConf(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline, AirflowDagStep& airflow) {
  LATECOMER_ASSIGN_OR_RETURN(airflow.conf, reader.TextMap(node, "airflow_dag.conf"));
  for (const YamlEntry& entry : node.entries) {
    if (entry.key == "latecomer") {
      return Fail(reader.Invalid(entry.value, "airflow_dag.conf: `latecomer` is what latecomer itself tells the DAG")
                      .At(entry.line, entry.column));
    }
    LATECOMER_RETURN_IF_ERROR(CheckTemplateOf(reader, entry.value, entry.value.text, pipeline));
  }
  return {};
}

}  // namespace

Result<AirflowDagStep> ParseAirflowDag(const YamlReader& reader, const YamlNode& step, const Pipeline& pipeline) {
  const YamlNode& node = *step.Find("airflow_dag");
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(
      node, "airflow_dag", {"dag_id", "url", "token", "user", "password", "ca_file", "conf", "into"}));
  AirflowDagStep airflow;
  const YamlNode* dag = node.Find("dag_id");
  if (dag == nullptr) return Fail(reader.Missing(node, "dag_id"));
  LATECOMER_ASSIGN_OR_RETURN(airflow.dag_id, reader.Text(*dag, "airflow_dag.dag_id"));
  if (!IsDagId(airflow.dag_id)) {
    return Fail(
        reader.Invalid(*dag, "airflow_dag.dag_id must be the id of a DAG, not `" + Printable(airflow.dag_id) + "`"));
  }
  const YamlNode* url = node.Find("url");
  if (url == nullptr) return Fail(reader.Missing(node, "url"));
  LATECOMER_RETURN_IF_ERROR(ParseUrl(reader, *url, airflow));
  LATECOMER_RETURN_IF_ERROR(ParseSignIn(reader, node, pipeline, airflow));
  if (const YamlNode* file = node.Find("ca_file")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string path, reader.Text(*file, "airflow_dag.ca_file"));
    if (path.empty()) return Fail(reader.Invalid(*file, "airflow_dag.ca_file is empty"));
    airflow.ca_file = (std::filesystem::path(pipeline.folder) / path).lexically_normal().string();
  }
  if (const YamlNode* into = node.Find("into")) {
    LATECOMER_ASSIGN_OR_RETURN(airflow.into, reader.Text(*into, "airflow_dag.into"));
    LATECOMER_ASSIGN_OR_RETURN(airflow.into_location, ParseInto(reader, *into, pipeline));
  }
  if (const YamlNode* conf = node.Find("conf")) LATECOMER_RETURN_IF_ERROR(ParseConf(reader, *conf, pipeline, airflow));
  return airflow;
}

}  // namespace latecomer::pipeline
