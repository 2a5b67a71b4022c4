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

// Writes what `released` says, and gives it its event.
Status LetGo(ledger::Writer& writer, const pipeline::Pipeline& pipeline,
             const std::vector<ledger::ReleaseRecord>& releases, const Act& act, Released& released) {
  const std::string partition = released.key.Canonical();
  const auto before = OfPartition(releases, partition);
  LATECOMER_RETURN_IF_ERROR(writer.PutRelease({pipeline.id, partition, released.up_to, act.now}));
  nlohmann::ordered_json detail{{"rule", released.rule}, {"up_to", VectorJson(released.up_to)}};
  detail["before"] = before ? VectorJson(before->up_to) : nlohmann::ordered_json();
  LATECOMER_ASSIGN_OR_RETURN(
      released.event,
      AppendActEvent(writer, act, PartitionEvent(pipeline.id, partition, "partition.released"), detail));
  return {};
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
  Released released{.key = key, .hold = {}, .rule = entry->rule, .up_to = NewestOf(pipeline, sources)};
  LATECOMER_RETURN_IF_ERROR(LetGo(writer, pipeline, releases, act, released));
  return released;
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

namespace {

Result<RuleRelease> PlanRelease(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                const ObservedSources& sources, const std::string& rule, Instant now) {
  RuleRelease release;
  LATECOMER_ASSIGN_OR_RETURN(const lateness::Plan plan, PlanNow(reader, pipeline, sources, now));
  LATECOMER_ASSIGN_OR_RETURN(const auto holds, reader.Holds(pipeline.id));
  const VersionVector up_to = NewestOf(pipeline, sources);
  std::vector<std::string> lines{rule, VectorJson(up_to).dump()};
  for (const lateness::PlanEntry& entry : plan.entries) {
    if (!lateness::MayBeReleased(entry) || entry.rule != rule) continue;
    if (OfPartition(holds, entry.key.Canonical())) continue;
    release.affected.push_back({.key = entry.key, .hold = {}, .rule = rule, .up_to = up_to});
    lines.push_back(entry.key.Canonical());
  }
  release.fingerprint = FingerprintOf(lines);
  if (!release.affected.empty()) return release;
  return Fail(Error(ErrorKind::kNotFound, "the rule `" + Printable(rule) + "` holds nothing")
                  .Hint(rule == "hold" ? "what a person holds is released by its partition"
                                       : "`latecomer plan --held` lists what is held, and by which rule"));
}

}  // namespace

Result<RuleRelease> PreviewReleaseOfRule(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                         const ObservedSources& sources, const std::string& rule, Instant now) {
  RuleRelease release;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(release, PlanRelease(reader, pipeline, sources, rule, now));
    return {};
  }));
  return release;
}

Result<RuleRelease> ReleaseAllOfRule(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                     const ObservedSources& sources, const std::string& rule,
                                     const std::string& confirmed, const Act& act) {
  RuleRelease release;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(release, PlanRelease(writer, pipeline, sources, rule, act.now));
    LATECOMER_RETURN_IF_ERROR(SameAsShown(confirmed, release.fingerprint));
    LATECOMER_ASSIGN_OR_RETURN(const auto releases, writer.Releases(pipeline.id));
    for (Released& one : release.affected) {
      LATECOMER_RETURN_IF_ERROR(LetGo(writer, pipeline, releases, act, one));
    }
    return {};
  }));
  return release;
}

}  // namespace latecomer::engine
