// Partition values on arbitrary text: no crash, one total order, and canonical text that reads back as the value.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "table/value.h"

namespace latecomer::table {
namespace {

DataType AnyType() {
  return ParseDataType(*rc::gen::elementOf(std::vector<std::string>{"string", "byte", "short", "integer", "long",
                                                                    "float", "double", "decimal(38,10)", "boolean",
                                                                    "binary", "date", "timestamp", "timestamp_ntz"}))
      .value();
}

// Digits, signs and separators in any order make more values than random bytes do.
std::string AnyText(const DataType& type) {
  const auto pick = [](std::initializer_list<const char*> texts) {
    return std::string(*rc::gen::elementOf(std::vector<const char*>(texts)));
  };
  switch (*rc::gen::inRange(0, 4)) {
    case 0: return *rc::gen::arbitrary<std::string>();
    case 1: return *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789-+.eE:TZ ")));
    default: break;
  }
  switch (type.kind) {
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNtz: {
      std::string text = pick({"", "", "", "-", "+"}) + std::to_string(*rc::gen::inRange(1000, 99'999)) + "-" +
                         pick({"01", "02", "12", "13", "7"}) + "-" + pick({"01", "28", "29", "30", "31", "32"});
      if (*rc::gen::arbitrary<bool>()) text += pick({" ", "T"}) + pick({"00:00:00", "23:59:59", "24:00:00", "5:6"});
      if (*rc::gen::arbitrary<bool>())
        text += pick({"", ".5", ".123456", ".000000001", "Z", "+05:30", "-18:00", "+19:00"});
      return text;
    }
    default: {
      std::string text = pick({"", "", "-", "+", "0.", "0.-"}) + std::to_string(*rc::gen::arbitrary<std::int64_t>());
      if (*rc::gen::arbitrary<bool>()) text += pick({".0", ".50", "e5", "E-7", "E+40", ".", "x"});
      return text;
    }
  }
}

PartitionValue AnyValue(const DataType& type) {
  for (int i = 0; i < 20; ++i) {
    if (const auto value = PartitionValue::Parse(type, AnyText(type))) return *value;
  }
  return PartitionValue::Null();
}

RC_GTEST_PROP(PartitionValueProperty, CanonicalTextReadsBackAsTheValue, ()) {
  const DataType type = AnyType();
  const std::string text = AnyText(type);
  const auto value = PartitionValue::Parse(type, text);
  if (!value) {
    RC_ASSERT(value.error().kind == ErrorKind::kDamaged);
    return;
  }
  RC_LOG() << FormatDataType(type) << " '" << text << "' is '" << value->Canonical() << "'";
  const auto again = PartitionValue::Parse(type, value->Canonical());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *value);
  RC_ASSERT(again->Canonical() == value->Canonical());
  RC_ASSERT(again->AsCivil() == value->AsCivil());
}

RC_GTEST_PROP(PartitionValueProperty, EqualMeansEqualCanonicalText, ()) {
  const DataType type = AnyType();
  const PartitionValue a = AnyValue(type);
  const PartitionValue b = AnyValue(type);
  RC_ASSERT((a == b) == (a.Canonical() == b.Canonical() && a.IsNull() == b.IsNull()));
}

RC_GTEST_PROP(PartitionValueProperty, OneTotalOrder, ()) {
  const DataType type = AnyType();
  std::vector<PartitionValue> values;
  for (int i = 0; i < 6; ++i) values.push_back(AnyValue(type));
  for (const auto& a : values) {
    RC_ASSERT((a <=> a) == std::strong_ordering::equal);
    for (const auto& b : values) {
      RC_ASSERT(((a <=> b) < 0) == ((b <=> a) > 0));
      for (const auto& c : values) {
        if (a < b && b < c) RC_ASSERT(a < c);
        if (a == b && b < c) RC_ASSERT(a < c);
      }
    }
  }
}

// Against another way to compare: integers as such, dates and times by their text of equal length.
RC_GTEST_PROP(PartitionValueProperty, DecimalsOrderLikeTheirScaledIntegers, ()) {
  const DataType type = ParseDataType("decimal(38,10)").value();
  const auto any = [&]() -> std::pair<PartitionValue, Int128> {
    const auto whole = *rc::gen::arbitrary<std::int64_t>();
    const auto fraction = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
    std::string digits = std::to_string(fraction);
    digits.insert(0, 9 - digits.size(), '0');
    const std::string text = std::to_string(whole) + "." + digits;
    const Int128 scaled = static_cast<Int128>(whole) * 1'000'000'000 + (text[0] == '-' ? -fraction : fraction);
    return {PartitionValue::Parse(type, text).value(), scaled};
  };
  const auto [a, a_scaled] = any();
  const auto [b, b_scaled] = any();
  RC_ASSERT((a < b) == (a_scaled < b_scaled));
  RC_ASSERT((a == b) == (a_scaled == b_scaled));
}

}  // namespace
}  // namespace latecomer::table
