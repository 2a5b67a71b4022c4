#include "cli/mapping_text.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "lateness/mapping.h"

namespace latecomer::cli {
namespace {

using Kind = lateness::Mapping::Kind;

struct Example {
  LocalTime output;
  std::vector<LocalTime> from;
  LocalTime changed;
  std::vector<LocalTime> touches;
};

// Of the schedule's first interval, or of one whose boundaries are easy to see.
Example ExampleOf(const pipeline::Pipeline& pipeline, const pipeline::Source& source) {
  using namespace std::chrono;
  const Calendar& calendar = pipeline.rules.calendar;
  const LocalTime at = pipeline.rules.start.value_or(LocalTime(local_days{year{2024} / January / 8}));
  Example example;
  example.output = calendar.Floor(at);
  example.from = lateness::SourceStarts(source.mapping, source.calendar(), calendar, example.output);
  example.changed = example.from.empty() ? source.calendar().Floor(at) : example.from.front();
  example.touches = lateness::OutputStarts(source.mapping, source.calendar(), calendar, example.changed);
  return example;
}

std::string Span(const std::vector<LocalTime>& starts) {
  if (starts.empty()) return "nothing";
  const std::string first = FormatLocal(starts.front());
  return starts.size() == 1 ? first : first + " to " + FormatLocal(starts.back());
}

nlohmann::ordered_json FirstAndLast(const std::vector<LocalTime>& starts) {
  if (starts.empty()) return nlohmann::ordered_json::array();
  return {FormatLocal(starts.front()), FormatLocal(starts.back())};
}

}  // namespace

nlohmann::ordered_json MappingJson(const pipeline::Source& source) {
  if (source.mapping.kind == Kind::kWindow) return {{"window", source.mapping.window}};
  if (source.rollup) return {{"rollup", FormatCadence(*source.rollup)}};
  return lateness::FormatMapping(source.mapping);
}

nlohmann::ordered_json MappingExampleJson(const pipeline::Pipeline& pipeline, const pipeline::Source& source) {
  if (!lateness::GoesByTime(source.mapping)) return nullptr;
  const Example example = ExampleOf(pipeline, source);
  return {{"output", FormatLocal(example.output)},
          {"from", FirstAndLast(example.from)},
          {"changed", FormatLocal(example.changed)},
          {"touches", FirstAndLast(example.touches)}};
}

std::string MappingText(const pipeline::Pipeline& pipeline, const pipeline::Source& source) {
  if (source.mapping.kind == Kind::kLatest) {
    const std::string what = source.partition.columns.empty() ? "the whole table" : "its newest partition";
    return what + " at the version pinned for the run; its changes make nothing late";
  }
  if (source.mapping.kind == Kind::kAll) {
    return "all partitions at the version pinned for the run; each change touches every output, of a table without "
           "partitions none";
  }
  const Example example = ExampleOf(pipeline, source);
  return "output " + FormatLocal(example.output) + " is made from " + Span(example.from) + "; a change of " +
         FormatLocal(example.changed) + " touches " + Span(example.touches);
}

}  // namespace latecomer::cli
