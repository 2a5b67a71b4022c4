// From the partitionValues text of file actions to typed keys, each distinct text parsed once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "delta/schema.h"
#include "table/partition_key.h"

namespace latecomer::delta {

class PartitionKeys {
 public:
  // `before` is the schema before the commit, for files that a change of partitioning removes; may be
  // null. `now` may be null too: then names and texts are taken as they are in the log.
  PartitionKeys(std::shared_ptr<const TableSchema> now, std::shared_ptr<const TableSchema> before)
      : now_(std::move(now)), before_(std::move(before)) {}

  // The columns of the schema that has just the names of the text, in the table's order. A column missing
  // in the text is null. A text that is no value of its column's type stays a string: it is then a
  // key that no interval can be made of, but no change is lost. kDamaged when `raw` is no map of
  // strings. The reference stays valid as long as this object.
  Result<const table::PartitionKey*> KeyOf(std::string_view raw);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::shared_ptr<const TableSchema> now_;
  std::shared_ptr<const TableSchema> before_;
  std::unordered_map<std::string, table::PartitionKey, Hash, std::equal_to<>> keys_;
};

}  // namespace latecomer::delta
