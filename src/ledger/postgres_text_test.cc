#include "ledger/postgres_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace latecomer::ledger {
namespace {

TEST(PostgresText, OrdinaryTextIsKeptAsItIs) {
  for (const std::string text : {"", "plain", "Geräte", "日本", "\xF0\x9F\x98\x80", "line\nline\t\x01"}) {
    EXPECT_TRUE(IsPlainText(text)) << text;
    EXPECT_EQ(ToPostgresText(text), text);
    EXPECT_FALSE(HasKeptBytes(text));
    EXPECT_EQ(FromPostgresText(text), text);
  }
}

TEST(PostgresText, WhatNoUtf8IsComesBackAsItWas) {
  const std::vector<std::string> texts{std::string("a\0b", 3),
                                       "\xFF",
                                       "cut \xE2\x82",
                                       "overlong \xC0\x80",
                                       "\xE0\x80\x80",
                                       "surrogate \xED\xA0\x80",
                                       "large \xF4\x90\x80\x80",
                                       "\xF8\x88\x80\x80\x80",
                                       "\x80 tail alone",
                                       "\xF0\x80\x80\x80",
                                       "of the range \xF4\x8F\xB8\x80",
                                       "\xF4\x8F\xBB\xBF",
                                       "\xF4\x8F\xB8",
                                       "\xF4"};
  for (const std::string& text : texts) {
    EXPECT_FALSE(IsPlainText(text)) << text;
    const std::string kept = ToPostgresText(text);
    EXPECT_EQ(kept.find('\0'), std::string::npos);
    EXPECT_TRUE(HasKeptBytes(kept));
    EXPECT_EQ(FromPostgresText(kept), text);
  }
}

// Well-formed by the library's own measure: nothing but characters, each of which begins where the last one ended.
TEST(PostgresText, AnyBytesComeBackAndWhatIsKeptIsUtf8WithoutZeros) {
  std::mt19937 random(7);  // NOLINT: the same texts each time
  const std::string often = "\xF4\x8F\xB8\xBB\x80\xBF\xE0\xED";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const auto length = random() % 12;
    for (unsigned i = 0; i < length; ++i) {
      text += random() % 2 == 0 ? often[random() % often.size()] : static_cast<char>(random() % 256);
    }
    const std::string kept = ToPostgresText(text);
    ASSERT_EQ(FromPostgresText(kept), text);
    // Kept once more it would change only where a byte was kept: what is kept is well-formed.
    ASSERT_EQ(IsPlainText(kept), !HasKeptBytes(kept));
    ASSERT_EQ(kept == text, IsPlainText(text));
  }
}

}  // namespace
}  // namespace latecomer::ledger
