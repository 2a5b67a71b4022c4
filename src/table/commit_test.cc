#include "table/commit.h"

#include <gtest/gtest.h>

#include <set>

namespace latecomer::table {
namespace {

TEST(FileFingerprint, TellsFilesAndTheirVectorsApart) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) {
    seen.insert(FileFingerprint("event_time=2024-01-01/part-" + std::to_string(i) + ".parquet", ""));
    seen.insert(FileFingerprint("event_time=2024-01-01/part-0.parquet", "u" + std::to_string(i)));
  }
  EXPECT_EQ(seen.size(), 20'000U);
  EXPECT_NE(FileFingerprint("ab", "c"), FileFingerprint("a", "bc"));
  EXPECT_NE(FileFingerprint("a", ""), FileFingerprint("", "a"));
}

TEST(FileFingerprint, SumsTellSetsApart) {
  const auto print = [](int i) { return FileFingerprint("part-" + std::to_string(i) + ".parquet", ""); };
  std::set<std::uint64_t> sums;
  for (int i = 0; i < 300; ++i) {
    for (int j = 0; j < i; ++j) sums.insert(print(i) + print(j));
  }
  EXPECT_EQ(sums.size(), 300U * 299U / 2U);
  EXPECT_EQ(print(1) + print(2) - print(1), print(2));
}

// Ledgers keep these numbers: another value for the same file would read as a change of every partition.
TEST(FileFingerprint, StaysTheSameForever) {
  EXPECT_EQ(FileFingerprint("event_time=2024-01-01/part-00000.parquet", ""), 18'314'668'796'092'557'626ULL);
  EXPECT_EQ(FileFingerprint("event_time=2024-01-01/part-00000.parquet", "uab^-aqEH.-t@S}K{vb[*k^@4"),
            2'510'689'258'456'390'304ULL);
}

}  // namespace
}  // namespace latecomer::table
