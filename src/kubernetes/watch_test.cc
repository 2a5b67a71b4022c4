#include "kubernetes/watch.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace latecomer::kubernetes {
namespace {

struct Seen {
  std::vector<std::string> events;
  WatchReader reader{[this](const std::string& type, const nlohmann::json& object) {
    events.push_back(type + " " + object.value("name", ""));
  }};
};

const std::string kTwo = R"({"type":"ADDED","object":{"name":"a"}})"
                         "\n"
                         R"({"type":"DELETED","object":{"name":"b"}})"
                         "\n";

TEST(WatchTest, EventsAreLinesWhereverTheyAreCut) {
  for (std::size_t cut = 0; cut <= kTwo.size(); ++cut) {
    Seen seen;
    seen.reader.Take(kTwo.substr(0, cut));
    seen.reader.Take(kTwo.substr(cut));
    EXPECT_EQ(seen.events, (std::vector<std::string>{"ADDED a", "DELETED b"})) << cut;
  }
}

TEST(WatchTest, WhatIsNoEventIsPassedOver) {
  Seen seen;
  seen.reader.Take(
      "\nnonsense\n[]\n{\"type\":1,\"object\":{}}\n{\"type\":\"ADDED\"}\n{\"type\":\"ADDED\",\"object\":3}\n" + kTwo);
  EXPECT_EQ(seen.events.size(), 2U);
}

}  // namespace
}  // namespace latecomer::kubernetes
