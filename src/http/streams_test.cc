// Answers that go on, against a server on this machine.
#include "http/streams.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "testing/http_server.h"

namespace latecomer::http {
namespace {

using testing::ServedAnswer;
using testing::ServedRequest;
using testing::TestServer;

constexpr Duration kLong = std::chrono::seconds(30);

Request To(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

TEST(StreamsTest, WhatComesIsHandedOnBeforeTheEnd) {
  Interrupt sent;
  TestServer server([&](const ServedRequest&) {
    return ServedAnswer{.stream = [&](const auto& send) {
      send("one\n");
      sent.WaitFor(kLong);
      send("two\n");
    }};
  });
  Streams streams;
  const Interrupt never;
  std::string got;
  const int id = streams.Open(To(server.url()), [&](std::string_view data) { got += data; });
  while (got != "one\n") EXPECT_TRUE(streams.Wait(kLong, never).empty());
  sent.Set();
  std::vector<Streams::Ended> ended;
  while (ended.empty()) ended = streams.Wait(kLong, never);
  EXPECT_EQ(got, "one\ntwo\n");
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].id, id);
  ASSERT_TRUE(ended[0].answer);
  EXPECT_EQ(ended[0].answer->status, 200);
}

TEST(StreamsTest, AnErrorsBodyIsNoData) {
  TestServer server([](const ServedRequest&) { return ServedAnswer{.status = 410, .body = "too old"}; });
  Streams streams;
  const Interrupt never;
  streams.Open(To(server.url()), [&](std::string_view) { ADD_FAILURE() << "no data was sent"; });
  std::vector<Streams::Ended> ended;
  while (ended.empty()) ended = streams.Wait(kLong, never);
  ASSERT_TRUE(ended.at(0).answer);
  EXPECT_EQ(ended[0].answer->status, 410);
  EXPECT_EQ(ended[0].answer->body, "too old");
}

TEST(StreamsTest, SeveralGoOnAtOnceAndOneThatIsClosedSaysNothingMore) {
  TestServer server([&](const ServedRequest& request) {
    return ServedAnswer{.stream = [&server, name = request.target](const auto& send) {
      send(name);
      if (name != "/ends") server.WaitForEnd();
    }};
  });
  Streams streams;
  const Interrupt never;
  std::string a;
  std::string b;
  const int first = streams.Open(To(server.url() + "/a"), [&](std::string_view data) { a += data; });
  streams.Open(To(server.url() + "/b"), [&](std::string_view data) { b += data; });
  while (a.empty() || b.empty()) EXPECT_TRUE(streams.Wait(kLong, never).empty());
  streams.Close(first);
  const int last = streams.Open(To(server.url() + "/ends"), [](std::string_view) {});
  std::vector<Streams::Ended> ended;
  while (ended.empty()) ended = streams.Wait(kLong, never);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].id, last);
}

TEST(StreamsTest, AServerThatGoesAwayIsAFailureThatMayPass) {
  TestServer server([](const ServedRequest&) { return testing::Dropped(); });
  Streams streams;
  const Interrupt never;
  streams.Open(To(server.url()), [](std::string_view) {});
  std::vector<Streams::Ended> ended;
  while (ended.empty()) ended = streams.Wait(kLong, never);
  ASSERT_FALSE(ended.at(0).answer);
  EXPECT_TRUE(ended[0].answer.error().again);
  EXPECT_EQ(ended[0].answer.error().reached, Reached::kMaybe);
}

TEST(StreamsTest, AnInterruptEndsTheWaitOnly) {
  TestServer server([&](const ServedRequest&) {
    return ServedAnswer{.stream = [&server](const auto& send) {
      send("x");
      server.WaitForEnd();
    }};
  });
  Streams streams;
  Interrupt interrupt;
  std::string got;
  streams.Open(To(server.url()), [&](std::string_view data) { got += data; });
  while (got.empty()) streams.Wait(kLong, interrupt);
  std::thread other([&] { interrupt.Set(); });
  EXPECT_TRUE(streams.Wait(std::chrono::hours(1), interrupt).empty());
  other.join();
  EXPECT_TRUE(interrupt.IsSet());
}

}  // namespace
}  // namespace latecomer::http
