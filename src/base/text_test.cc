#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace latecomer {
namespace {

using namespace std::string_literals;

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  return NearestWord(word, candidates).value_or("none");
}

TEST(NearestWord, FindsSlipsOfTheFinger) {
  const std::vector<std::string> keys{"schedule", "sources", "steps", "output", "late_data", "pipeline", "id"};
  EXPECT_EQ(Nearest("shedule", keys), "schedule");
  EXPECT_EQ(Nearest("source", keys), "sources");
  EXPECT_EQ(Nearest("soruces", keys), "sources") << "swapped letters";
  EXPECT_EQ(Nearest("late-data", keys), "late_data");
  EXPECT_EQ(Nearest("latedata", keys), "late_data");
  EXPECT_EQ(Nearest("setps", keys), "steps");
  EXPECT_EQ(Nearest("outptus", keys), "output");
  EXPECT_EQ(Nearest("steps", keys), "steps");
}

TEST(NearestWord, SaysNothingWhenNothingIsNear) {
  const std::vector<std::string> keys{"schedule", "sources", "steps", "id", "x"};
  EXPECT_EQ(Nearest("timeout", keys), "none");
  EXPECT_EQ(Nearest("y", keys), "none") << "another letter is no slip";
  EXPECT_EQ(Nearest("ab", keys), "none");
  EXPECT_EQ(Nearest("", keys), "none");
  EXPECT_EQ(Nearest("steps", {}), "none");
  EXPECT_EQ(Nearest(std::string(100'000, 's'), keys), "none");
}

TEST(Printable, KeepsWhatPeopleWrite) {
  for (const std::string text : {"devices", "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80", "a\\b \"c\"",
                                 "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", ""}) {
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(Printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(Printable("\0\x7f"s), "\\x00\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\x9b") << "CSI in one character";
  EXPECT_EQ(Printable("abc\xe2\x80\xae"
                      "def"),
            "abc\\u202edef");
  EXPECT_EQ(Printable("\xef\xbb\xbfx"), "\\ufeffx");
  EXPECT_EQ(Printable("\xf3\xa0\x81\x81"), "\\U000e0041") << "invisible tag characters";
}

TEST(Printable, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(Printable("\xff"), "\\xff");
  EXPECT_EQ(Printable("a\xc3"), "a\\xc3");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(Printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_EQ(Printable("\xe2\x82z"), "\\xe2\\x82z");
}

RC_GTEST_PROP(Printable, IsSafeWhateverComes, (const std::string& text)) {
  const std::string printable = Printable(text);
  RC_ASSERT(IsValidUtf8(printable));
  for (const char c : printable) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  RC_ASSERT(Printable(printable) == printable);
}

TEST(Split, KeepsEmptyParts) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(Split("a/b/c", '/'), (Parts{"a", "b", "c"}));
  EXPECT_EQ(Split("", '/'), (Parts{""}));
  EXPECT_EQ(Split("/a//", '/'), (Parts{"", "a", "", ""}));
}

TEST(Trim, TakesSpaceOffBothEnds) {
  EXPECT_EQ(Trim("  a b\t\r\n"), "a b");
  EXPECT_EQ(Trim(" \n "), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(Utf8, ValidOrNot) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("caf\xc3\xa9"));
  EXPECT_TRUE(IsValidUtf8("\xf4\x8f\xbf\xbf"));
  for (const char* text : {"\x80", "\xc3", "\xc0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xe2\x28\xa1", "a\xff"}) {
    EXPECT_FALSE(IsValidUtf8(text));
  }
}

TEST(Percent, EncodesAllButUnreserved) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b/c=d%\xc3\xa9"), "a%20b%2Fc%3Dd%25%C3%A9");
  EXPECT_EQ(PercentEncode("a/b=c", "/="), "a/b=c");
}

TEST(Percent, DecodingLeavesWhatIsMalformed) {
  EXPECT_EQ(PercentDecode("a%20b%2fc%2F"), "a b/c/");
  EXPECT_EQ(PercentDecode("100%"), "100%");
  EXPECT_EQ(PercentDecode("%2"), "%2");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
  EXPECT_EQ(PercentDecode("%%41"), "%A");
  EXPECT_EQ(PercentDecode("%2520"), "%20") << "once";
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
}

RC_GTEST_PROP(Percent, ThereAndBack, (const std::string& text)) {
  RC_ASSERT(PercentDecode(PercentEncode(text)) == text);
}

}  // namespace
}  // namespace latecomer
