// The tools to reach a test's HTTP server with.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "storage/cloud_request.h"
#include "testing/fake_clock.h"
#include "testing/http_server.h"

namespace latecomer::storage {

using testing::Dropped;
using testing::ServedAnswer;
using testing::ServedRequest;
using testing::TestServer;

// Tools whose environment is a map, whose clock stands, and whose pauses are only noted.
struct TestTools {
  std::map<std::string, std::string> environment;
  testing::FakeClock clock;
  SeededRandom random{7};
  std::mutex mutex;
  std::vector<Duration> pauses;
  http::Limits limits{std::chrono::milliseconds(2000), std::chrono::seconds(1), std::chrono::seconds(20)};

  CloudTools Make() {
    CloudTools tools;
    tools.http = std::make_shared<http::Client>(limits);
    tools.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment.find(name);
      if (found == environment.end() || found->second.empty()) return std::nullopt;
      return found->second;
    };
    tools.clock = &clock;
    tools.random = &random;
    tools.retry.most_attempts = 4;
    tools.pause = [this](Duration pause) {
      const std::lock_guard lock(mutex);
      pauses.push_back(pause);
    };
    return tools;
  }
};

}  // namespace latecomer::storage
