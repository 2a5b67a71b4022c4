// What to generate: an entity's fields, how its rows are spread over time, and how many of them come late.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/cadence.h"
#include "base/result.h"
#include "base/time.h"

namespace latecomer::generate {

enum class CellKind { kNull, kBoolean, kInteger, kNumber, kText, kDate, kTimestamp };

// One value of a row.
struct Cell {
  CellKind kind = CellKind::kNull;
  std::int64_t integer = 0;  // also: 0 or 1, days since 1970-01-01, microseconds since 1970-01-01T00:00:00Z
  double number = 0;
  std::string text{};
};

struct Choice {
  Cell value;
  double weight = 1;
};
using Choices = std::vector<Choice>;

struct ListedValues {
  Choices choices;
};
// The choices depend on the value that another field, above this one, has in the row.
struct CorrelatedValues {
  std::string parent;
  std::map<std::string, Choices> by_parent_text;
};
struct Integers {  // least and most included
  std::int64_t least = 0;
  std::int64_t most = 100;
};
struct Numbers {
  enum class Shape { kUniform, kNormal, kExponential };
  Shape shape = Shape::kUniform;
  double least = 0;  // kUniform: [least, most)
  double most = 1;
  double mean = 0;  // kNormal, kExponential
  double deviation = 1;
  int decimals = 2;
};
struct Booleans {
  double true_share = 0.5;
};
struct Uuids {};
struct Sequence {
  std::int64_t start = 1;
  std::int64_t step = 1;
};
struct Times {  // [from, to)
  Interval range;
};

struct Field {
  std::string name;
  CellKind type = CellKind::kText;
  std::variant<ListedValues, CorrelatedValues, Integers, Numbers, Booleans, Uuids, Sequence, Times> values;
  double null_share = 0;
};

// How many partitions behind the current one a late row is: 1 or more.
struct Lateness {
  enum class Shape { kUniform, kExponential, kLags };
  Shape shape = Shape::kUniform;
  std::int64_t most = 7;  // kUniform: 1 to most, each as likely; kExponential: none further back
  double mean = 2;        // kExponential: P(lag > k) falls as exp(-k / mean)
  std::vector<std::pair<std::int64_t, double>> lags{};  // kLags: lag, weight
};

struct EventTime {
  std::string field = "event_time";
  Calendar calendar{};                 // days in UTC
  std::optional<LocalTime> current{};  // any time in the current partition
  std::optional<CellKind> type{};      // kDate or kTimestamp; none: a date when the cadence is whole days
};

enum class Format { kJson, kCsv, kParquet };

struct Spec {
  std::string entity;
  std::int64_t rows = 100;
  std::optional<Format> format{};
  std::optional<std::uint64_t> seed{};
  std::vector<Field> fields;
  std::optional<EventTime> event_time{};
  double late_rows = 0;  // share of the rows; needs event_time to have an effect
  Lateness lateness{};
};

// Reads a spec from YAML. kInvalidFile, with line and column, for anything that isn't understood; an unknown key
// comes with the nearest known one. `name` is the file's, for errors.
Result<Spec> ParseSpec(const std::string& yaml, const std::string& name);

// What only shows when all is put together: an event-time field without its current partition, of the name of
// another field, or of a type that its cadence can't have. kInvalidArgument.
Status CheckSpec(const Spec& spec);

// "70%", "0.5%": 0 to 1.
Result<double> ParseShare(std::string_view text);
// "2024-01-02", "2024-01-02T05:00:00": wall-clock time.
Result<LocalTime> ParseLocal(std::string_view text);
// "json", "csv", "parquet"
Result<Format> ParseFormat(std::string_view text);
const char* FormatName(Format format);

}  // namespace latecomer::generate
