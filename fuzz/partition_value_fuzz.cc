// A partition value of any text, in each type: no crash, and its canonical text is the same value again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "table/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using latecomer::table::DataType;
  using latecomer::table::PartitionValue;
  using latecomer::table::TypeKind;
  if (size == 0) return 0;
  const auto kind = static_cast<TypeKind>(data[0] % (static_cast<int>(TypeKind::kTimestampNtz) + 1));
  const DataType type = kind == TypeKind::kDecimal ? DataType{kind, 38, 10} : DataType{kind};
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto value = PartitionValue::Parse(type, text);
  if (!value || value->IsNull()) return 0;
  const auto again = PartitionValue::Parse(type, value->Canonical());
  if (!again || !(*again == *value) || again->Canonical() != value->Canonical()) std::abort();
  return 0;
}
