#include "base/result.h"

#include <array>
#include <cerrno>
#include <system_error>

namespace latecomer {

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUnexpected: return "unexpected";
    case ErrorKind::kInvalidArgument: return "invalid_argument";
    case ErrorKind::kInvalidFile: return "invalid_file";
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kDamaged: return "damaged";
    case ErrorKind::kUnsupported: return "unsupported";
    case ErrorKind::kHistoryGone: return "history_gone";
    case ErrorKind::kPermission: return "permission";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kRunFailed: return "run_failed";
    case ErrorKind::kIo: return "io";
    case ErrorKind::kUnknownOutcome: return "unknown_outcome";
    case ErrorKind::kCancelled: return "cancelled";
  }
  return "unexpected";
}

Error&& Error::In(std::string path) && {
  file = std::move(path);
  return std::move(*this);
}

Error&& Error::At(std::int64_t line_number, std::optional<std::int64_t> column_number) && {
  line = line_number;
  column = column_number;
  return std::move(*this);
}

Error&& Error::Hint(std::string text) && {
  hint = std::move(text);
  return std::move(*this);
}

std::string Error::ToString() const {
  std::string text = file;
  if (line) text += ":" + std::to_string(*line);
  if (line && column) text += ":" + std::to_string(*column);
  if (!text.empty()) text += ": ";
  return text + message;
}

namespace {

ErrorKind KindOfErrno(int value) {
  switch (value) {
    case ENOENT:
    case ENOTDIR: return ErrorKind::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::kPermission;
    case EEXIST:
    case EBUSY:
    case ETXTBSY: return ErrorKind::kConflict;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
    case EISDIR: return ErrorKind::kInvalidArgument;
    default: return ErrorKind::kIo;
  }
}

std::string HintOfErrno(int value) {
  switch (value) {
    case ENOSPC:
    case EDQUOT: return "free some space on this disk, then run the same command again; nothing was committed";
    case EACCES:
    case EPERM: return "check the owner and the permissions of this path";
    case EROFS: return "the file system is mounted read-only";
    case EMFILE:
    case ENFILE: return "raise the limit of open files (ulimit -n)";
    default: return "";
  }
}

}  // namespace

Error SystemError(int errno_value, std::string_view doing, std::string path) {
  std::string message =
      "cannot " + std::string(doing) + ": " + std::error_code(errno_value, std::generic_category()).message();
  return Error(KindOfErrno(errno_value), std::move(message)).In(std::move(path)).Hint(HintOfErrno(errno_value));
}

}  // namespace latecomer
