#include "executor/airflow_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "storage/secret_file.h"

namespace latecomer::executor {
namespace {

using nlohmann::json;

constexpr http::Limits kLimits{std::chrono::milliseconds(5000), std::chrono::seconds(20), std::chrono::seconds(60)};
constexpr std::size_t kMostAnswerBytes = std::size_t{8} << 20;
constexpr std::size_t kMostToldBytes = 500;
constexpr int kMostTasks = 300;
constexpr std::size_t kLogLines = 30;

constexpr const char* kTokenVariable = "LATECOMER_AIRFLOW_TOKEN";
constexpr const char* kUserVariable = "LATECOMER_AIRFLOW_USER";
constexpr const char* kPasswordVariable = "LATECOMER_AIRFLOW_PASSWORD";

std::string TextOf(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int IntegerOf(const json& object, const char* name, int otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : otherwise;
}

json Parsed(const std::string& body) {
  return json::parse(body, nullptr, false);
}

// What FastAPI and Airflow say: {"detail": "…"} or {"detail": {"reason": "…"}} or a list of what was wrong with each
// field.
std::string DetailOf(const http::Response& response) {
  const json body = Parsed(response.body);
  const auto detail = body.is_object() ? body.find("detail") : body.end();
  if (!body.is_object() || detail == body.end()) return "";
  std::string text =
      detail->is_string() ? detail->get<std::string>() : detail->dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kMostToldBytes) text = text.substr(0, kMostToldBytes) + "…";
  return Printable(text);
}

bool IsJson(const http::Response& response) {
  return response.Header("content-type").find("json") != std::string::npos;
}

Error NoAirflow(const std::string& url) {
  return Error(ErrorKind::kUnsupported, "what answers there is no API of Airflow 3")
      .In(url)
      .Hint("`url` is the address of Airflow's API server, as its pages have it, without /api/v2");
}

Error Refused(const std::string& url, const http::Response& response) {
  const std::string detail = DetailOf(response);
  return Error(ErrorKind::kPermission, response.status == 401
                                           ? "Airflow doesn't take the sign-in" + (detail.empty() ? "" : ": " + detail)
                                           : "Airflow forbids it" + (detail.empty() ? "" : ": " + detail))
      .In(url)
      .Hint("the user has to be allowed to see and edit the DAG, its runs and its task instances");
}

std::optional<DagRunState> StateNamed(const std::string& name) {
  if (name == "queued") return DagRunState::kQueued;
  if (name == "running" || name == "restarting") return DagRunState::kRunning;
  if (name == "success") return DagRunState::kSuccess;
  if (name == "failed") return DagRunState::kFailed;
  return std::nullopt;
}

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

http::Tls TlsOf(const AirflowPlace& place) {
  http::Tls tls;
  tls.ca_file = place.ca_file;
  return tls;
}

// "ValueError: no space left"; empty when the entry of a log tells of no exception.
std::string ExceptionOf(const json& entry) {
  const auto details = entry.is_object() ? entry.find("error_detail") : entry.end();
  if (!entry.is_object() || details == entry.end() || !details->is_array() || details->empty()) return "";
  const json& first = details->front();
  return TextOf(first, "exc_type") + ": " + TextOf(first, "exc_value");
}

// An entry as a line: the structured ones of Airflow 3, or plain text.
std::string LineOf(const json& entry) {
  if (entry.is_string()) return entry.get<std::string>();
  const std::string event = TextOf(entry, "event");
  const std::string exception = ExceptionOf(entry);
  return exception.empty() ? event : event + ": " + exception;
}

std::string Short(std::string text) {
  constexpr std::size_t kLongest = 200;
  return text.size() > kLongest ? text.substr(0, kLongest) + "…" : text;
}

// Marks by which Airflow's pages fold a log.
bool IsFold(std::string_view line) {
  return line.starts_with("::group::") || line.starts_with("::endgroup::");
}

}  // namespace

struct AirflowApi::Ask {
  std::string method = "GET";
  std::string path;  // below the place's URL
  std::string body{};
  bool signed_in = true;

  bool Changes() const { return method != "GET"; }
};

AirflowApi::AirflowApi(AirflowPlace place, storage::Environment environment)
    : place_([&] {
        place.url = WithoutSlash(std::move(place.url));
        return std::move(place);
      }()),
      environment_(std::move(environment)),
      client_(kLimits, TlsOf(place_)) {}

// ----- signing in

Result<std::string> AirflowApi::Secret(const SecretPlace& place) const {
  if (!place.file.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, storage::ReadSecretFile(place.file));
    std::string secret(Trim(text));
    if (secret.empty()) return Fail(Error(ErrorKind::kNotFound, "the file is empty").In(place.file));
    return secret;
  }
  if (auto value = environment_(place.variable)) return std::move(*value);
  return Fail(Error(ErrorKind::kNotFound, "the variable " + place.variable + " is not set")
                  .Hint("it belongs into the environment of `latecomer run` or `serve`"));
}

