#include "generate/row_source.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

namespace latecomer::generate {
namespace {

using std::chrono::days;
using std::chrono::floor;

// The smallest uniform number that a logarithm is taken of.
constexpr double kLeastUniform = 0x1p-53;

double Exponential(Random& random, double mean) {
  return -mean * std::log(1 - Uniform(random));
}

double Normal(Random& random, double mean, double deviation) {  // Box and Muller
  const double radius = std::sqrt(-2 * std::log(std::max(Uniform(random), kLeastUniform)));
  return mean + deviation * radius * std::cos(2 * std::numbers::pi * Uniform(random));
}

class Chooser {
 public:
  explicit Chooser(const Choices& choices) {
    double total = 0;
    for (const Choice& choice : choices) {
      values_.push_back(choice.value);
      sums_.push_back(total += choice.weight);
    }
  }
  const Cell& Choose(Random& random) const {
    const double at = Uniform(random) * sums_.back();
    const auto found = std::upper_bound(sums_.begin(), sums_.end(), at);
    return values_[std::min(static_cast<std::size_t>(found - sums_.begin()), values_.size() - 1)];
  }

 private:
  std::vector<Cell> values_;
  std::vector<double> sums_;
};

class ListedMaker final : public ValueMaker {
 public:
  explicit ListedMaker(const Choices& choices) : chooser_(choices) {}
  void Make(Random& random, const std::vector<Cell>&, Cell& cell) override { cell = chooser_.Choose(random); }

 private:
  Chooser chooser_;
};

class CorrelatedMaker final : public ValueMaker {
 public:
  CorrelatedMaker(const CorrelatedValues& values, std::size_t parent) : parent_(parent) {
    for (const auto& [text, choices] : values.by_parent_text) choosers_.emplace(text, Chooser(choices));
  }
  void Make(Random& random, const std::vector<Cell>& row, Cell& cell) override {
    const Cell& parent = row[parent_];
    const auto found = parent.kind == CellKind::kNull ? choosers_.end() : choosers_.find(parent.text);
    if (found == choosers_.end()) {
      cell.kind = CellKind::kNull;
    } else {
      cell = found->second.Choose(random);
    }
  }

 private:
  std::size_t parent_;
  std::map<std::string, Chooser, std::less<>> choosers_;
};

class IntegerMaker final : public ValueMaker {
 public:
  explicit IntegerMaker(const Integers& values) : values_(values) {}
  void Make(Random& random, const std::vector<Cell>&, Cell& cell) override {
    const std::uint64_t span = static_cast<std::uint64_t>(values_.most) - static_cast<std::uint64_t>(values_.least) + 1;
    const std::uint64_t step = span == 0 ? random.Next() : Below(random, span);
    cell.kind = CellKind::kInteger;
    cell.integer = static_cast<std::int64_t>(static_cast<std::uint64_t>(values_.least) + step);
  }

 private:
  Integers values_;
};

class NumberMaker final : public ValueMaker {
 public:
  explicit NumberMaker(const Numbers& values) : values_(values), scale_(std::pow(10.0, values.decimals)) {}
  void Make(Random& random, const std::vector<Cell>&, Cell& cell) override {
    double value = 0;
    switch (values_.shape) {
      case Numbers::Shape::kUniform: value = values_.least + Uniform(random) * (values_.most - values_.least); break;
      case Numbers::Shape::kNormal: value = Normal(random, values_.mean, values_.deviation); break;
      case Numbers::Shape::kExponential: value = Exponential(random, values_.mean); break;
    }
    const double rounded = std::round(value * scale_) / scale_;
    cell.kind = CellKind::kNumber;
    cell.number = std::isfinite(rounded) ? rounded : value;
  }

 private:
  Numbers values_;
  double scale_;
};

class BooleanMaker final : public ValueMaker {
 public:
  explicit BooleanMaker(double share) : share_(share) {}
  void Make(Random& random, const std::vector<Cell>&, Cell& cell) override {
    cell.kind = CellKind::kBoolean;
    cell.integer = Uniform(random) < share_ ? 1 : 0;
  }

 private:
  double share_;
};

class UuidMaker final : public ValueMaker {
 public:
  void Make(Random& random, const std::vector<Cell>&, Cell& cell) override {
    cell.kind = CellKind::kText;
    cell.text = MakeUuid(random);
  }
};

class SequenceMaker final : public ValueMaker {
 public:
  explicit SequenceMaker(const Sequence& values)
      : next_(static_cast<std::uint64_t>(values.start)), step_(static_cast<std::uint64_t>(values.step)) {}
  void Make(Random&, const std::vector<Cell>&, Cell& cell) override {
    cell.kind = CellKind::kInteger;
    cell.integer = static_cast<std::int64_t>(next_);
    next_ += step_;  // beyond the largest number it goes on at the smallest
  }

 private:
  std::uint64_t next_;
  std::uint64_t step_;
};

class TimeMaker final : public ValueMaker {
 public:
  TimeMaker(const Times& values, CellKind type) : values_(values), type_(type) {}
  void Make(Random& random, const std::vector<Cell>&, Cell& cell) override {
    const auto span = static_cast<std::uint64_t>((values_.range.end - values_.range.start).count());
    const Instant at = values_.range.start + Duration(Below(random, span));
    cell.kind = type_;
    cell.integer =
        type_ == CellKind::kDate ? floor<days>(at).time_since_epoch().count() : at.time_since_epoch().count() * 1000;
  }

