#include "cli/text_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/json_text.h"

namespace latecomer::cli {
namespace {

std::string Printed(const TextTable& table, bool color = false) {
  std::ostringstream out;
  table.Print(out, color);
  return out.str();
}

TEST(TextTable, AlignsColumnsAndLeavesNoTrailingSpaces) {
  TextTable table({{"name"}, {"rows", Align::kRight}, {"note"}});
  table.Add({"a", "7", ""});
  table.Add({"longer", "1,000", "x"});
  EXPECT_EQ(Printed(table),
            "name     rows  note\n"
            "──────  ─────  ────\n"
            "a           7\n"
            "longer  1,000  x\n");
}

TEST(TextTable, CountsColumnsOfATerminalAndNotBytes) {
  TextTable table({{"k"}, {"v"}});
  table.Add({"é", "1"});
  table.Add({"日本", "2"});
  EXPECT_EQ(Printed(table), "k     v\n────  ─\né     1\n日本  2\n");
}

TEST(TextTable, UntrustedTextCannotTouchTheTerminal) {
  TextTable table({{"k"}});
  table.Add({"a\x1b[31mb\nc"});
  const std::string text = Printed(table);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(TextTable, ColorsOnlyWhenAsked) {
  TextTable table({{"k"}});
  table.Add({Cell("bad", Paint::kBad)});
  EXPECT_EQ(Printed(table).find('\x1b'), std::string::npos);
  EXPECT_NE(Printed(table, true).find("\x1b[31mbad\x1b[0m"), std::string::npos);
}

TEST(TextTable, Numbers) {
  EXPECT_EQ(GroupDigits(0), "0");
  EXPECT_EQ(GroupDigits(999), "999");
  EXPECT_EQ(GroupDigits(1234567), "1,234,567");
  EXPECT_EQ(GroupDigits(-1234), "-1,234");
  EXPECT_EQ(GroupDigits(-123), "-123");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(4300), "4.2 KiB");
  EXPECT_EQ(HumanBytes(1024LL * 1024 - 1), "1.0 MiB");
}

TEST(JsonText, EscapesWhatJsonNeeds) {
  std::string out;
  AppendJsonString(out, "a\"\\\n\x01é\xFF");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001é\xEF\xBF\xBD\"");
  out.clear();
  AppendJsonMember(out, "rows", std::nullopt);
  AppendJsonMember(out, "files", -7);
  EXPECT_EQ(out, ",\"rows\":null,\"files\":-7");
}

TEST(CsvText, QuotesWhatCsvNeeds) {
  std::string out;
  AppendCsv(out, "plain");
  out += ',';
  AppendCsv(out, "a,\"b\"\n");
  EXPECT_EQ(out, "plain,\"a,\"\"b\"\"\n\"");
}

}  // namespace
}  // namespace latecomer::cli
