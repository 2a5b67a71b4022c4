// What the answers of several stores have in common: headers, numbers, and errors with a code that a table knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "storage/object_store.h"

namespace latecomer::storage {

// Of a page of a listing, or of what tells about one object.
constexpr std::size_t kMostAnswerBytes = std::size_t{64} << 20;

// An error code of a store, and what it means to people.
struct KnownProblem {
  std::string_view code;
  ErrorKind kind;
  std::string_view message;
  std::string_view hint;
};

// `place`: the URI of what was asked for.
Error Describe(const KnownProblem& known, const std::string& place);
// Of an answer that no table knows: its status, with the store's own code and words where it has some.
Error DescribeUnknown(const http::Response& response, std::string_view code, std::string_view message,
                      const std::string& place);

// Of the answer to a HEAD; without the key.
ObjectInfo InfoOfHeaders(const http::Response& head);
// An ETag without its quotes.
std::string Unquoted(std::string_view etag);
// 0 for what is no number of at most 2^58.
std::int64_t NumberOf(std::string_view text);

}  // namespace latecomer::storage
