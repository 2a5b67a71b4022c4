#include "storage/store_answer.h"

#include <utility>

#include "storage/cloud_request.h"

namespace latecomer::storage {
namespace {

ErrorKind KindOf(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorKind::kPermission;
    case 404: return ErrorKind::kNotFound;
    default: return ErrorKind::kIo;
  }
}

}  // namespace

Error Describe(const KnownProblem& known, const std::string& place) {
  Error error(known.kind, std::string(known.message));
  error.file = place;
  error.hint = known.hint;
  return error;
}

Error DescribeUnknown(const http::Response& response, std::string_view code, std::string_view message,
                      const std::string& place) {
  std::string text = code.empty() ? "the store answered with status " + std::to_string(response.status)
                                  : "the store says " + ServerWords(code);
  if (!message.empty()) text += ": " + ServerWords(message);
  return Error(KindOf(response.status), std::move(text)).In(place);
}

ObjectInfo InfoOfHeaders(const http::Response& head) {
  ObjectInfo info;
  info.size_bytes = NumberOf(head.Header("content-length"));
  info.etag = Unquoted(head.Header("etag"));
  info.modified = ParseHttpDate(head.Header("last-modified")).value_or(Instant{});
  return info;
}

std::string Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::int64_t NumberOf(std::string_view text) {
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > (std::int64_t{1} << 58)) return 0;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace latecomer::storage
