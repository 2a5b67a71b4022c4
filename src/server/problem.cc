#include "server/problem.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace latecomer::server {
namespace {

std::string_view TitleOf(int status) {
  switch (status) {
    case 400: return "The request is wrong";
    case 401: return "Not signed in";
    case 403: return "Not allowed";
    case 404: return "Not found";
    case 405: return "Method not allowed";
    case 409: return "Conflict";
    case 413: return "Too large";
    case 415: return "Not JSON";
    case 422: return "Can't be done";
    case 429: return "Too many attempts";
    case 431: return "Headers too large";
    case 503: return "Not available now";
    default: return "Something went wrong";
  }
}

}  // namespace

Response ToResponse(const Problem& problem) {
  nlohmann::ordered_json json;
  json["type"] = "urn:latecomer:" + problem.kind;
  json["title"] = TitleOf(problem.status);
  json["status"] = problem.status;
  json["detail"] = problem.detail;
  if (!problem.hint.empty()) json["hint"] = problem.hint;
  if (!problem.file.empty()) json["file"] = problem.file;
  if (problem.line) json["line"] = *problem.line;
  for (const FieldError& error : problem.errors) {
    json["errors"].push_back({{"field", error.field}, {"message", error.message}});
  }
  Response response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  response.body = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return response;
}

int StatusOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument: return 400;
    case ErrorKind::kNotFound: return 404;
    case ErrorKind::kConflict: return 409;
    case ErrorKind::kInvalidFile:
    case ErrorKind::kUnsupported:
    case ErrorKind::kHistoryGone:
    case ErrorKind::kDamaged:
    case ErrorKind::kPermission:
    case ErrorKind::kRunFailed: return 422;
    case ErrorKind::kIo:
    case ErrorKind::kUnknownOutcome:
    case ErrorKind::kCancelled: return 503;
    case ErrorKind::kUnexpected: return 500;
  }
  return 500;
}

Response ToResponse(const Error& error) {
  Problem problem;
  problem.status = StatusOf(error.kind);
  problem.kind = ErrorKindName(error.kind);
  problem.detail = error.message;
  problem.hint = error.hint;
  problem.file = error.file;
  problem.line = error.line;
  if (error.kind == ErrorKind::kUnexpected) {
    problem.detail = "an unexpected error; the server's log says more";
    problem.file.clear();
    problem.hint.clear();
  }
  return ToResponse(problem);
}

Response InvalidFields(std::vector<FieldError> errors) {
  Problem problem{.status = 400, .kind = "invalid_argument", .detail = "", .errors = std::move(errors)};
  for (const FieldError& error : problem.errors) {
    problem.detail += (problem.detail.empty() ? "" : "; ") + error.field + ": " + error.message;
  }
  return ToResponse(problem);
}

}  // namespace latecomer::server
