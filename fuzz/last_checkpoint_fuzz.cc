// _last_checkpoint of any bytes: no crash, and never a version below zero.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "delta/log_segment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto last = latecomer::delta::ParseLastCheckpoint({reinterpret_cast<const char*>(data), size});
  if (last && last->version < latecomer::Version{0}) std::abort();
  return 0;
}
