// From the partitionValues text of file actions to typed keys, each distinct text parsed once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "delta/partition_text.h"
#include "delta/schema.h"
#include "table/partition_key.h"

namespace latecomer::delta {

class PartitionKeys {
 public:
  // Schemas to try in this order: a commit's own, then the one before it, for files that a change of
  // partitioning removes. Empty: names and texts are taken as they are in the log.
  explicit PartitionKeys(std::vector<std::shared_ptr<const TableSchema>> schemas) : schemas_(std::move(schemas)) {}
  // `before` may be null.
  PartitionKeys(std::shared_ptr<const TableSchema> now, std::shared_ptr<const TableSchema> before) {
    for (auto& schema : {std::move(now), std::move(before)}) {
      if (schema != nullptr) schemas_.push_back(schema);
    }
  }

  // The columns of the schema that has just the names of the text, in the table's order. A column missing
  // in the text is null. A text that is no value of its column's type stays a string: it is then a
  // key that no interval can be made of, but no change is lost. kDamaged when `raw` is no map of
  // strings. The reference stays valid as long as this object.
  Result<const table::PartitionKey*> KeyOf(std::string_view raw);
  // The same, remembered in the text. The keys of one text are asked for by one thread.
  Result<const table::PartitionKey*> KeyOf(const PartitionText& text) {
    if (text.key_maker == number_) return text.key;
    LATECOMER_ASSIGN_OR_RETURN(text.key, KeyOf(text.raw()));
    text.key_maker = number_;
    return text.key;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  static std::uint64_t NextNumber();

  std::uint64_t number_ = NextNumber();  // of this object among all; never 0
  std::vector<std::shared_ptr<const TableSchema>> schemas_;
  std::unordered_map<std::string, table::PartitionKey, Hash, std::equal_to<>> keys_;
};

}  // namespace latecomer::delta
