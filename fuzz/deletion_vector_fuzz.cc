// A deletion vector of any bytes: no crash, and positions that come out ascend and keep to the limit.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "delta/deletion_vector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kLimit = 100'000;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto rows = latecomer::delta::DecodeRowPositions(bytes, kLimit)) {
    const bool ascending = std::adjacent_find(rows->begin(), rows->end(), std::greater_equal<>()) == rows->end();
    if (!ascending || static_cast<std::int64_t>(rows->size()) > kLimit) std::abort();
  }
  (void)latecomer::delta::DecodeZ85(bytes);
  latecomer::delta::DeletionVector vector;
  vector.storage_type = "u";
  vector.path_or_inline = bytes;
  (void)latecomer::delta::DeletionVectorPath(vector);
  return 0;
}
