// `{{ partition.event_time }}` and friends in commands, SQL and arguments.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace latecomer::pipeline {

// Dotted name → value: "partition.event_time", "partition", "sources.devices.table",
// "sources.devices.version", "interval.start", "interval.end", "run.id", "run.kind", "claim.token".
using TemplateValues = std::map<std::string, std::string>;

// kInvalidFile naming the unknown variable and the nearest known one, or the unclosed "{{". "{{{{" is a
// literal "{{". A filled-in value is never looked at again for templates.
Result<std::string> FillTemplate(std::string_view text, const TemplateValues& values);

// As FillTemplate, but each value is put in as a SQL string literal's content is quoted ('' for ').
// Used for SQL text, where a value must never end a literal.
Result<std::string> FillSqlTemplate(std::string_view text, const TemplateValues& values);

// The same for Spark's SQL, whose literals are ended by ' or " and know backslashes.
Result<std::string> FillSparkSqlTemplate(std::string_view text, const TemplateValues& values);

// The same for texts in which Kubernetes replaces $(NAME) by variables: $ is doubled in values.
Result<std::string> FillKubernetesTemplate(std::string_view text, const TemplateValues& values);

// Fills in each text of a JSON value (not the keys of its maps), as FillTemplate does.
Result<std::string> FillJsonTemplate(std::string_view json, const TemplateValues& values);

// As FillTemplate, for text that a shell reads: a value with a character that means something to a shell
// (spaces and quotes included) is refused with kInvalidArgument that names the environment variable to use.
Result<std::string> FillShellTemplate(std::string_view text, const TemplateValues& values);

// The names used in a text, for checks at load time.
Result<std::vector<std::string>> TemplateNames(std::string_view text);

// kInvalidFile at the line of the text whose variable is none of `known`, or whose "{{" is not closed.
Status CheckTemplate(std::string_view text, const std::vector<std::string>& known);
// kInvalidFile with the nearest known name as hint.
Error UnknownTemplateName(std::string_view name, const std::vector<std::string>& known);

// LATECOMER_PARTITION_EVENT_TIME=…, one for each value: upper case, dots and odd characters as '_'.
std::map<std::string, std::string> TemplateEnvironment(const TemplateValues& values);

}  // namespace latecomer::pipeline
