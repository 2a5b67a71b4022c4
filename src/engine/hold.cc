#include "engine/hold.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "engine/act_detail.h"
#include "engine/definition.h"
#include "engine/facts.h"
#include "engine/named_partition.h"

namespace latecomer::engine {
namespace {

ledger::EventRecord PartitionEvent(const std::string& pipeline, const std::string& partition, std::string what) {
  ledger::EventRecord event;
  event.pipeline = pipeline;
  event.partition = partition;
  event.what = std::move(what);
  return event;
}

template <typename Record>
std::optional<Record> OfPartition(const std::vector<Record>& records, const std::string& partition) {
  const auto found =
      std::find_if(records.begin(), records.end(), [&](const Record& record) { return record.partition == partition; });
  return found == records.end() ? std::nullopt : std::optional<Record>(*found);
}

Result<lateness::Plan> PlanNow(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                               const ObservedSources& sources, Instant now) {
  LATECOMER_RETURN_IF_ERROR(CheckDefinition(reader, pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const lateness::PlanInput facts, GatherFacts(reader, pipeline, sources, now));
  return lateness::MakePlan(pipeline.rules, facts);
}

Result<Released> ReleaseEntry(ledger::Writer& writer, const pipeline::Pipeline& pipeline,
                              const ObservedSources& sources, const lateness::PlanEntry& entry,
                              const std::vector<ledger::ReleaseRecord>& releases, const Act& act) {
  const std::string partition = entry.key.Canonical();
  const auto before = OfPartition(releases, partition);
  Released released{.key = entry.key, .hold = {}, .rule = entry.rule, .up_to = NewestOf(pipeline, sources)};
  LATECOMER_RETURN_IF_ERROR(writer.PutRelease({pipeline.id, partition, released.up_to, act.now}));
  nlohmann::ordered_json detail{{"rule", released.rule}, {"up_to", VectorJson(released.up_to)}};
  detail["before"] = before ? VectorJson(before->up_to) : nlohmann::ordered_json();
  LATECOMER_ASSIGN_OR_RETURN(
      released.event,
      AppendActEvent(writer, act, PartitionEvent(pipeline.id, partition, "partition.released"), detail));
  return released;
}

// What a rule holds of the partition.
Result<Released> ReleaseFromRule(ledger::Writer& writer, const pipeline::Pipeline& pipeline,
                                 const ObservedSources& sources, const table::PartitionKey& key, const Act& act) {
  LATECOMER_ASSIGN_OR_RETURN(const lateness::Plan plan, PlanNow(writer, pipeline, sources, act.now));
  const auto entry = std::find_if(plan.entries.begin(), plan.entries.end(),
                                  [&](const lateness::PlanEntry& candidate) { return candidate.key == key; });
  if (entry == plan.entries.end() || !lateness::MayBeReleased(*entry)) {
    return Fail(Error(ErrorKind::kNotFound, "nothing of " + key.Display() + " is held")
                    .Hint("`latecomer plan --held` lists what is held, and by which rule"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto releases, writer.Releases(pipeline.id));
  return ReleaseEntry(writer, pipeline, sources, *entry, releases, act);
}

}  // namespace

Result<Held> HoldPartition(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                           const table::PartitionKey& key, const std::string& reason, const Act& act) {
  constexpr std::size_t kLongest = 1000;
  if (Trim(reason).empty() || reason.size() > kLongest) {
    return Fail(Error(ErrorKind::kInvalidArgument, "a hold needs a reason of 1 to 1,000 bytes")
                    .Hint("say what has to happen before this partition may be processed"));
  }
  Held held;
  held.hold = {.pipeline = pipeline.id, .partition = key.Canonical(), .reason = reason, .by = act.by, .at = act.now};
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto known, writer.FindPipeline(pipeline.id));
    if (!known) return Fail(ErrorKind::kNotFound, "the ledger knows no pipeline " + pipeline.id);
    LATECOMER_RETURN_IF_ERROR(CheckDefinition(writer, pipeline));
    LATECOMER_RETURN_IF_ERROR(CheckNamedPartition(writer, pipeline, sources, key));
    LATECOMER_ASSIGN_OR_RETURN(const auto holds, writer.Holds(pipeline.id));
    const auto before = OfPartition(holds, held.hold.partition);
    LATECOMER_RETURN_IF_ERROR(writer.PutHold(held.hold));
    nlohmann::ordered_json detail{{"reason", reason}};
    detail["before"] = before ? HoldJson(*before) : nlohmann::ordered_json();
    LATECOMER_ASSIGN_OR_RETURN(
        held.event,
        AppendActEvent(writer, act, PartitionEvent(pipeline.id, held.hold.partition, "partition.held"), detail));
    return {};
  }));
  return held;
}

Result<Released> ReleasePartition(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                  const ObservedSources& sources, const table::PartitionKey& key, const Act& act) {
  Released released;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    released = Released{};
    released.key = key;
    const std::string partition = key.Canonical();
    LATECOMER_ASSIGN_OR_RETURN(const auto holds, writer.Holds(pipeline.id));
    released.hold = OfPartition(holds, partition);
    if (!released.hold) {
      LATECOMER_ASSIGN_OR_RETURN(released, ReleaseFromRule(writer, pipeline, sources, key, act));
      return {};
    }
    LATECOMER_RETURN_IF_ERROR(writer.RemoveHold(pipeline.id, partition));
    const nlohmann::ordered_json detail{{"rule", "hold"}, {"hold", HoldJson(*released.hold)}};
    LATECOMER_ASSIGN_OR_RETURN(
        released.event,
        AppendActEvent(writer, act, PartitionEvent(pipeline.id, partition, "partition.released"), detail));
    return {};
  }));
  return released;
}

Result<std::vector<Released>> ReleaseAllOfRule(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                               const ObservedSources& sources, const std::string& rule,
                                               const Act& act) {
  std::vector<Released> released;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    released.clear();
    LATECOMER_ASSIGN_OR_RETURN(const lateness::Plan plan, PlanNow(writer, pipeline, sources, act.now));
    LATECOMER_ASSIGN_OR_RETURN(const auto releases, writer.Releases(pipeline.id));
    LATECOMER_ASSIGN_OR_RETURN(const auto holds, writer.Holds(pipeline.id));
    for (const lateness::PlanEntry& entry : plan.entries) {
      if (!lateness::MayBeReleased(entry) || entry.rule != rule) continue;
      if (OfPartition(holds, entry.key.Canonical())) continue;
      LATECOMER_ASSIGN_OR_RETURN(released.emplace_back(),
                                 ReleaseEntry(writer, pipeline, sources, entry, releases, act));
    }
    if (!released.empty()) return {};
    return Fail(Error(ErrorKind::kNotFound, "the rule `" + Printable(rule) + "` holds nothing")
                    .Hint(rule == "hold" ? "what a person holds is released by its partition"
                                         : "`latecomer plan --held` lists what is held, and by which rule"));
  }));
  return released;
}

}  // namespace latecomer::engine
