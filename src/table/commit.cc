#include "table/commit.h"

namespace latecomer::table {
namespace {

// FNV-1a over the bytes, then a finalizer so that sums of many stay well mixed.
std::uint64_t HashBytes(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
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
