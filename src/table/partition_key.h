// Partition keys: the typed values of a table's partition columns, under their logical names.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "table/value.h"

namespace latecomer::table {

struct PartitionColumn {
  std::string name;  // logical
  DataType type;
  friend bool operator==(const PartitionColumn&, const PartitionColumn&) = default;
};
using PartitionSchema = std::vector<PartitionColumn>;  // in the table's order; empty: unpartitioned

// The key of an unpartitioned table has no values. Ordered by the columns in the table's order. Immutable, and
// cheap to copy: copies share what they hold.
class PartitionKey {
 public:
  PartitionKey() = default;
  PartitionKey(std::vector<std::string> names, std::vector<PartitionValue> values)
      : data_(std::make_shared<const Data>(Data{std::move(names), std::move(values)})) {}

  // `texts` has logical names; a column that is missing there is null, an unknown name is kDamaged.
  static Result<PartitionKey> FromTexts(const PartitionSchema& schema,
                                        const std::map<std::string, std::optional<std::string>>& texts);

  // "event_time=2024-01-01" or "year=2024/month=9", as people write it in commands; the order of
  // columns is free, values may be percent-encoded, `__HIVE_DEFAULT_PARTITION__` is null.
  // kInvalidArgument when a column is missing, unknown, twice there, or the value is none of its type.
  static Result<PartitionKey> ParsePath(const PartitionSchema& schema, std::string_view path);

  bool Empty() const { return size() == 0; }
  std::size_t size() const { return data_ == nullptr ? 0 : data_->values.size(); }
  const std::string& name(std::size_t i) const { return data_->names[i]; }
  const PartitionValue& value(std::size_t i) const { return data_->values[i]; }
  // The same for copies of one key, as long as one of them lives; equal keys made apart have different ones.
  const void* identity() const { return data_.get(); }
  // Null when there is no such column.
  const PartitionValue* Find(std::string_view name) const;

  // "event_time=2024-01-01", columns in the table's order, printable on a terminal; "(whole table)" when empty.
  std::string Display() const;
  // The ledger's identity of the key: JSON object of logical name → canonical text, columns in the
  // table's order, null for null. Equal for equal keys, whatever spelling the log used.
  std::string Canonical() const;
  // JSON object of logical name → text as the log writes it; null for null, nothing for a column that the
  // log leaves out.
  std::string LogJson() const;

  friend bool operator==(const PartitionKey& a, const PartitionKey& b);
  friend std::strong_ordering operator<=>(const PartitionKey& a, const PartitionKey& b);

 private:
  struct Data {
    std::vector<std::string> names;
    std::vector<PartitionValue> values;
  };
  std::span<const PartitionValue> values() const {
    return data_ == nullptr ? std::span<const PartitionValue>() : std::span(data_->values);
  }

  std::shared_ptr<const Data> data_;
};

// An order for containers of keys that may come from two partitionings of one table: equal values under
// other names ("part=1", "day=1") are different partitions, which operator== doesn't tell.
struct NamesThenValues {
  bool operator()(const PartitionKey& a, const PartitionKey& b) const;
};

// The reverse of PartitionKey::Canonical, for keys read back from a ledger.
Result<PartitionKey> ParseCanonicalKey(const PartitionSchema& schema, std::string_view json);

// Hive-style folder of a key as Spark writes it: "event_time=2024-01-01/country=a%2Fb",
// null as __HIVE_DEFAULT_PARTITION__. Empty for an unpartitioned table.
std::string HivePath(const PartitionKey& key);

}  // namespace latecomer::table
