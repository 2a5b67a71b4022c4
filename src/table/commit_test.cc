#include "table/commit.h"

#include <gtest/gtest.h>

#include <set>

namespace latecomer::table {
namespace {

std::uint64_t Print(std::string_view path, std::string_view vector_id) {
  return IdentityOfFile(path, vector_id).fingerprint();
}

TEST(FileIdentity, TellsFilesAndTheirVectorsApart) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) {
    seen.insert(Print("event_time=2024-01-01/part-" + std::to_string(i) + ".parquet", ""));
    seen.insert(Print("event_time=2024-01-01/part-0.parquet", "u" + std::to_string(i)));
  }
  EXPECT_EQ(seen.size(), 20'000U);
  EXPECT_NE(Print("ab", "c"), Print("a", "bc"));
  EXPECT_NE(Print("a", ""), Print("", "a"));
}

TEST(FileIdentity, SumsTellSetsApart) {
  const auto print = [](int i) { return Print("part-" + std::to_string(i) + ".parquet", ""); };
  std::set<std::uint64_t> sums;
  for (int i = 0; i < 300; ++i) {
    for (int j = 0; j < i; ++j) sums.insert(print(i) + print(j));
  }
  EXPECT_EQ(sums.size(), 300U * 299U / 2U);
  EXPECT_EQ(print(1) + print(2) - print(1), print(2));
}

// Ledgers keep these numbers: another value for the same file would read as a change of every partition.
TEST(FileIdentity, StaysTheSameForever) {
  EXPECT_EQ(Print("event_time=2024-01-01/part-00000.parquet", ""), 13'762'220'703'374'918'553ULL);
  EXPECT_EQ(Print("event_time=2024-01-01/part-00000.parquet", "uab^-aqEH.-t@S}K{vb[*k^@4"),
            2'662'373'979'852'697'522ULL);
}

}  // namespace
}  // namespace latecomer::table
