// Errors as values: Result<T>, Status, Error and its small vocabulary of kinds.
//
// Exceptions of libraries stop at the folder that includes the library and become an Error there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace latecomer {

// About a dozen kinds, and no more: a caller acts on the kind, a person reads the message.
enum class ErrorKind {
  kUnexpected,       // a defect, or something no other kind names
  kInvalidArgument,  // wrong use: a flag, a value, a combination
  kInvalidFile,      // a file a person wrote (pipeline, input rows) can't be taken as it is
  kNotFound,         // no table, file, run, partition of that name
  kDamaged,          // a table log, checkpoint or ledger that is not what its format promises
  kUnsupported,      // a table feature or pipeline key outside the supported set
  kHistoryGone,      // commits or data files that were there are gone
  kPermission,       // the system or the store forbids it
  kConflict,         // held by another, or changed meanwhile
  kRunFailed,        // the user's own step failed
  kIo,               // the disk or network failed (full disk, I/O error); trying again may help
  kUnknownOutcome,   // a commit or job whose fate is not known
  kCancelled,        // stopped on request
};

// The stable lower-case name used in JSON output: "invalid_file", "not_found", …
std::string_view ErrorKindName(ErrorKind kind);

// What went wrong, where, and what to do next. `message` is a full clause without a final dot.
struct Error {
  ErrorKind kind = ErrorKind::kUnexpected;
  std::string message;
  std::string file;                      // path or URI it is about; empty when none
  std::optional<std::int64_t> line{};    // 1-based
  std::optional<std::int64_t> column{};  // 1-based
  std::string hint;                      // the next thing to try; empty when there is none

  Error() = default;
  Error(ErrorKind kind_in, std::string message_in) : kind(kind_in), message(std::move(message_in)) {}

  Error&& In(std::string path) &&;
  Error&& At(std::int64_t line_number, std::optional<std::int64_t> column_number = {}) &&;
  Error&& Hint(std::string text) &&;

  // "file:line:column: message" for one line of text; the hint is not included.
  std::string ToString() const;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// Lets a function return an Error where a Result is expected: `return Fail(Error{…}.In(path));`
inline tl::unexpected<Error> Fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> Fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error(kind, std::move(message)));
}

// The error of a system call that set `errno_value`, of the right kind (EACCES → kPermission,
// ENOENT → kNotFound, ENOSPC → kIo with a hint, …). `doing` reads "open", "rename".
Error SystemError(int errno_value, std::string_view doing, std::string path);

#define LATECOMER_CONCAT_INNER(a, b) a##b
#define LATECOMER_CONCAT(a, b) LATECOMER_CONCAT_INNER(a, b)

// LATECOMER_RETURN_IF_ERROR(expression of Status or Result)
#define LATECOMER_RETURN_IF_ERROR(expression)                                             \
  do {                                                                                    \
    auto&& latecomer_status = (expression);                                               \
    if (!latecomer_status) return ::latecomer::Fail(std::move(latecomer_status).error()); \
  } while (false)

// LATECOMER_ASSIGN_OR_RETURN(auto value, expression of Result<T>)
#define LATECOMER_ASSIGN_OR_RETURN(declaration, expression) \
  LATECOMER_ASSIGN_OR_RETURN_IMPL(LATECOMER_CONCAT(latecomer_result_, __LINE__), declaration, expression)
#define LATECOMER_ASSIGN_OR_RETURN_IMPL(result, declaration, expression) \
  auto&& result = (expression);                                          \
  if (!result) return ::latecomer::Fail(std::move(result).error());      \
  declaration = std::move(*result)

}  // namespace latecomer
