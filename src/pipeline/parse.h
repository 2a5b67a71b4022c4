// The parts of a pipeline file, each read into its place in a Pipeline. Inside this folder only.
#pragma once

#include <string>

#include "pipeline/pipeline.h"
#include "pipeline/yaml_reader.h"

namespace latecomer::pipeline {

// Each takes the value of its section. `pipeline.folder` and, for later sections, earlier ones are set.
Status ParseSources(const YamlReader& reader, const YamlNode& node, Pipeline& pipeline);
// After ParseSources, from the whole file: the `output` section may be missing.
Status ParseOutput(const YamlReader& reader, const YamlNode& root, Pipeline& pipeline);
Status ParseSchedule(const YamlReader& reader, const YamlNode& node, Pipeline& pipeline);
Status ParseLateData(const YamlReader& reader, const YamlNode& node, Pipeline& pipeline);
enum class SqlFiles { kRead, kLeaveOut };
Status ParseSteps(const YamlReader& reader, const YamlNode& node, SqlFiles files, Pipeline& pipeline);

// Values that several sections have.
Result<lateness::TimeColumns> ParsePartition(const YamlReader& reader, const YamlNode& node);
Result<Cadence> ReadCadence(const YamlReader& reader, const YamlNode& node);
Result<TimeZone> ReadTimeZone(const YamlReader& reader, const YamlNode& node);

// Of a step. `pipeline` has the steps before it.
Result<SparkStep> ParseSpark(const YamlReader& reader, const YamlNode& step, SqlFiles files, const Pipeline& pipeline);
Result<AirflowDagStep> ParseAirflowDag(const YamlReader& reader, const YamlNode& step, const Pipeline& pipeline);
// The `environment` of a step that runs a program; empty when it has none.
Result<std::map<std::string, std::string>> ParseEnvironment(const YamlReader& reader, const YamlNode& step,
                                                            const Pipeline& pipeline);
// kInvalidFile when a template in `text` names none of this pipeline's values.
Status CheckTemplateOf(const YamlReader& reader, const YamlNode& node, const std::string& text,
                       const Pipeline& pipeline);
// The same for the text of a file that the pipeline names.
Status CheckTemplateOfFile(const std::string& path, const std::string& text, const Pipeline& pipeline);
// The location of a table that a step declares as its output: no source, in no source, and no other step's.
Result<std::string> ParseInto(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline);

// A table's location: absolute path or URI, relative ones against `pipeline.folder`.
Result<std::string> ResolveTable(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline);

// The whole of a file. kNotFound, kPermission, … as the system says.
Result<std::string> ReadTextFile(const std::string& path);

// [A-Za-z0-9_.-]+, beginning with a letter, digit or underscore, at most 100 characters: safe in file
// names and run ids.
bool IsIdentifier(std::string_view text);

}  // namespace latecomer::pipeline
