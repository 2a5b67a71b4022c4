// The `output` section, and what it is when the file doesn't say: derived from the sources and their mappings.
#include <algorithm>
#include <array>

#include "pipeline/parse.h"

namespace latecomer::pipeline {
namespace {

using Kind = lateness::Mapping::Kind;

bool Holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<std::size_t> FirstWith(const Pipeline& pipeline, Kind kind) {
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    if (pipeline.sources[i].mapping.kind == kind) return i;
  }
  return std::nullopt;
}

Status ChooseShape(const YamlReader& reader, const YamlNode& sources, Pipeline& pipeline) {
  for (const Kind kind : {Kind::kIdentity, Kind::kWindow, Kind::kRollup}) {
    if (const auto found = FirstWith(pipeline, kind)) {
      pipeline.output.shape = *found;
      return {};
    }
  }
  Error error = reader.Invalid(sources, "no source goes by time, so there is nothing to make output partitions from");
  error.hint = "give at least one source `mapping: identity`, {window: N} or {rollup: CADENCE}";
  return Fail(std::move(error));
}

// Year, month, day and hour are cut off where the longer interval needs no more of them.
std::vector<std::string> RolledUpColumns(const Source& source, const Cadence& output) {
  std::vector<std::string> columns = source.partition.columns;
  if (!source.partition.format.empty() || columns.size() == 1) return columns;
  std::size_t needed = columns.size();
  if (columns.size() == 2 && source.cadence.unit == CadenceUnit::kHour && output.unit != CadenceUnit::kHour) needed = 1;
  if (columns.size() > 2) needed = output.unit == CadenceUnit::kMonth ? 2 : output.unit == CadenceUnit::kHour ? 4 : 3;
  if (needed < columns.size()) columns.resize(needed);
  return columns;
}

// With the identity mapping and windows the output's time columns are the source's; others may stand beside them.
Status ParseSameColumns(const YamlReader& reader, const YamlNode& node, const lateness::TimeColumns& given,
                        Output& output, const Source& source) {
  for (const std::string& name : source.partition.columns) {
    if (Holds(given.columns, name)) continue;
    return Fail(reader.Invalid(node, "output.partition lacks `" + Printable(name) + "`, a time column of " +
                                         source.name + "; with mapping " +
                                         (source.mapping.kind == Kind::kWindow ? "window" : "identity") +
                                         " the output has the source's time columns"));
  }
  if (!given.format.empty() && given.format != source.partition.format) {
    return Fail(reader.Unsupported(node, "an output.partition.format other than the source's", "leave it out"));
  }
  for (const std::string& name : given.columns) {
    if (!Holds(source.partition.columns, name)) output.columns.push_back(name);
  }
  return {};
}

// Which of a roll-up's columns hold the interval's start: as many as the format has parts, else those that are the
// source's time columns, else the first. The others are the source's.
Status ParseMadeColumns(const YamlReader& reader, const YamlNode& node, const lateness::TimeColumns& given,
                        Output& output, const Source& source) {
  std::vector<std::string> time;
  if (!given.format.empty() && given.columns.size() > 1) {
    const auto parts = static_cast<std::size_t>(std::count(given.format.begin(), given.format.end(), ' ')) + 1;
    if (parts > given.columns.size()) {
      return Fail(reader.Invalid(node,
                                 "output.partition.format has more parts than there are columns; the texts of "
                                 "several columns are joined by one space each"));
    }
    time.assign(given.columns.begin(), given.columns.begin() + static_cast<std::ptrdiff_t>(parts));
  } else {
    for (const std::string& name : given.columns) {
      if (Holds(source.partition.columns, name)) time.push_back(name);
    }
    if (time.empty()) time.push_back(given.columns.front());
  }
  output.columns = time;
  for (const std::string& name : given.columns) {
    if (!Holds(time, name)) output.columns.push_back(name);
  }
  const bool as_source = time == source.partition.columns && given.format.empty();
  output.partition = {std::move(time), as_source ? source.partition.format : given.format};
  return {};
}

const YamlNode& MappingNode(const YamlNode& sources, const Source& source) {
  const YamlNode* node = sources.Find(source.name);
  const YamlNode* mapping = node->Find("mapping");
  return mapping == nullptr ? *node : *mapping;
}

// Do the mappings of all sources fit the output?
Status CheckMappings(const YamlReader& reader, const YamlNode& sources, const Pipeline& pipeline) {
  const Calendar output(pipeline.output.cadence, pipeline.output.time_zone);
  for (const Source& source : pipeline.sources) {
    if (!lateness::GoesByTime(source.mapping)) continue;
    if (source.rollup && !(*source.rollup == output.cadence())) {
      Error error = reader.Invalid(MappingNode(sources, source),
                                   "sources." + source.name + " is rolled up to " + FormatCadence(*source.rollup) +
                                       ", but the output is by " + FormatCadence(output.cadence()));
      error.hint = "write `{rollup: " + FormatCadence(output.cadence()) +
                   "}`, or give the output `cadence: " + FormatCadence(*source.rollup) + "`";
      return Fail(std::move(error));
    }
    const Status fits = lateness::CheckMapping(source.mapping, source.calendar(), output);
    if (fits) continue;
    Error error = reader.Invalid(MappingNode(sources, source), "sources." + source.name + ": " + fits.error().message);
    error.hint = fits.error().hint;
    return Fail(std::move(error));
  }
  return {};
}

}  // namespace

Status ParseOutput(const YamlReader& reader, const YamlNode& root, Pipeline& pipeline) {
  const YamlNode& sources = *root.Find("sources");
  LATECOMER_RETURN_IF_ERROR(ChooseShape(reader, sources, pipeline));
  const Source& shape = ShapeOf(pipeline);
  Output& output = pipeline.output;
  output.cadence = shape.rollup.value_or(shape.cadence);
  output.time_zone = shape.time_zone;
  const YamlNode* node = root.Find("output");
  if (node != nullptr) {
    LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(*node, "output", {"partition", "cadence", "time_zone"}));
    if (const YamlNode* cadence = node->Find("cadence")) {
      LATECOMER_ASSIGN_OR_RETURN(output.cadence, ReadCadence(reader, *cadence));
    }
    if (const YamlNode* zone = node->Find("time_zone")) {
      LATECOMER_ASSIGN_OR_RETURN(output.time_zone, ReadTimeZone(reader, *zone));
    }
  }
  LATECOMER_RETURN_IF_ERROR(CheckMappings(reader, sources, pipeline));
  const bool made = shape.mapping.kind == Kind::kRollup;
  output.partition = shape.partition;
  if (made) output.partition.columns = RolledUpColumns(shape, output.cadence);
  output.columns = output.partition.columns;
  const YamlNode* partition = node == nullptr ? nullptr : node->Find("partition");
  if (partition == nullptr) return {};
  LATECOMER_ASSIGN_OR_RETURN(const lateness::TimeColumns given, ParsePartition(reader, *partition));
  return made ? ParseMadeColumns(reader, *partition, given, output, shape)
              : ParseSameColumns(reader, *partition, given, output, shape);
}

}  // namespace latecomer::pipeline
