// Which handler answers which method and path, and who may ask.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/http.h"

namespace latecomer::server {

struct Call;
using Handler = Result<Response> (*)(Call&);

enum class Access { kPublic, kViewer, kOperator, kAdmin };
std::string_view Name(Access access);  // "public", "viewer", … as in the OpenAPI file's x-role

enum class Pace {
  kQuick,
  kSlow,  // hashes a password or reads much: answered apart, so that it holds up nobody
};

struct Route {
  Method method;
  std::string_view pattern;  // below /api/v1: "/pipelines/{pipeline}/runs/{run}"
  Access access;
  Handler handler;
  Pace pace = Pace::kQuick;
};

struct Match {
  const Route* route = nullptr;             // null: no such path, or not with this method
  std::map<std::string, std::string> path;  // decoded values of the pattern's {names}
  std::vector<Method> allowed;              // when the path exists, but not with this method
};

class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}
  // `segments` are decoded, below /api/v1. Fixed parts go before {names}.
  Match Find(Method method, const std::vector<std::string>& segments) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace latecomer::server