 private:
  Times values_;
  CellKind type_;
};

std::unique_ptr<ValueMaker> MakerOf(const Field& field, const std::vector<ColumnInfo>& above) {
  struct Visitor {
    const Field& field;
    const std::vector<ColumnInfo>& above;
    using Made = std::unique_ptr<ValueMaker>;
    Made operator()(const ListedValues& values) const { return std::make_unique<ListedMaker>(values.choices); }
    Made operator()(const CorrelatedValues& values) const {
      const auto parent =
          std::find_if(above.begin(), above.end(), [&](const auto& one) { return one.name == values.parent; });
      return std::make_unique<CorrelatedMaker>(values, static_cast<std::size_t>(parent - above.begin()));
    }
    Made operator()(const Integers& values) const { return std::make_unique<IntegerMaker>(values); }
    Made operator()(const Numbers& values) const { return std::make_unique<NumberMaker>(values); }
    Made operator()(const Booleans& values) const { return std::make_unique<BooleanMaker>(values.true_share); }
    Made operator()(const Uuids&) const { return std::make_unique<UuidMaker>(); }
    Made operator()(const Sequence& values) const { return std::make_unique<SequenceMaker>(values); }
    Made operator()(const Times& values) const { return std::make_unique<TimeMaker>(values, field.type); }
  };
  return std::visit(Visitor{field, above}, field.values);
}

CellKind EventType(const EventTime& event_time) {
  if (event_time.type) return *event_time.type;
  return event_time.calendar.cadence().unit == CadenceUnit::kHour ? CellKind::kTimestamp : CellKind::kDate;
}

}  // namespace

double Uniform(Random& random) {
  return static_cast<double>(random.Next() >> 11) * 0x1p-53;
}

std::uint64_t Below(Random& random, std::uint64_t limit) {
  // Values of the last, incomplete round are thrown away, so that each is as likely.
  const std::uint64_t over = (~std::uint64_t{0} % limit + 1) % limit;
  for (;;) {
    const std::uint64_t bits = random.Next();
    if (bits <= ~std::uint64_t{0} - over) return bits % limit;
  }
}

LagSampler::LagSampler(const Lateness& lateness) : lateness_(lateness) {
  for (const auto& [lag, weight] : lateness_.lags) total_ += weight;
}

std::int64_t LagSampler::Sample(Random& random) const {
  switch (lateness_.shape) {
    case Lateness::Shape::kUniform:
      return 1 + static_cast<std::int64_t>(Below(random, static_cast<std::uint64_t>(lateness_.most)));
    case Lateness::Shape::kExponential: {
      // The distribution cut off at `most`: no heap of rows gathers there.
      const double within = 1 - std::exp(-static_cast<double>(lateness_.most) / lateness_.mean);
      const double behind = -lateness_.mean * std::log(1 - Uniform(random) * within);
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(behind) + 1, 1, lateness_.most);
    }
    case Lateness::Shape::kLags: break;
  }
  double at = Uniform(random) * total_;
  std::int64_t last = 1;
  for (const auto& [lag, weight] : lateness_.lags) {
    if (weight > 0) last = lag;
    if (at < weight) return lag;
    at -= weight;
  }
  return last;
}

RowSource::RowSource(const Spec& spec, std::uint64_t seed)
    : random_(seed), event_time_(spec.event_time), lags_(spec.lateness), rows_left_(spec.rows) {
  for (const Field& field : spec.fields) {
    fields_.push_back({MakerOf(field, columns_), field.null_share});
    columns_.push_back({field.name, field.type});
  }
  if (!event_time_) return;
  columns_.push_back({event_time_->field, EventType(*event_time_)});
  current_ = event_time_->calendar.Floor(*event_time_->current);
  late_total_ = static_cast<std::int64_t>(std::llround(static_cast<double>(spec.rows) * spec.late_rows));
  late_left_ = late_total_;
}

RowSource::~RowSource() = default;

void RowSource::MakeEventTime(Cell& cell) {
  // Chosen so that exactly the wanted number of rows is late, wherever they stand.
  const bool late = Below(random_, static_cast<std::uint64_t>(rows_left_)) < static_cast<std::uint64_t>(late_left_);
  const Calendar& calendar = event_time_->calendar;
  LocalTime start = current_;
  if (late) {
    --late_left_;
    start = calendar.Step(current_, -static_cast<int>(lags_.Sample(random_)));
  }
  const Interval interval = calendar.IntervalAt(start);
  const auto length = static_cast<std::uint64_t>((interval.end - interval.start).count());
  const Instant at = interval.start + Duration(Below(random_, std::max<std::uint64_t>(length, 1)));
  cell.kind = columns_.back().type;
  cell.integer = cell.kind == CellKind::kDate ? floor<days>(calendar.zone().ToLocal(at)).time_since_epoch().count()
                                              : at.time_since_epoch().count() * 1000;
}

bool RowSource::Next(std::vector<Cell>& row) {
  if (rows_left_ == 0) return false;
  row.resize(columns_.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    fields_[i].values->Make(random_, row, row[i]);
    if (fields_[i].null_share > 0 && Uniform(random_) < fields_[i].null_share) row[i].kind = CellKind::kNull;
  }
  if (event_time_) MakeEventTime(row.back());
  --rows_left_;
  return true;
}

}  // namespace latecomer::generate
