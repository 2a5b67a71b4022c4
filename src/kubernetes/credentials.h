// The token that shows who asks, renewed where it comes from.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "kubernetes/cluster.h"

namespace latecomer::kubernetes {

class Credentials {
 public:
  explicit Credentials(const Cluster& cluster) : cluster_(cluster) {}

  // Empty when a client certificate, or nothing, says who asks. A token file is read again each minute: the system
  // replaces it while its content still holds. A plugin is asked again a minute before its token expires.
  Result<std::string> Token();
  // The API server doesn't take the token: whether there may be another one now.
  bool Renew();

 private:
  using Moment = std::chrono::steady_clock::time_point;

  Result<std::string> ReadFile();
  Result<std::string> AskPlugin();

  const Cluster& cluster_;
  std::optional<std::string> token_;
  std::optional<Moment> good_until_;  // nothing: until it is refused
};

}  // namespace latecomer::kubernetes
