// How values of records are kept in columns: vectors and schemas as JSON text, times as milliseconds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/version.h"
#include "ledger/database.h"
#include "table/commit.h"
#include "table/partition_key.h"

namespace latecomer::ledger {

// {"devices":3}
std::string VectorToJson(const VersionVector& vector);
Result<VersionVector> VectorFromJson(std::string_view json);

// {"extract":1}: step → number of the try it was done in.
std::string KeptStepsToJson(const std::map<std::string, int>& steps);
Result<std::map<std::string, int>> KeptStepsFromJson(std::string_view json);

// [{"name":"event_time","type":"date"}]
std::string SchemaToJson(const table::PartitionSchema& schema);
Result<table::PartitionSchema> SchemaFromJson(std::string_view json);

std::string_view Name(table::TimestampSource source);
Result<table::TimestampSource> ParseTimestampSource(std::string_view name);

inline std::int64_t Millis(Instant at) {
  return at.time_since_epoch().count();
}
inline Instant FromMillis(std::int64_t millis) {
  return Instant(Duration(millis));
}

inline Parameter Optional(const std::optional<std::int64_t>& value) {
  return value ? Parameter(*value) : Parameter(std::monostate());
}
inline Parameter Optional(const std::optional<Instant>& at) {
  return at ? Parameter(Millis(*at)) : Parameter(std::monostate());
}
inline Parameter Flag(bool value) {
  return std::int64_t{value ? 1 : 0};
}

inline std::optional<std::int64_t> OptionalInteger(const Row& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(row.Integer(column));
}
inline std::optional<Instant> OptionalTime(const Row& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(FromMillis(row.Integer(column)));
}
inline Instant Time(const Row& row, int column) {
  return FromMillis(row.Integer(column));
}
inline int Small(const Row& row, int column) {
  return static_cast<int>(row.Integer(column));
}
inline std::string Owned(const Row& row, int column) {
  return std::string(row.Text(column));
}

}  // namespace latecomer::ledger
