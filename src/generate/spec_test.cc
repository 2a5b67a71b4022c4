#include "generate/spec.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "generate/builtin.h"

namespace latecomer::generate {
namespace {

Error Refused(const std::string& yaml) {
  auto spec = ParseSpec(yaml, "spec.yaml");
  EXPECT_FALSE(spec) << yaml;
  if (spec) return Error();
  EXPECT_EQ(spec.error().kind, ErrorKind::kInvalidFile);
  EXPECT_EQ(spec.error().file, "spec.yaml");
  EXPECT_TRUE(spec.error().line.has_value()) << spec.error().ToString();
  return spec.error();
}

TEST(SpecTest, ReadsAllThereIs) {
  const auto spec = ParseSpec(R"(
entity: visits
rows: 1_000
format: parquet
seed: 7
fields:
  - {name: browser, values: {firefox: 3, chrome: 1}}
  - {name: version, depends_on: browser, values: {firefox: ["110", "111"], chrome: {"9": 10%}}}
  - {name: code, values: [200, 404, 1.5]}
  - {name: mixed, values: [1, x, null]}
  - {name: id, kind: uuid}
  - {name: n, kind: sequence, start: 5, step: -1}
  - {name: age, kind: integer, min: -3, max: 3, null_share: 10%}
  - {name: spent, kind: number, distribution: normal, mean: 10, deviation: 2}
  - {name: ok, kind: boolean, true_share: 25%}
  - {name: day, kind: date, from: 2024-01-01, to: 2024-02-01}
event_time: {field: at, cadence: hour, time_zone: Europe/Berlin, current: "2024-01-02T05:00:00", type: timestamp}
late_rows: 12.5%
lateness: {lags: {1: 60%, 24: 40%}}
)",
                              "spec.yaml");
  ASSERT_TRUE(spec) << spec.error().ToString();
  EXPECT_EQ(spec->rows, 1000);
  EXPECT_EQ(spec->format, Format::kParquet);
  EXPECT_EQ(spec->seed, 7u);
  ASSERT_EQ(spec->fields.size(), 10u);
  EXPECT_EQ(spec->fields[1].type, CellKind::kText) << "numbers in quotes are texts";
  EXPECT_EQ(spec->fields[2].type, CellKind::kNumber) << "whole and other numbers together are numbers";
  EXPECT_EQ(spec->fields[3].type, CellKind::kText);
  EXPECT_DOUBLE_EQ(spec->fields[6].null_share, 0.1);
  EXPECT_DOUBLE_EQ(spec->late_rows, 0.125);
  EXPECT_EQ(spec->event_time->calendar.zone().name(), "Europe/Berlin");
  EXPECT_EQ(spec->lateness.shape, Lateness::Shape::kLags);
  EXPECT_TRUE(CheckSpec(*spec));
}

TEST(SpecTest, AnUnknownKeyNamesItsPlaceAndTheNearestOne) {
  const Error top = Refused("entity: x\nrowz: 5\nfields: [{name: a, values: [1]}]\n");
  EXPECT_EQ(top.line, 2);
  EXPECT_EQ(top.column, 1);
  EXPECT_EQ(top.hint, "did you mean 'rows'?");
  const Error inner = Refused("entity: x\nfields:\n  - name: a\n    kind: integer\n    mni: 3\n");
  EXPECT_EQ(inner.line, 5);
  EXPECT_EQ(inner.column, 5);
  EXPECT_EQ(inner.hint, "did you mean 'min'?");
  EXPECT_EQ(Refused("entity: x\nfields: [{name: a, kind: integr}]").hint, "did you mean 'integer'?");
  EXPECT_EQ(
      Refused("entity: x\nfields:\n - {name: a, values: [p]}\n - {name: b, depends_on: aa, values: {p: [1]}}").hint,
      "did you mean 'a'?");
}

TEST(SpecTest, RefusesWhatCannotBeMeant) {
  const std::string fields = "\nfields: [{name: a, values: [1]}]\n";
  for (const std::string& yaml : {
           std::string(""),
           std::string("[]"),
           std::string("entity: x"),
           "entity: x\nentity: y" + fields,
           "entity: x\nrows: -1" + fields,
           "entity: x\nrows: many" + fields,
           "entity: x\nlate_rows: 70" + fields,
           "entity: x\nlate_rows: 101%" + fields,
           "entity: x\nformat: xml" + fields,
           "entity: x\nevent_time: {cadence: fortnight}" + fields,
           "entity: x\nevent_time: {current: 2024-02-30}" + fields,
           "entity: x\nevent_time: {time_zone: Mars/Olympus}" + fields,
           "entity: x\nlateness: {most: 0}" + fields,
           "entity: x\nlateness: {distribution: uniform, mean: 3}" + fields,
           "entity: x\nlateness: {lags: {0: 1}}" + fields,
           "entity: x\nlateness: {lags: {1: 0}}" + fields,
           std::string("entity: x\nfields: []"),
           std::string("entity: x\nfields: [{name: a}]"),
           std::string("entity: x\nfields: [{values: [1]}]"),
           std::string("entity: x\nfields: [{name: a, values: []}]"),
           std::string("entity: x\nfields: [{name: a, values: {p: -1}}]"),
           std::string("entity: x\nfields: [{name: a, values: {p: 0}}]"),
           std::string("entity: x\nfields: [{name: a, values: [[1]]}]"),
           std::string("entity: x\nfields: [{name: a, values: [1]}, {name: a, values: [1]}]"),
           std::string("entity: x\nfields: [{name: a, kind: integer, min: 3, max: 2}]"),
           std::string("entity: x\nfields: [{name: a, kind: date, from: 2024-01-02, to: 2024-01-01}]"),
           std::string("entity: x\nfields: [{name: a, kind: uuid}, {name: b, depends_on: a, values: {x: [1]}}]"),
           std::string("entity: x\nfields: [{name: a, values: [p, q]}, {name: b, depends_on: a, values: {p: [1]}}]"),
           std::string(
               "entity: x\nfields: [{name: a, values: [p]}, {name: b, depends_on: a, values: {p: [1], r: [1]}}]"),
           std::string("entity: x\nfields: &ring [*ring]"),
           std::string("entity: x\nfields: [{name: a, values: &v [*v]}]"),
           std::string("entity: [x\n"),
       }) {
    const auto spec = ParseSpec(yaml, "spec.yaml");
    EXPECT_FALSE(spec) << yaml;
    if (!spec) EXPECT_EQ(spec.error().kind, ErrorKind::kInvalidFile) << yaml;
  }
}

TEST(SpecTest, AnEventTimeNeedsItsCurrentPartition) {
  auto spec = ParseSpec("entity: x\nfields: [{name: a, values: [1]}]\nevent_time: {}", "s");
  ASSERT_TRUE(spec);
  EXPECT_FALSE(CheckSpec(*spec));
  spec->event_time->current = *ParseLocal("2024-01-02");
  EXPECT_TRUE(CheckSpec(*spec));
  spec->event_time->field = "a";
  EXPECT_FALSE(CheckSpec(*spec)) << "two fields of one name";
}

TEST(SpecTest, Shares) {
  EXPECT_DOUBLE_EQ(*ParseShare("70%"), 0.7);
  EXPECT_DOUBLE_EQ(*ParseShare(" 0% "), 0);
  EXPECT_DOUBLE_EQ(*ParseShare("100%"), 1);
  for (const char* bad : {"", "%", "70", "0.7", "-1%", "100.1%", "nan%", "7 0%", "seventy%"})
    EXPECT_FALSE(ParseShare(bad)) << bad;
}

TEST(SpecTest, TheExampleIsTheBuiltinSpec) {
  std::ifstream file(LATECOMER_SOURCE_DIR "/examples/devices/devices.yaml");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), *BuiltinSpec("devices"));
  for (const std::string& name : BuiltinNames()) {
    const auto spec = ParseSpec(std::string(*BuiltinSpec(name)), name);
    ASSERT_TRUE(spec) << spec.error().ToString();
    EXPECT_TRUE(CheckSpec(*spec));
    EXPECT_EQ(spec->entity, name);
  }
  EXPECT_EQ(BuiltinSpec("devces").error().hint, "did you mean 'devices'?");
}

}  // namespace
}  // namespace latecomer::generate
