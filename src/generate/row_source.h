// The rows of a spec, one after the other: the same for the same spec and seed, on every machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "generate/spec.h"

namespace latecomer::generate {

struct ColumnInfo {
  std::string name;
  CellKind type = CellKind::kText;
};

// [0, 1) with 53 bits.
double Uniform(Random& random);
// 0 to `limit` - 1.
std::uint64_t Below(Random& random, std::uint64_t limit);

// Chooses how far behind a late row is.
class LagSampler {
 public:
  explicit LagSampler(const Lateness& lateness);
  std::int64_t Sample(Random& random) const;

 private:
  Lateness lateness_;
  double total_ = 0;
};

class ValueMaker {
 public:
  virtual ~ValueMaker() = default;
  // `row` holds the values of the fields above.
  virtual void Make(Random& random, const std::vector<Cell>& row, Cell& cell) = 0;
};

class RowSource {
 public:
  // The spec must have passed CheckSpec.
  RowSource(const Spec& spec, std::uint64_t seed);
  ~RowSource();

  // The spec's fields, then the event time where there is one.
  const std::vector<ColumnInfo>& columns() const { return columns_; }
  std::int64_t late_rows() const { return late_total_; }  // in all, exactly

  // False when all rows were given.
  bool Next(std::vector<Cell>& row);

 private:
  struct FieldMaker {
    std::unique_ptr<ValueMaker> values;
    double null_share = 0;
  };
  void MakeEventTime(Cell& cell);

  SeededRandom random_;
  std::vector<FieldMaker> fields_;
  std::vector<ColumnInfo> columns_;
  std::optional<EventTime> event_time_;
  LagSampler lags_;
  LocalTime current_{};  // start of the current partition
  std::int64_t rows_left_ = 0;
  std::int64_t late_total_ = 0;
  std::int64_t late_left_ = 0;
};

}  // namespace latecomer::generate