Result<std::string> AirflowApi::SignIn(const std::string& user, const std::string& password) {
  Ask ask{.method = user.empty() ? "GET" : "POST", .path = "/auth/token", .body = "", .signed_in = false};
  if (!user.empty()) {
    ask.body = json{{"username", user}, {"password", password}}.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  auto response = SendOnce(ask, "");
  // A sign-in changes nothing.
  if (!response && response.error().kind == ErrorKind::kUnknownOutcome) response.error().kind = ErrorKind::kIo;
  LATECOMER_RETURN_IF_ERROR(response);
  const std::string token = TextOf(Parsed(response->body), "access_token");
  if (token.empty()) return Fail(NoAirflow(place_.url));
  return token;
}

Result<std::string> AirflowApi::FetchToken() {
  if (place_.token.IsSet()) return Secret(place_.token);
  if (!place_.user.empty() || place_.user_place.IsSet()) {
    std::string user = place_.user;
    if (user.empty()) {
      LATECOMER_ASSIGN_OR_RETURN(user, Secret(place_.user_place));
    }
    LATECOMER_ASSIGN_OR_RETURN(const std::string password, Secret(place_.password));
    return SignIn(user, password);
  }
  if (auto token = environment_(kTokenVariable)) return std::move(*token);
  if (const auto user = environment_(kUserVariable)) return SignIn(*user, environment_(kPasswordVariable).value_or(""));
  auto token = SignIn("", "");
  if (token || token.error().kind == ErrorKind::kIo) return token;
  return Fail(Error(ErrorKind::kPermission, "nothing says how to sign in to Airflow")
                  .In(place_.url)
                  .Hint(std::string("name `token`, or `user` and `password`, in the step, or set ") + kUserVariable +
                        " and " + kPasswordVariable));
}

// The one that is known, unless it is the one that was refused: they expire, and files get new ones.
Result<std::string> AirflowApi::Token(const std::string& refused) {
  const std::lock_guard lock(mutex_);
  if (!token_.empty() && token_ != refused) return token_;
  token_.clear();
  LATECOMER_ASSIGN_OR_RETURN(token_, FetchToken());
  return token_;
}

// ----- asking

Result<http::Response> AirflowApi::SendOnce(const Ask& ask, const std::string& token) {
  http::Request request;
  request.method = ask.method;
  request.url = place_.url + ask.path;
  request.body = ask.body;
  request.most_bytes = kMostAnswerBytes;
  request.Set("Accept", "application/json");
  if (!ask.body.empty()) request.Set("Content-Type", "application/json");
  if (!token.empty()) request.Set("Authorization", "Bearer " + token);
  auto answered = client_.Send(request);
  if (!answered) {
    const bool maybe = ask.Changes() && answered.error().reached == http::Reached::kMaybe;
    return Fail(Error(maybe ? ErrorKind::kUnknownOutcome : ErrorKind::kIo,
                      "Airflow can't be reached: " + answered.error().message)
                    .In(place_.url));
  }
  const int status = answered->status;
  if (status >= 200 && status < 300) {
    if (!IsJson(*answered)) return Fail(NoAirflow(place_.url));
    return std::move(*answered);
  }
  const std::string detail = DetailOf(*answered);
  const std::string told = detail.empty() ? "" : ": " + detail;
  const auto fail = [&](ErrorKind kind, const std::string& message) {
    return Fail(Error(kind, message + told).In(place_.url));
  };
  if (status == 401 || status == 403) return Fail(Refused(place_.url, *answered));
  if (status == 409) return fail(ErrorKind::kConflict, "Airflow has it already");
  if (status == 404 && IsJson(*answered)) return fail(ErrorKind::kNotFound, "Airflow doesn't know it");
  if (status == 429 || status == 408 || status >= 500) {
    // A proxy may say so of a request that went through.
    return fail(ask.Changes() && status >= 500 ? ErrorKind::kUnknownOutcome : ErrorKind::kIo,
                "Airflow is in trouble: it answers " + std::to_string(status));
  }
  if (!IsJson(*answered)) return Fail(NoAirflow(place_.url));
  return fail(ErrorKind::kInvalidArgument, "Airflow doesn't take it: it answers " + std::to_string(status));
}

Result<http::Response> AirflowApi::Send(const Ask& ask) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string token, Token(""));
  auto response = SendOnce(ask, token);
  if (response || response.error().kind != ErrorKind::kPermission) return response;
  // Perhaps the token has expired.
  auto fresh = Token(token);
  if (!fresh) return Fail(std::move(fresh.error()));
  if (*fresh == token) return response;
  return SendOnce(ask, *fresh);
}

