#include "pipeline/yaml_json.h"

#include <gtest/gtest.h>

#include <string>

namespace latecomer::pipeline {
namespace {

std::string Json(const std::string& yaml) {
  const auto parsed = ParseYaml(yaml, "test.yaml");
  if (parsed) return JsonText(*parsed);
  ADD_FAILURE() << parsed.error().ToString();
  return "";
}

TEST(YamlJsonTest, ValuesAreWhatKubectlTakesThemFor) {
  EXPECT_EQ(Json("[1, -2, +3, 0440, 0x1F, 0o17, 0]"), "[1,-2,3,288,31,15,0]");
  EXPECT_EQ(Json("[true, yes, On, false, no, OFF]"), "[true,true,true,false,false,false]");
  EXPECT_EQ(Json("[null, ~, Null, ]"), "[null,null,null]");
  EXPECT_EQ(Json("[1.5, .5, 1e3, -2.5]"), "[1.5,0.5,1000.0,-2.5]");
}

TEST(YamlJsonTest, WhatOnlyLooksLikeANumberIsText) {
  EXPECT_EQ(Json("[500m, 1Gi, 1.2.3, 09, 0x, --1, 1e, e1, 12:30, 2024-01-01, 99999999999999999999x]"),
            R"(["500m","1Gi","1.2.3",9.0,"0x","--1","1e","e1","12:30","2024-01-01","99999999999999999999x"])");
  EXPECT_EQ(Json("['1', \"true\", 'null', \"\"]"), R"(["1","true","null",""])");
  EXPECT_EQ(Json("|\n  1\n"), R"("1\n")");
}

TEST(YamlJsonTest, MapsKeepTheirOrderAndNest) {
  EXPECT_EQ(Json("b: {y: 1, x: [a, {c: }]}\na: text"), R"({"b":{"y":1,"x":["a",{"c":null}]},"a":"text"})");
}

TEST(YamlJsonTest, TextsAreEscaped) {
  EXPECT_EQ(Json("\"a\\\"b\\n\""), R"("a\"b\n")");
}

}  // namespace
}  // namespace latecomer::pipeline
