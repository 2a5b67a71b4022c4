#include "server/http.h"

#include <xxhash.h>

#include <array>
#include <cstdio>

#include "base/text.h"

namespace latecomer::server {
namespace {

constexpr std::array kMethods{
    std::pair{Method::kGet, std::string_view("GET")},       std::pair{Method::kPost, std::string_view("POST")},
    std::pair{Method::kPut, std::string_view("PUT")},       std::pair{Method::kPatch, std::string_view("PATCH")},
    std::pair{Method::kDelete, std::string_view("DELETE")},
};

// Of a query: '+' is a space there.
std::string DecodeQuery(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  return PercentDecode(spaced);
}

bool IsFit(std::string_view decoded) {
  return decoded.find('\0') == std::string_view::npos && IsValidUtf8(decoded);
}

}  // namespace

std::string_view Name(Method method) {
  for (const auto& [known, name] : kMethods) {
    if (known == method) return name;
  }
  return "";
}

Method ParseMethod(std::string_view name) {
  if (name == "HEAD") return Method::kGet;
  for (const auto& [method, known] : kMethods) {
    if (known == name) return method;
  }
  return Method::kOther;
}

std::string_view Request::Header(std::string_view lower_case_name) const {
  const auto it = headers.find(std::string(lower_case_name));
  return it == headers.end() ? std::string_view() : std::string_view(it->second);
}

std::string_view Request::Query(std::string_view name) const {
  const auto it = query.find(std::string(name));
  return it == query.end() ? std::string_view() : std::string_view(it->second);
}

std::optional<std::string> Request::Cookie(std::string_view name) const {
  for (const std::string_view part : Split(Header("cookie"), ';')) {
    const std::string_view pair = Trim(part);
    if (pair.size() <= name.size() || !pair.starts_with(name) || pair[name.size()] != '=') continue;
    return std::string(pair.substr(name.size() + 1));
  }
  return std::nullopt;
}

bool ParseTarget(std::string_view target, Request& request) {
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  if (!path.starts_with('/')) return false;
  request.path = std::string(path);
  for (const std::string_view segment : Split(path.substr(1), '/')) {
    if (!IsFit(request.segments.emplace_back(PercentDecode(segment)))) return false;
  }
  if (mark == std::string_view::npos) return true;
  for (const std::string_view pair : Split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string name = DecodeQuery(pair.substr(0, equals));
    const std::string value = equals == std::string_view::npos ? "" : DecodeQuery(pair.substr(equals + 1));
    if (!IsFit(name) || !IsFit(value)) return false;
    request.query[name] = value;
  }
  return true;
}

Response&& Response::With(std::string name, std::string value) && {
  headers.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

std::string EtagOf(std::string_view body) {
  const XXH128_hash_t hash = XXH3_128bits(body.data(), body.size());
  char text[64];
  std::snprintf(text, sizeof text, "W/\"%016llx%016llx\"", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

bool EtagMatches(std::string_view if_none_match, std::string_view etag) {
  const auto opaque = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
  for (const std::string_view part : Split(if_none_match, ',')) {
    const std::string_view tag = Trim(part);
    if (tag == "*" || (!tag.empty() && opaque(tag) == opaque(etag))) return true;
  }
  return false;
}

}  // namespace latecomer::server
