#include "engine/template_values.h"

namespace latecomer::engine {

pipeline::TemplateValues TemplateValuesOf(const pipeline::Pipeline& pipeline, const table::PartitionKey& key,
                                          const ledger::RunRecord& run, const ledger::TryRecord& attempt) {
  pipeline::TemplateValues values;
  values["partition"] = table::HivePath(key);
  for (std::size_t i = 0; i < key.size(); ++i) values["partition." + key.name(i)] = key.value(i).text();
  for (const pipeline::Source& source : pipeline.sources) {
    values["sources." + source.name + ".table"] = source.location;
    const auto pinned = attempt.vector.find(source.name);
    values["sources." + source.name + ".version"] =
        pinned == attempt.vector.end() ? "" : std::to_string(pinned->second.value);
  }
  const auto interval = lateness::IntervalOfKey(key, pipeline.output.partition, pipeline.rules.calendar);
  values["interval.start"] = interval ? FormatInstant(interval->start) : "";
  values["interval.end"] = interval ? FormatInstant(interval->end) : "";
  values["run.id"] = run.run_id;
  values["run.kind"] = std::string(Name(run.kind));
  values["claim.token"] = std::to_string(attempt.token);
  return values;
}

}  // namespace latecomer::engine
