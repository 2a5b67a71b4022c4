#include "table/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latecomer::table {
namespace {

using ::testing::HasSubstr;

DataType Type(std::string_view name) {
  return ParseDataType(name).value();
}

PartitionValue Value(std::string_view type, std::string_view text) {
  auto value = PartitionValue::Parse(Type(type), text);
  if (!value) ADD_FAILURE() << type << ": " << value.error().ToString();
  return value.value_or(PartitionValue::Null());
}

// "refused" when the text is no value of the type.
std::string Canonical(std::string_view type, std::string_view text) {
  const auto value = PartitionValue::Parse(Type(type), text);
  return value ? value->Canonical() : "refused";
}

TEST(DataType, NamesOfTheSchema) {
  for (const char* name : {"string", "byte", "short", "integer", "long", "float", "double", "boolean", "binary", "date",
                           "timestamp", "timestamp_ntz", "decimal(10,2)", "decimal(38,38)", "decimal(1,0)"}) {
    ASSERT_TRUE(ParseDataType(name)) << name;
    EXPECT_EQ(FormatDataType(*ParseDataType(name)), name);
  }
  EXPECT_EQ(FormatDataType(Type("decimal")), "decimal(10,0)");
  EXPECT_EQ(FormatDataType(Type("decimal(5, 2)")), "decimal(5,2)");
  for (const char* name : {"", "int", "struct", "array", "map", "variant", "void", "decimal()", "decimal(39,0)",
                           "decimal(5,6)", "decimal(0,0)", "decimal(5)", "decimal(5,2", "decimal(-5,2)",
                           "decimal(5,2)x", "decimal(99999999999,1)", "String", "timestamp_ltz"}) {
    const auto type = ParseDataType(name);
    ASSERT_FALSE(type) << name;
    EXPECT_EQ(type.error().kind, ErrorKind::kUnsupported);
  }
}

TEST(PartitionValue, NothingAndTheEmptyStringAreNull) {
  for (const char* type : {"string", "integer", "date", "boolean", "binary", "double", "decimal(5,2)", "timestamp"}) {
    EXPECT_TRUE(PartitionValue::Parse(Type(type), std::nullopt)->IsNull()) << type;
    EXPECT_TRUE(Value(type, "").IsNull()) << type;
    EXPECT_EQ(Value(type, ""), PartitionValue::Null());
    EXPECT_EQ(Value(type, "").Canonical(), "");
    EXPECT_FALSE(Value(type, "").AsCivil());
  }
  EXPECT_EQ(PartitionValue::Absent(), PartitionValue::Null());
  EXPECT_TRUE(PartitionValue::Absent().IsNull());
  EXPECT_TRUE(PartitionValue::Absent().IsAbsent());
  EXPECT_FALSE(PartitionValue::Null().IsAbsent());
}

TEST(PartitionValue, KeepsTheTextOfTheLog) {
  EXPECT_EQ(Value("integer", "007").text(), "007");
  EXPECT_EQ(Value("double", "1.0E300").text(), "1.0E300");
  EXPECT_EQ(Value("timestamp", "2024-01-01 00:00:00").text(), "2024-01-01 00:00:00");
}

TEST(PartitionValue, IntegersHaveTheRangeOfTheirType) {
  EXPECT_EQ(Canonical("byte", "-128"), "-128");
  EXPECT_EQ(Canonical("byte", "127"), "127");
  EXPECT_EQ(Canonical("byte", "128"), "refused");
  EXPECT_EQ(Canonical("byte", "-129"), "refused");
  EXPECT_EQ(Canonical("short", "-32768"), "-32768");
  EXPECT_EQ(Canonical("short", "32768"), "refused");
  EXPECT_EQ(Canonical("integer", "-2147483648"), "-2147483648");
  EXPECT_EQ(Canonical("integer", "2147483648"), "refused");
  EXPECT_EQ(Canonical("long", "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(Canonical("long", "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Canonical("long", "9223372036854775808"), "refused");
  EXPECT_EQ(Canonical("integer", "+7"), "7");
  EXPECT_EQ(Canonical("integer", "007"), "7");
  EXPECT_EQ(Canonical("integer", "-0"), "0");
  for (const char* text : {"1.0", " 1", "1 ", "0x10", "1e3", "--1", "+-1", "+", "-", "one", "\xd9\xa1", "1,000"}) {
    EXPECT_EQ(Canonical("integer", text), "refused") << text;
  }
  EXPECT_EQ(Value("integer", "9").AsInteger(), 9);
  EXPECT_FALSE(Value("string", "9").AsInteger());
}

TEST(PartitionValue, NumbersAreNotComparedAsText) {
  EXPECT_LT(Value("integer", "9"), Value("integer", "10"));
  EXPECT_LT(Value("integer", "-10"), Value("integer", "-9"));
  EXPECT_EQ(Value("integer", "09"), Value("integer", "9"));
  EXPECT_LT(Value("string", "10"), Value("string", "9")) << "strings are";
}

TEST(PartitionValue, Dates) {
  EXPECT_EQ(Canonical("date", "2024-02-29"), "2024-02-29");
  EXPECT_EQ(Canonical("date", "0001-01-01"), "0001-01-01");
  EXPECT_EQ(Canonical("date", "9999-12-31"), "9999-12-31");
  EXPECT_EQ(Canonical("date", "+10000-01-01"), "10000-01-01");
  EXPECT_EQ(Canonical("date", "10000-01-01"), "10000-01-01");
  EXPECT_EQ(Canonical("date", "+55971-07-21"), "55971-07-21") << "milliseconds taken for seconds";
  EXPECT_EQ(Canonical("date", "+5881580-07-11"), "5881580-07-11") << "the last one of Spark";
  EXPECT_EQ(Canonical("date", "+5881580-07-12"), "refused");
  EXPECT_EQ(Canonical("date", "-0044-03-15"), "-0044-03-15");
  EXPECT_EQ(Canonical("date", "2024-1-5"), "2024-01-05");
  EXPECT_EQ(Canonical("date", "2024-01-05 00:00:00"), "2024-01-05");
  EXPECT_EQ(Canonical("date", "2024-01-05T13:14:15.1Z"), "2024-01-05");
  for (const char* text : {"2024-02-30", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01", "20240101",
                           "24-01-01", "2024/01/01", "01-01-2024", "2024-01-01x", "2024-01-01 25:00:00", " 2024-01-01",
                           "null", "19723", "--2024-01-01", "2024-001-01"}) {
    EXPECT_EQ(Canonical("date", text), "refused") << text;
  }
  EXPECT_LT(Value("date", "9999-12-31"), Value("date", "+10000-01-01"));
  EXPECT_LT(Value("date", "-0001-01-01"), Value("date", "0001-01-01"));
  EXPECT_EQ(FormatLocal(Value("date", "2024-02-29").AsCivil().value()), "2024-02-29");
  EXPECT_FALSE(Value("date", "2024-02-29").IsInstant());
}

TEST(PartitionValue, TimestampsInEverySpelling) {
  for (const char* text : {"2024-01-01 10:00:00", "2024-01-01 10:00:00.0", "2024-01-01 10:00:00.000000",
                           "2024-01-01T10:00:00Z", "2024-01-01T10:00:00.000Z", "2024-01-01T10:00:00.000000000Z",
                           "2024-01-01T11:00:00+01:00", "2024-01-01 11:00:00+01", "2024-01-01T02:00:00-0800",
                           "2024-01-01T15:30:00+05:30", "2024-01-01T10:00:00", "2024-01-01 10:00"}) {
    EXPECT_EQ(Canonical("timestamp", text), "2024-01-01T10:00:00.000000Z") << text;
    EXPECT_TRUE(Value("timestamp", text).IsInstant());
  }
  EXPECT_EQ(Canonical("timestamp", "2024-01-01 00:00:00.123456"), "2024-01-01T00:00:00.123456Z");
  EXPECT_EQ(Canonical("timestamp", "2024-01-01 00:00:00.5"), "2024-01-01T00:00:00.500000Z");
  EXPECT_EQ(Canonical("timestamp", "2024-01-01 00:00:00.123456789"), "2024-01-01T00:00:00.123456Z");
  EXPECT_EQ(Canonical("timestamp", "2024-01-01"), "2024-01-01T00:00:00.000000Z");
  EXPECT_EQ(Canonical("timestamp", "1900-01-01 00:00:00.000001"), "1900-01-01T00:00:00.000001Z");
  EXPECT_EQ(Canonical("timestamp", "1969-12-31 23:59:59.999999"), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(Canonical("timestamp", "0001-01-01 00:00:00"), "0001-01-01T00:00:00.000000Z");
  EXPECT_EQ(Canonical("timestamp", "+294247-01-10 04:00:54.775807"), "294247-01-10T04:00:54.775807Z");
  for (const char* text : {"2024-02-30 00:00:00", "2024-01-01 24:00:00", "2024-01-01 10:60:00", "2024-01-01 10:00:60",
                           "2024-01-01 10", "2024-01-01 10:00:00.", "2024-01-01 10:00:00 Z", "2024-01-01 10:00:00+",
                           "2024-01-01 10:00:00+01:", "2024-01-01 10:00:00+19:00", "2024-01-01  10:00:00",
                           "1704103200000", "+294248-01-01 00:00:00", "2024-01-01T10:00:00ZZ", "2024-01-01T"}) {
    EXPECT_EQ(Canonical("timestamp", text), "refused") << text;
  }
}

TEST(PartitionValue, ATimestampWithoutZoneIsWhatTheClockShowed) {
  EXPECT_EQ(Canonical("timestamp_ntz", "2021-11-18 02:30:00.123456"), "2021-11-18T02:30:00.123456");
  EXPECT_EQ(Canonical("timestamp_ntz", "2021-11-18T02:30:00Z"), "2021-11-18T02:30:00.000000");
  EXPECT_EQ(Canonical("timestamp_ntz", "2021-11-18T02:30:00+05:30"), "2021-11-18T02:30:00.000000");
  EXPECT_FALSE(Value("timestamp_ntz", "2021-11-18 02:30:00").IsInstant());
  EXPECT_EQ(FormatLocal(Value("timestamp_ntz", "1969-12-31 23:59:59.9").AsCivil().value()), "1969-12-31T23:59:59");
}

TEST(PartitionValue, TimestampsAreOrderedInTime) {
  EXPECT_EQ(Value("timestamp", "2024-01-01T00:00:00Z"), Value("timestamp", "2024-01-01 01:00:00+01:00"));
  EXPECT_LT(Value("timestamp", "2024-01-01T00:00:00+01:00"), Value("timestamp", "2024-01-01 00:00:00"));
  EXPECT_LT(Value("timestamp", "2024-01-01 00:00:00"), Value("timestamp", "2024-01-01 00:00:00.000001"));
}

TEST(PartitionValue, Decimals) {
  EXPECT_EQ(Canonical("decimal(10,2)", "1.50"), "1.5");
  EXPECT_EQ(Canonical("decimal(10,2)", "0.00"), "0");
  EXPECT_EQ(Canonical("decimal(10,2)", "-0.00"), "0");
  EXPECT_EQ(Canonical("decimal(10,2)", "100"), "100");
  EXPECT_EQ(Canonical("decimal(10,2)", "-.5"), "-0.5");
  EXPECT_EQ(Canonical("decimal(10,2)", "+5."), "5");
  EXPECT_EQ(Canonical("decimal(10,2)", "007.10"), "7.1");
  EXPECT_EQ(Canonical("decimal(10,2)", "0.-1"), "-0.1") << "a wild spelling";
  EXPECT_EQ(Canonical("decimal(38,18)", "0E-18"), "0") << "what Java writes for 0 at scale 18";
  EXPECT_EQ(Canonical("decimal(38,18)", "1E-18"), "0.000000000000000001");
  EXPECT_EQ(Canonical("decimal(38,0)", "2E+37"), "20000000000000000000000000000000000000");
  EXPECT_EQ(Canonical("decimal(38,0)", "1e2"), "100");
  EXPECT_EQ(Canonical("decimal(38,18)", "12345678901234567890.123456789012345678"),
            "12345678901234567890.123456789012345678");
  EXPECT_EQ(Canonical("decimal(38,38)", "-0.99999999999999999999999999999999999999"),
            "-0.99999999999999999999999999999999999999");
  EXPECT_EQ(Canonical("decimal(38,0)", "99999999999999999999999999999999999999"),
            "99999999999999999999999999999999999999");
  for (const char* text : {"999999999999999999999999999999999999999",
                           "1E+38",
                           "1E-39",
                           "1E999999999999",
                           "1E-1000000",
                           ".",
                           "-",
                           "+-1",
                           "--1",
                           "0-1",
                           "0.--1",
                           "-0.-1",
                           "1.-1.",
                           "1..2",
                           "1.2.3",
                           "1e",
                           "e5",
                           "-e5",
                           "1e+-5",
                           "1e5x",
                           "0x1",
                           "1,5",
                           "NaN",
                           "1 ",
                           "0.1-"}) {
    EXPECT_EQ(Canonical("decimal(38,10)", text), "refused") << text;
  }
}

TEST(PartitionValue, DecimalsAreComparedExactlyAtAnyScale) {
  const auto decimal = [](std::string_view text) { return Value("decimal(38,18)", text); };
  EXPECT_EQ(decimal("1.50"), decimal("1.5"));
  EXPECT_EQ(decimal("1.50") <=> decimal("1.5"), std::strong_ordering::equal);
  EXPECT_LT(decimal("9.99"), decimal("10"));
  EXPECT_LT(decimal("-10"), decimal("-9.99"));
  EXPECT_LT(decimal("-0.2"), decimal("-0.1"));
  EXPECT_LT(decimal("-0.1"), decimal("0"));
  EXPECT_LT(decimal("-0.1"), decimal("0.01"));
  // These differ after more digits than a double, or a long double, has.
  EXPECT_LT(decimal("12345678901234567890.1"), decimal("12345678901234567890.12"));
  EXPECT_LT(decimal("9999999999999999999999999999999999998.9"), decimal("9999999999999999999999999999999999999"));
  EXPECT_LT(decimal("0.00000000000000000000000000000000000001"), decimal("0.1"));
  EXPECT_GT(decimal("1.0000000000000000000000000000000000001"), decimal("1"));
}

TEST(PartitionValue, FloatingPoint) {
  EXPECT_EQ(Canonical("double", "1.0E300"), "1e+300");
  EXPECT_EQ(Canonical("double", "3.141592653589793"), "3.141592653589793");
  EXPECT_EQ(Canonical("float", "3.1415927"), "3.1415927");
  EXPECT_EQ(Value("float", "0.1"), Value("float", "0.10000000149")) << "one float";
  EXPECT_NE(Value("double", "0.1"), Value("double", "0.10000000149"));
  EXPECT_EQ(Canonical("double", "-0.0"), "0");
  EXPECT_EQ(Value("double", "-0.0"), Value("double", "0.0"));
  EXPECT_EQ(Canonical("double", "NaN"), "NaN");
  EXPECT_EQ(Canonical("double", "-NaN"), "NaN");
  EXPECT_EQ(Canonical("double", "Infinity"), "Infinity");
  EXPECT_EQ(Canonical("float", "-Infinity"), "-Infinity");
  EXPECT_EQ(Canonical("double", "inf"), "Infinity");
  EXPECT_EQ(Canonical("double", "1e999"), "Infinity");
  EXPECT_EQ(Canonical("float", "-1e300"), "-Infinity");
  EXPECT_EQ(Canonical("double", "1e-999"), "0");
  EXPECT_EQ(Canonical("double", "4.9E-324"), "5e-324");
  EXPECT_EQ(Canonical("double", "+1.5"), "1.5");
  for (const char* text : {"1.0x", "", "+-1", "--1", "1e", ".", "0x1p3", " 1", "1,5"}) {
    if (*text != '\0') EXPECT_EQ(Canonical("double", text), "refused") << text;
  }
}

TEST(PartitionValue, NanIsLastAndEqualToItself) {
  const auto nan = Value("double", "NaN");
  EXPECT_EQ(nan, Value("double", "nan"));
  EXPECT_LT(Value("double", "Infinity"), nan);
  EXPECT_LT(Value("double", "-Infinity"), Value("double", "-1.0"));
  EXPECT_LT(PartitionValue::Null(), Value("double", "-Infinity"));
  EXPECT_EQ(Value("float", "NaN"), Value("float", "NaN"));
}

TEST(PartitionValue, BooleansBinaryAndStrings) {
  EXPECT_EQ(Canonical("boolean", "true"), "true");
  EXPECT_EQ(Canonical("boolean", "False"), "false");
  EXPECT_LT(Value("boolean", "false"), Value("boolean", "true"));
  for (const char* text : {"1", "0", "yes", "t", " true"}) EXPECT_EQ(Canonical("boolean", text), "refused") << text;
  EXPECT_EQ(Canonical("binary", "\x01\x02\xc3\xbf"), "\x01\x02\xc3\xbf");
  EXPECT_EQ(Canonical("string", " caf\xc3\xa9 "), " caf\xc3\xa9 ");
  EXPECT_EQ(Canonical("string", "null"), "null");
  EXPECT_NE(Value("string", "null"), PartitionValue::Null());
  EXPECT_EQ(Value("string", std::string_view("a\0b", 3)).Canonical(), std::string("a\0b", 3));
  EXPECT_LT(Value("string", "a"), Value("string", "\xc3\xa4")) << "bytes are unsigned";
}

TEST(PartitionValue, AnErrorShowsTheTextAndTheType) {
  const auto value = PartitionValue::Parse(Type("date"), "2024-02-30\n");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().kind, ErrorKind::kDamaged);
  EXPECT_THAT(value.error().message, HasSubstr("2024-02-30\\n"));
  EXPECT_THAT(value.error().message, HasSubstr("date"));
}

}  // namespace
}  // namespace latecomer::table
