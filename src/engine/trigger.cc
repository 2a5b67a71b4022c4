#include "engine/trigger.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/definition.h"
#include "engine/facts.h"
#include "engine/named_partition.h"
#include "engine/open_facts.h"
#include "engine/run_names.h"
#include "lateness/decide.h"
#include "lateness/key_interval.h"

namespace latecomer::engine {
namespace {

using ledger::RunRecord;

Result<std::vector<table::PartitionKey>> KeysOf(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                                const ObservedSources& sources, const TriggerSelection& selection,
                                                Instant now) {
  std::map<std::string, table::PartitionKey> chosen;
  for (const table::PartitionKey& key : selection.partitions) {
    LATECOMER_RETURN_IF_ERROR(CheckNamedPartition(reader, pipeline, sources, key));
    chosen.emplace(key.Canonical(), key);
  }
  if (selection.from || selection.to) {
    LATECOMER_ASSIGN_OR_RETURN(const lateness::PlanInput facts, GatherFacts(reader, pipeline, sources, now));
    for (const lateness::OutputFacts& output : facts.outputs) {
      const auto& start = output.start;
      if (!start || (selection.from && *start < *selection.from) || (selection.to && *start > *selection.to)) continue;
      if (!output.gap && !lateness::Exists(output)) continue;  // a person holds it before it has data
      chosen.emplace(output.key.Canonical(), output.key);
    }
  }
  std::vector<table::PartitionKey> keys;
  keys.reserve(chosen.size());
  for (auto& [canonical, key] : chosen) keys.push_back(std::move(key));
  const auto start_of = [&](const table::PartitionKey& key) {
    return lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar).value_or(LocalTime::max());
  };
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) { return start_of(a) < start_of(b); });
  return keys;
}

Result<TriggerPlan> Plan(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                         const TriggerSelection& selection, Instant now) {
  LATECOMER_RETURN_IF_ERROR(CheckDefinition(reader, pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<table::PartitionKey> keys,
                             KeysOf(reader, pipeline, sources, selection, now));
  LATECOMER_ASSIGN_OR_RETURN(const auto open, reader.Runs({.pipeline = pipeline.id, .open_only = true}));
  TriggerPlan plan;
  std::vector<std::string> lines;
  for (const table::PartitionKey& key : keys) {
    TriggeredRun one{.key = key, .processed = {}, .open_run = {}, .run = {}};
    const std::string canonical = key.Canonical();
    LATECOMER_ASSIGN_OR_RETURN(one.processed, reader.FindProcessed(pipeline.id, canonical));
    for (const RunRecord& run : open) {
      if (run.partition == canonical) one.open_run = run.run_id;
    }
    lines.push_back(canonical + one.open_run);
    plan.affected.push_back(std::move(one));
  }
  plan.fingerprint = FingerprintOf(lines);
  return plan;
}

Status TriggerOne(ledger::Writer& writer, const pipeline::Pipeline& pipeline, TriggeredRun& one, const Act& act) {
  RunRecord& run = one.run;
  run.pipeline = pipeline.id;
  run.run_id = ManualRunId(one.key, act.now);
  run.partition = one.key.Canonical();
  run.partition_display = PartitionName(one.key);
  run.kind = ledger::RunKind::kManual;
  run.cause = "manual:" + run.run_id;
  run.note = act.note;
  run.created = act.now;
  LATECOMER_ASSIGN_OR_RETURN(run.id, writer.InsertRun(run));
  const std::string why = "asked for by " + (act.by.empty() ? std::string("a person") : act.by);
  const nlohmann::ordered_json detail{{"cause", run.cause}, {"why", why}};
  return AppendActEvent(writer, act, EventOf(run, "run.created"), detail).map([](auto) {});
}

}  // namespace

Result<TriggerPlan> PreviewTrigger(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                   const ObservedSources& sources, const TriggerSelection& selection) {
  TriggerPlan plan;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(plan, Plan(reader, pipeline, sources, selection, Instant{}));
    return {};
  }));
  return plan;
}

Result<TriggerPlan> ApplyTrigger(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                 const ObservedSources& sources, const TriggerSelection& selection,
                                 const std::string& confirmed, const Act& act) {
  TriggerPlan plan;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(plan, Plan(writer, pipeline, sources, selection, act.now));
    LATECOMER_RETURN_IF_ERROR(SameAsShown(confirmed, plan.fingerprint));
    for (TriggeredRun& one : plan.affected) LATECOMER_RETURN_IF_ERROR(TriggerOne(writer, pipeline, one, act));
    return PlaceOutputs(writer, pipeline);
  }));
  return plan;
}

}  // namespace latecomer::engine
