#include "table/commit.h"

#include <xxhash.h>

namespace latecomer::table {

// The path's hash, and for a vector the hash of both hashes, so that no text can be taken for another pair.
FileIdentity IdentityOfFile(std::string_view path, std::string_view deletion_vector_id) {
  XXH128_hash_t hash = XXH3_128bits(path.data(), path.size());
  if (!deletion_vector_id.empty()) {
    const XXH128_hash_t of_vector = XXH3_128bits(deletion_vector_id.data(), deletion_vector_id.size());
    const std::uint64_t both[] = {hash.high64, hash.low64, of_vector.high64, of_vector.low64};
    hash = XXH3_128bits(both, sizeof both);
  }
  return {hash.high64, hash.low64};
}

}  // namespace latecomer::table
