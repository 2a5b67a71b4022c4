// Typed partition values: parsed from the text a log holds, compared by type and never as text.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/cadence.h"
#include "base/result.h"

namespace latecomer::table {

__extension__ using Int128 = __int128;  // 38 decimal digits; an extension of both compilers we build with

// The primitive types a partition column can have (Delta protocol, "Partition Value Serialization").
enum class TypeKind {
  kString,
  kByte,
  kShort,
  kInteger,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kBoolean,
  kBinary,
  kDate,
  kTimestamp,     // instants; text without a zone is UTC
  kTimestampNtz,  // local time without zone
};

struct DataType {
  TypeKind kind = TypeKind::kString;
  int precision = 0;  // decimal only
  int scale = 0;
  friend bool operator==(const DataType&, const DataType&) = default;
};

// "string", "integer", "decimal(10,2)", … as in the Delta schema. kUnsupported for anything that can't
// be a partition column's type.
Result<DataType> ParseDataType(std::string_view name);
std::string FormatDataType(const DataType& type);

// One value. Null is a value of its own: equal to itself, and not before or after anything
// (`operator<=>` orders it first so that containers work; use IsNull before reasoning about time).
class PartitionValue {
 public:
  // What the log writes: no value and "" are both null (protocol), for every type.
  // kDamaged when the text is no value of the type.
  static Result<PartitionValue> Parse(const DataType& type, std::optional<std::string_view> text);
  static PartitionValue Null();
  // A null that the log shows by leaving the column out; told from Null() only by PartitionKey::LogJson.
  static PartitionValue Absent();

  bool IsAbsent() const { return is_absent_; }
  bool IsNull() const { return std::holds_alternative<std::monostate>(value_); }

  // The text as the log (or the user) wrote it; empty for null.
  const std::string& text() const { return text_; }
  // One text per value of the type, whatever spelling it came in: "2024-01-01T00:00:00.000000Z", "-0.5",
  // "7"; for a string the string itself. Keys in the ledger are built from this. Empty for null.
  std::string Canonical() const;

  // A date, timestamp (UTC) or timestamp without zone as civil time; nullopt for other types.
  std::optional<LocalTime> AsCivil() const;
  // True for kTimestamp, whose civil time is UTC whatever zone a pipeline counts in.
  bool IsInstant() const { return is_instant_; }
  std::optional<std::int64_t> AsInteger() const;

  friend bool operator==(const PartitionValue& a, const PartitionValue& b);
  friend std::strong_ordering operator<=>(const PartitionValue& a, const PartitionValue& b);

 private:
  struct Decimal {  // unscaled value at `scale`, in its one form: no trailing zeros after the point
    Int128 unscaled = 0;
    int scale = 0;
  };
  struct Days {
    std::int32_t since_epoch = 0;
    friend auto operator<=>(const Days&, const Days&) = default;
  };
  struct Micros {
    std::int64_t since_epoch = 0;
    friend auto operator<=>(const Micros&, const Micros&) = default;
  };
  struct Text {
    std::string bytes;
    friend auto operator<=>(const Text&, const Text&) = default;
  };

  std::variant<std::monostate, bool, std::int64_t, float, double, Decimal, Days, Micros, Text> value_;
  std::string text_;
  bool is_instant_ = false;
  bool is_absent_ = false;
};

}  // namespace latecomer::table