namespace {

std::string RunsOf(const std::string& dag) {
  return "/api/v2/dags/" + PercentEncode(dag) + "/dagRuns";
}

std::string RunPath(const DagRunName& name) {
  return RunsOf(name.dag) + "/" + PercentEncode(name.run);
}

}  // namespace

Status AirflowApi::Trigger(const DagRunName& name, const std::string& conf) {
  json body{{"dag_run_id", name.run}, {"logical_date", nullptr}};
  body["conf"] = Parsed(conf);
  return Send({.method = "POST",
               .path = RunsOf(name.dag),
               .body = body.dump(-1, ' ', false, json::error_handler_t::replace)})
      .map([](auto&&) {});
}

Result<DagRunState> AirflowApi::Find(const DagRunName& name) {
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, Send({.path = RunPath(name)}));
  const json run = Parsed(response.body);
  const auto state = StateNamed(TextOf(run, "state"));
  if (!state || TextOf(run, "dag_run_id") != name.run) return Fail(NoAirflow(place_.url));
  return *state;
}

Status AirflowApi::MarkFailed(const DagRunName& name) {
  return Send({.method = "PATCH",
               .path = RunPath(name) + "?update_mask=state",
               .body = json{{"state", "failed"}}.dump()})
      .map([](auto&&) {});
}

Result<std::vector<AirflowTask>> AirflowApi::Tasks(const DagRunName& name) {
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response,
                             Send({.path = RunPath(name) + "/taskInstances?limit=" + std::to_string(kMostTasks)}));
  const json body = Parsed(response.body);
  const auto list = body.is_object() ? body.find("task_instances") : body.end();
  if (!body.is_object() || list == body.end() || !list->is_array()) return Fail(NoAirflow(place_.url));
  std::vector<AirflowTask> tasks;
  for (const json& one : *list) {
    if (!one.is_object()) return Fail(NoAirflow(place_.url));
    tasks.push_back({.id = Printable(TextOf(one, "task_id")),
                     .map_index = IntegerOf(one, "map_index", -1),
                     .try_number = IntegerOf(one, "try_number", 0),
                     .state = Printable(TextOf(one, "state"))});
  }
  return tasks;
}

Result<AirflowLog> AirflowApi::LogEnd(const DagRunName& name, const AirflowTask& task) {
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response,
                             Send({.path = RunPath(name) + "/taskInstances/" + PercentEncode(task.id) + "/logs/" +
                                           std::to_string(std::max(task.try_number, 1)) +
                                           "?full_content=true&map_index=" + std::to_string(task.map_index)}));
  const json body = Parsed(response.body);
  const auto content = body.is_object() ? body.find("content") : body.end();
  if (!body.is_object() || content == body.end() || !content->is_array()) return Fail(NoAirflow(place_.url));
  AirflowLog log;
  std::string exception, error, last;
  const std::size_t skip = content->size() > kLogLines ? content->size() - kLogLines : 0;
  for (std::size_t i = skip; i < content->size(); ++i) {
    const json& entry = (*content)[i];
    const std::string line = Printable(LineOf(entry));
    if (Trim(line).empty() || IsFold(line)) continue;
    log.lines += line + "\n";
    last = line;
    if (TextOf(entry, "level") == "error") error = line;
    if (const std::string thrown = ExceptionOf(entry); !thrown.empty()) exception = Printable(thrown);
  }
  log.cause = Short(!exception.empty() ? exception : !error.empty() ? error : last);
  return log;
}

Result<bool> AirflowApi::IsPaused(const std::string& dag) {
  LATECOMER_ASSIGN_OR_RETURN(const http::Response response, Send({.path = "/api/v2/dags/" + PercentEncode(dag)}));
  const json body = Parsed(response.body);
  const auto paused = body.is_object() ? body.find("is_paused") : body.end();
  return body.is_object() && paused != body.end() && paused->is_boolean() && paused->get<bool>();
}

std::string AirflowApi::PageOf(const DagRunName& name) const {
  return place_.url + "/dags/" + PercentEncode(name.dag) + "/runs/" + PercentEncode(name.run);
}

}  // namespace latecomer::executor
