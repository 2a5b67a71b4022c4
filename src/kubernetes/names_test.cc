#include "kubernetes/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace latecomer::kubernetes {
namespace {

bool IsDnsLabel(const std::string& text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && std::ranges::all_of(text, fits) && text.front() >= 'a' && text.front() <= 'z' &&
         text.back() != '-';
}

TEST(NamesTest, AnObjectsNameSaysWhatItIsOf) {
  EXPECT_EQ(ObjectName("devices", "count", "0123456789abcdef"), "latecomer-devices-count-0123456789");
  EXPECT_EQ(ObjectName("Devices_Loader.v2", "process_devices", "0123456789abcdef"),
            "latecomer-devices-loader-v2-process-devi-0123456789");
}

TEST(NamesTest, WhateverTheIdsAreItIsADnsLabelWithRoomBehind) {
  const std::string digest = DigestOf("x");
  using Texts = std::vector<std::string>;
  for (const std::string& text : Texts{"", "-", "___", "...", "1", "a", "9.9", "A-", std::string(100, '-'),
                                       std::string(100, 'z'), "\xc3\xa4\xc3\xb6", "a\nb"}) {
    for (const std::string& step : Texts{"", "count", std::string(100, 'S')}) {
      const std::string name = ObjectName(text, step, digest);
      EXPECT_TRUE(IsDnsLabel(name)) << name;
      EXPECT_LE(name.size(), 52U) << name;
    }
  }
}

TEST(NamesTest, ADigestTellsTextsApart) {
  EXPECT_EQ(DigestOf("a").size(), 32U);
  EXPECT_EQ(DigestOf("a"), DigestOf("a"));
  EXPECT_NE(DigestOf("a"), DigestOf("b"));
}

TEST(NamesTest, ALabelIsTheTextWhereItMayBe) {
  EXPECT_EQ(LabelValue("devices_loader.v2"), "devices_loader.v2");
  EXPECT_EQ(LabelValue(""), "");
}

TEST(NamesTest, ALabelThatCantBeTheTextIsStillAValueOfItsOwn) {
  const std::string long_one(100, 'a');
  for (const std::string& text : {std::string("event time=1"), std::string("-a"), std::string("a-"), long_one,
                                  long_one + "b", std::string("\xc3\xa4"), std::string("_")}) {
    const std::string value = LabelValue(text);
    EXPECT_LE(value.size(), 63U) << text;
    const auto is_end = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    EXPECT_TRUE(is_end(value.front()) && is_end(value.back())) << value;
  }
  EXPECT_NE(LabelValue(long_one), LabelValue(long_one + "b"));
  EXPECT_NE(LabelValue("a b"), LabelValue("a  b"));
}

}  // namespace
}  // namespace latecomer::kubernetes
