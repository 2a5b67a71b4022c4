#include "delta/deletion_vector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "storage/local_store.h"
#include "testing/delta_table_builder.h"

namespace latecomer::delta {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

template <typename T>
void Put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

// Header of an array of one bitmap whose containers follow.
std::string OneBucket(std::uint32_t key, const std::string& bitmap) {
  std::string bytes;
  Put<std::uint32_t>(bytes, 1681511377);
  Put<std::uint64_t>(bytes, 1);
  Put<std::uint32_t>(bytes, key);
  return bytes + bitmap;
}

std::string ArrayBitmap(const std::vector<std::uint16_t>& values) {
  std::string bytes;
  Put<std::uint32_t>(bytes, 12346);
  Put<std::uint32_t>(bytes, 1);
  Put<std::uint16_t>(bytes, 0);
  Put<std::uint16_t>(bytes, static_cast<std::uint16_t>(values.size() - 1));
  Put<std::uint32_t>(bytes, 16);
  for (const std::uint16_t value : values) Put<std::uint16_t>(bytes, value);
  return bytes;
}

TEST(Z85, DecodesTheExampleOfItsSpecification) {
  const auto bytes = DecodeZ85("HelloWorld");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B");
  EXPECT_FALSE(DecodeZ85("Hell"));
  EXPECT_FALSE(DecodeZ85("Hel o"));
  EXPECT_FALSE(DecodeZ85("#####"));  // more than 32 bits
}

TEST(RowPositions, InlineExampleOfTheProtocol) {
  // "JSON Example 3 — Inline": rows 3, 4, 7, 11, 18, 29.
  const auto bytes = DecodeZ85("wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L");
  ASSERT_TRUE(bytes);
  const auto rows = DecodeRowPositions(*bytes, 6);
  ASSERT_TRUE(rows);
  EXPECT_THAT(*rows, ElementsAre(3, 4, 7, 11, 18, 29));
}

TEST(RowPositions, ArraysRunsAndBitmaps) {
  EXPECT_THAT(*DecodeRowPositions(OneBucket(0, ArrayBitmap({1, 5, 65535})), kNoLimit), ElementsAre(1, 5, 65535));
  EXPECT_THAT(*DecodeRowPositions(OneBucket(2, ArrayBitmap({1})), kNoLimit), ElementsAre((std::int64_t{2} << 32) + 1));

  std::string runs;
  Put<std::uint32_t>(runs, 12347);  // one container
  runs += '\x01';
  Put<std::uint16_t>(runs, 1);  // key: 65536 and up
  Put<std::uint16_t>(runs, 3);
  Put<std::uint16_t>(runs, 2);
  for (const std::uint16_t value : {7, 1, 20, 1}) Put<std::uint16_t>(runs, value);
  EXPECT_THAT(*DecodeRowPositions(OneBucket(0, runs), kNoLimit), ElementsAre(65543, 65544, 65556, 65557));

  std::string bitmap;
  Put<std::uint32_t>(bitmap, 12346);
  Put<std::uint32_t>(bitmap, 1);
  Put<std::uint16_t>(bitmap, 0);
  Put<std::uint16_t>(bitmap, 4999);
  Put<std::uint32_t>(bitmap, 16);
  std::string words(8192, '\0');
  for (std::size_t i = 0; i < 5000; ++i) words[i] = '\x01';
  bitmap += words;
  const auto rows = DecodeRowPositions(OneBucket(0, bitmap), kNoLimit);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 5000U);
  EXPECT_EQ(rows->at(1), 8);
}

TEST(RowPositions, DamageIsAnError) {
  const std::string good = OneBucket(0, ArrayBitmap({1, 5}));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(DecodeRowPositions(good.substr(0, length), kNoLimit)) << length;
  }
  EXPECT_FALSE(DecodeRowPositions(OneBucket(0, ArrayBitmap({5, 1})), kNoLimit));
  EXPECT_FALSE(DecodeRowPositions(OneBucket(0x80000000, ArrayBitmap({1})), kNoLimit));
  EXPECT_FALSE(DecodeRowPositions(good, 1));
  std::string huge;
  Put<std::uint32_t>(huge, 1681511377);
  Put<std::uint64_t>(huge, std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(DecodeRowPositions(huge, kNoLimit));
}

TEST(DeletionVectorPath, ExamplesOfTheProtocol) {
  DeletionVector vector{"u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6};
  EXPECT_EQ(*DeletionVectorPath(vector), "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
  EXPECT_EQ(DeletionVectorId(vector), "uab^-aqEH.-t@S}K{vb[*k^@4");
  vector = {"p", "s3://mytable/deletion%20vector.bin", 4, 40, 6};
  EXPECT_EQ(*DeletionVectorPath(vector), "s3://mytable/deletion vector.bin");
  vector = {"z", "x", 4, 40, 6};
  EXPECT_EQ(DeletionVectorPath(vector).error().kind, ErrorKind::kUnsupported);
  vector = {"u", "short", 4, 40, 6};
  EXPECT_EQ(DeletionVectorPath(vector).error().kind, ErrorKind::kDamaged);
}

class StoredVector : public ::testing::Test {
 protected:
  // format 1, size and checksum big-endian around the data, at offset 1
  void WriteFile(const std::string& data, std::uint32_t checksum) {
    std::string bytes = "\x01";
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(data.size() >> shift);
    bytes += data;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(checksum >> shift);
    table_.Write("deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin", bytes);
  }
  Result<std::vector<std::int64_t>> Read(std::int64_t cardinality) {
    const DeletionVector vector{"u", "^-aqEH.-t@S}K{vb[*k^", 1, static_cast<std::int64_t>(data_.size()), cardinality};
    return ReadDeletionVector(vector, *storage::MakeLocalStore(table_.path()), {});
  }
  testing::DeltaTableBuilder table_;
  const std::string data_ = OneBucket(0, ArrayBitmap({1, 5}));
};

TEST_F(StoredVector, ChecksumAndCardinalityAreChecked) {
  const std::uint32_t checksum = 0x3E6E302F;
  WriteFile(data_, checksum);
  const auto rows = Read(2);
  if (rows) {
    EXPECT_THAT(*rows, ElementsAre(1, 5));
  } else {
    FAIL() << rows.error().message;
  }
  EXPECT_EQ(Read(1).error().kind, ErrorKind::kDamaged);
  EXPECT_EQ(Read(3).error().kind, ErrorKind::kDamaged);
  WriteFile(data_, checksum + 1);
  EXPECT_THAT(Read(2).error().message, ::testing::HasSubstr("checksum"));
  WriteFile(data_.substr(1), checksum);
  EXPECT_EQ(Read(2).error().kind, ErrorKind::kDamaged);
}

TEST_F(StoredVector, AMissingFileSaysSo) {
  EXPECT_EQ(Read(2).error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace latecomer::delta
