#include "server/router.h"

#include <algorithm>

#include "base/text.h"

namespace latecomer::server {
namespace {

bool IsName(std::string_view part) {
  return part.starts_with('{');
}

bool Fits(std::string_view pattern, const std::vector<std::string>& segments,
          std::map<std::string, std::string>& path) {
  const auto parts = Split(pattern.substr(1), '/');
  if (parts.size() != segments.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (IsName(parts[i])) {
      if (segments[i].empty()) return false;
      path[std::string(parts[i].substr(1, parts[i].size() - 2))] = segments[i];
    } else if (parts[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string_view Name(Access access) {
  switch (access) {
    case Access::kPublic: return "public";
    case Access::kViewer: return "viewer";
    case Access::kOperator: return "operator";
    case Access::kAdmin: return "admin";
  }
  return "admin";
}

Match Router::Find(Method method, const std::vector<std::string>& segments) const {
  Match best;
  for (const Route& route : routes_) {
    std::map<std::string, std::string> path;
    if (!Fits(route.pattern, segments, path)) continue;
    best.allowed.push_back(route.method);
    if (route.method != method) continue;
    if (best.route != nullptr && best.path.size() <= path.size()) continue;
    best.route = &route;
    best.path = std::move(path);
  }
  if (best.route != nullptr) best.allowed.clear();
  return best;
}

}  // namespace latecomer::server
