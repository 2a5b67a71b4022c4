// Errors as RFC 9457 problem details.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "server/http.h"

namespace latecomer::server {

struct FieldError {
  std::string field;
  std::string message;
};

struct Problem {
  int status = 500;
  std::string kind;    // last part of the type's URN
  std::string detail;  // what and where
  std::string hint{};
  std::string file{};
  std::optional<std::int64_t> line{};
  std::vector<FieldError> errors{};
};

Response ToResponse(const Problem& problem);
// By the error's kind. What was unexpected is told to nobody but the log: `detail` is general then.
Response ToResponse(const Error& error);
int StatusOf(ErrorKind kind);

// 400 with the fields that are wrong.
Response InvalidFields(std::vector<FieldError> errors);

}  // namespace latecomer::server
