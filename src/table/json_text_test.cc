#include "table/json_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace latecomer::table {
namespace {

TEST(JsonText, IsWhatTheLibraryWrites) {
  const std::vector<std::string> texts{"", "plain", "with \"quotes\"", "back\\slash", "line\nbreak", "l\xc3\xa4nge",
                                       "["};
  for (const std::string& text : texts) {
    std::string json;
    AppendJsonString(text, json);
    EXPECT_EQ(json, nlohmann::json(text).dump());
  }
  std::string list;
  AppendJsonStrings(texts, list);
  EXPECT_EQ(list, nlohmann::json(texts).dump());
  std::string none;
  AppendJsonStrings({}, none);
  EXPECT_EQ(none, "[]");
}

TEST(JsonText, WhatIsNoUtf8IsReplaced) {
  std::string json;
  AppendJsonString("a\xff", json);
  EXPECT_EQ(json, "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace latecomer::table
