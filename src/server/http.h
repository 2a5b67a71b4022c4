// Requests and answers as plain values; what they came over is the HTTP server's business.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace latecomer::server {

enum class Method { kGet, kPost, kPut, kPatch, kDelete, kOther };
std::string_view Name(Method method);       // "GET"; "" for kOther
Method ParseMethod(std::string_view name);  // HEAD counts as GET: the server leaves out the body

struct Request {
  Method method = Method::kGet;
  std::string path;                            // without the prefix, not decoded: "/api/v1/pipelines"
  std::vector<std::string> segments;           // of the path, decoded one by one
  std::map<std::string, std::string> query;    // decoded; of a name that is there twice the last one
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string remote;  // address of the client
  bool secure = false;

  // Empty when it isn't there.
  std::string_view Header(std::string_view lower_case_name) const;
  std::string_view Query(std::string_view name) const;
  std::optional<std::string> Cookie(std::string_view name) const;
};

// Splits "/a/b%2Fc?x=1" into path, segments and query. False when it isn't a path from the root, or holds a NUL or
// bytes that are no UTF-8 after decoding.
bool ParseTarget(std::string_view target, Request& request);

class EventStream;

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<const std::string> shared_body;  // instead of `body` when set
  std::string file;                                // a file to send instead of `body`; empty: none
  std::shared_ptr<EventStream> stream;             // goes on with server-sent events when set

  std::string_view Body() const { return shared_body ? std::string_view(*shared_body) : std::string_view(body); }
  Response&& With(std::string name, std::string value) &&;
};

// "W/\"…\"" of a body.
std::string EtagOf(std::string_view body);
// Does If-None-Match name it?
bool EtagMatches(std::string_view if_none_match, std::string_view etag);

}  // namespace latecomer::server
