#include "table/commit.h"

namespace latecomer::table {
namespace {

// Eight bytes at a step, the last ones filled up with zeros: a scan hashes each path of a long log. Stored in
// ledgers, so the same on every machine and in every release.
std::uint64_t HashBytes(std::uint64_t hash, std::string_view bytes) {
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9ddfea08eb382d69ULL;
    hash ^= hash >> 32;
  };
  const auto word_at = [](const char* start, std::size_t count) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i) word |= std::uint64_t{static_cast<unsigned char>(start[i])} << (8 * i);
    return word;
  };
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) mix(word_at(bytes.data() + at, 8));
  if (at < bytes.size()) mix(word_at(bytes.data() + at, bytes.size() - at));
  mix(bytes.size());
  return hash;
}

}  // namespace

std::uint64_t FileFingerprint(std::string_view path, std::string_view deletion_vector_id) {
  std::uint64_t hash = HashBytes(0xcbf29ce484222325ULL, path);
  hash = HashBytes(hash, std::string_view("\0", 1));
  hash = HashBytes(hash, deletion_vector_id);
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  hash ^= hash >> 33;
  return hash;
}

}  // namespace latecomer::table
