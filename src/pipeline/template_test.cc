#include "pipeline/template.h"

#include <gtest/gtest.h>

namespace latecomer::pipeline {
namespace {

const TemplateValues kValues = {{"partition", "event_time=2024-01-01"},
                                {"partition.event_time", "2024-01-01"},
                                {"partition.country", "{{ partition }}"},
                                {"partition.quote", "O'Hara' OR '1'='1"},
                                {"run.id", "r1"}};

TEST(Template, FillsNamesWithAnySpacing) {
  EXPECT_EQ(FillTemplate("a {{ partition.event_time }} b {{run.id}}{{  run.id  }}", kValues).value(),
            "a 2024-01-01 b r1r1");
  EXPECT_EQ(FillTemplate("", kValues).value(), "");
  EXPECT_EQ(FillTemplate("no }} braces { {", kValues).value(), "no }} braces { {");
}

TEST(Template, FourBracesAreTwo) {
  EXPECT_EQ(FillTemplate("{{{{ x }}", kValues).value(), "{{ x }}");
  EXPECT_EQ(FillTemplate("{{{{{{ run.id }}", kValues).value(), "{{r1");
}

TEST(Template, AValueIsNotLookedAtAgain) {
  EXPECT_EQ(FillTemplate("{{ partition.country }}", kValues).value(), "{{ partition }}");
}

TEST(Template, SqlValuesNeverEndALiteral) {
  EXPECT_EQ(FillSqlTemplate("WHERE x = '{{ partition.quote }}'", kValues).value(),
            "WHERE x = 'O''Hara'' OR ''1''=''1'");
}

TEST(Template, ShellValuesWithAMeaningAreRefused) {
  EXPECT_EQ(FillShellTemplate("echo {{ partition }}", kValues).value(), "echo event_time=2024-01-01");
  for (const char* value : {"$(rm -rf /)", "a b", "a;b", "`id`", "'", "\"", "a\nb", "a&b", "*", "~root", "\\", "ä"}) {
    const auto filled = FillShellTemplate("echo {{ partition.x }}", {{"partition.x", value}});
    ASSERT_FALSE(filled) << value;
    EXPECT_EQ(filled.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_NE(filled.error().hint.find("$LATECOMER_PARTITION_X"), std::string::npos);
  }
}

TEST(Template, UnknownNamesComeWithTheNearest) {
  const auto filled = FillTemplate("line\n{{ partition.event_tme }}", kValues);
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().kind, ErrorKind::kInvalidFile);
  EXPECT_EQ(filled.error().message, "there is no template variable `partition.event_tme`");
  EXPECT_EQ(filled.error().hint, "did you mean `partition.event_time`?");
  EXPECT_EQ(filled.error().line, 2);
}

TEST(Template, UnclosedBracesAreErrors) {
  for (const char* text : {"{{ run.id", "{{ run.id }", "{{ run.id {{ run.id }}", "{{"}) {
    const auto filled = FillTemplate(text, kValues);
    ASSERT_FALSE(filled) << text;
    EXPECT_NE(filled.error().message.find("is not closed"), std::string::npos);
  }
  EXPECT_FALSE(FillTemplate("{{ }}", kValues));
}

TEST(Template, NamesAndEnvironment) {
  EXPECT_EQ(TemplateNames("{{ a.b }} {{{{ c {{d}}").value(), (std::vector<std::string>{"a.b", "d"}));
  EXPECT_FALSE(TemplateNames("{{ a"));
  const auto environment = TemplateEnvironment({{"partition.event_time", "2024-01-01"}, {"sources.a-b.table", "/t"}});
  EXPECT_EQ(environment.at("LATECOMER_PARTITION_EVENT_TIME"), "2024-01-01");
  EXPECT_EQ(environment.at("LATECOMER_SOURCES_A_B_TABLE"), "/t");
}

TEST(Template, NoValueEndsALiteralOfSparksSql) {
  const TemplateValues values = {{"a", R"(x' OR "1"='1\)"}};
  EXPECT_EQ(*FillSparkSqlTemplate("'{{ a }}'", values), R"('x\' OR \"1\"=\'1\\')");
}

}  // namespace
}  // namespace latecomer::pipeline
