#include "engine/accept_definition.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "engine/accepted_since.h"
#include "engine/definition.h"
#include "engine/facts.h"
#include "engine/output_groups.h"
#include "engine/transitions.h"

namespace latecomer::engine {
namespace {

using pipeline::Pipeline;
using pipeline::Source;

// What an output is made from: source partitions by the name that the source has now.
using MadeOf = std::set<std::pair<std::string, std::string>>;

MadeOf MadeOfWhat(const Pipeline& pipeline, const OutputGroup& group, const std::map<std::string, std::string>& names) {
  MadeOf made;
  for (const MappedPartition& mapped : group.partitions) {
    const std::string& name = pipeline.sources[mapped.source].name;
    const auto renamed = names.find(name);
    made.emplace(renamed == names.end() ? name : renamed->second, mapped.record->key);
  }
  return made;
}

// By output of before what it was made from; empty when its sources are others by now.
Result<std::map<std::string, MadeOf>> MadeBefore(const Pipeline& before, const Pipeline& now,
                                                 const ObservedSources& sources, const DefinitionChange& change) {
  std::map<std::string, MadeOf> made;
  const auto named = [&](const Source& was) {
    return std::any_of(now.sources.begin(), now.sources.end(), [&](const Source& is) { return is.name == was.name; });
  };
  std::map<std::string, std::string> names;  // before → now
  for (const auto& [name, was] : change.renamed) names[was] = name;
  for (const Source& was : before.sources) {
    if (!sources.tables.contains(was.location)) return made;
    if (!named(was) && !names.contains(was.name) && lateness::GoesByTime(was.mapping)) return made;
  }
  const auto groups = GroupByOutput(before, sources);
  if (!groups) return made;  // the tables have other partition columns by now
  for (const auto& [canonical, group] : *groups) made[canonical] = MadeOfWhat(before, group, names);
  return made;
}

// A change that no comparison of partitions shows: everything is another one.
bool ChangesEverything(const Pipeline& before, const Pipeline& now) {
  for (const pipeline::Step& is : now.steps) {
    for (const pipeline::Step& was : before.steps) {
      const std::string* from = pipeline::DeclaredOutput(was);
      const std::string* to = pipeline::DeclaredOutput(is);
      if (was.id == is.id && from != nullptr && to != nullptr && *from != *to) return true;
    }
  }
  for (const Source& is : now.sources) {
    for (const Source& was : before.sources) {
      if (was.name != is.name) continue;
      const bool by_time = lateness::GoesByTime(was.mapping) && lateness::GoesByTime(is.mapping);
      const bool same = lateness::FormatMapping(was.mapping) == lateness::FormatMapping(is.mapping);
      if (was.location != is.location || (!by_time && !same)) return true;
    }
  }
  return false;
}

struct Acceptance {
  const Pipeline& before;
  const Pipeline& now;
  const ObservedSources& sources;  // with all their partitions
  const DefinitionChange& change;
  AcceptAs as;
  Instant at;
};

// What of the processed partitions is an output still, and what that counts as built from.
Status Revise(ledger::Writer& writer, const Acceptance& acceptance, const OutputGroups& groups,
              AcceptedDefinition& accepted) {
  LATECOMER_ASSIGN_OR_RETURN(const auto made,
                             MadeBefore(acceptance.before, acceptance.now, acceptance.sources, acceptance.change));
  const bool everything = acceptance.as == AcceptAs::kChanged || ChangesEverything(acceptance.before, acceptance.now);
  const VersionVector newest = NewestOf(acceptance.now, acceptance.sources);
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::ProcessedRecord> processed, writer.Processed(acceptance.now.id));
  for (ledger::ProcessedRecord& record : processed) {
    const auto group = groups.find(record.partition);
    if (group == groups.end()) {
      LATECOMER_RETURN_IF_ERROR(writer.RemoveProcessed(record.pipeline, record.partition));
      ++accepted.gone;
      continue;
    }
    const auto was = made.find(record.partition);
    // A new source is no other making: it counts as seen.
    MadeOf is = MadeOfWhat(acceptance.now, group->second, {});
    for (const std::string& name : acceptance.change.new_sources) {
      std::erase_if(is, [&](const auto& part) { return part.first == name; });
    }
    const bool same = !everything && was != made.end() && was->second == is;
    if (acceptance.as == AcceptAs::kProcessed) {
      record.vector = newest;
    } else if (same) {
      record.vector = CarryOver(acceptance.change, newest, std::move(record.vector));
    } else {
      record.vector.clear();
    }
    ++(record.vector.empty() ? accepted.late : accepted.kept);
    LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(record));
  }
  return {};
}

// With --as-processed: outputs that the definition before didn't have count as made, too, as far as they would be by
// now.
Status RecordDue(ledger::Writer& writer, const Acceptance& acceptance, AcceptedDefinition& accepted) {
  LATECOMER_ASSIGN_OR_RETURN(const lateness::PlanInput facts,
                             GatherFacts(writer, acceptance.now, acceptance.sources, acceptance.at));
  std::set<std::string> processed;
  for (const lateness::OutputFacts& output : facts.outputs) {
    if (output.processed) processed.insert(output.key.Canonical());
  }
  for (const lateness::PlanEntry& entry : lateness::MakePlan(acceptance.now.rules, facts).entries) {
    const std::string partition = entry.key.Canonical();
    const bool due = entry.late || entry.decision == lateness::Decision::kProcess;
    if (!due || processed.contains(partition)) continue;
    LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = acceptance.now.id,
                                                   .partition = partition,
                                                   .vector = facts.newest,
                                                   .run_id = "accept",
                                                   .try_number = 0,
                                                   .token = 0,
                                                   .at = acceptance.at}));
    ++accepted.kept;
  }
  return {};
}

// Queued runs of what is no output any more are cancelled. Others make their outputs as the definition says now, so
// nothing that a try before left is kept for them.
Status ReviseQueued(ledger::Writer& writer, const Acceptance& acceptance, const OutputGroups& groups,
                    AcceptedDefinition& accepted) {
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::RunRecord> runs,
                             writer.Runs({.pipeline = acceptance.now.id, .open_only = true}));
  for (ledger::RunRecord& run : runs) {
    if (groups.contains(run.partition)) {
      LATECOMER_RETURN_IF_ERROR(ForgetKept(writer, run));
      continue;
    }
    LATECOMER_RETURN_IF_ERROR(MoveRun(writer, run, ledger::RunState::kCancelled,
                                      "its partition is no output of the changed definition", acceptance.at));
    accepted.cancelled.push_back(run.run_id);
  }
  return {};
}

Status AppendAccepted(ledger::Writer& writer, const std::string& pipeline, const AcceptedDefinition& accepted,
                      const DefinitionChange& change, Instant now) {
  const nlohmann::ordered_json detail{{"what", accepted.what}, {kOtherTables, change.other_tables},
                                      {"late", accepted.late}, {"kept", accepted.kept},
                                      {"gone", accepted.gone}, {"cancelled", accepted.cancelled}};
  ledger::EventRecord event;
  event.at = now;
  event.pipeline = pipeline;
  event.what = "definition.accepted";
  event.detail = detail.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return writer.AppendEvent(event);
}

Status CheckNoClaims(ledger::Reader& reader, const Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::ClaimRecord> claims, reader.ClaimsHeld(pipeline.id));
  if (claims.empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(const auto run, reader.FindRun(claims.front().run));
  const std::string name = run ? run->run_id : claims.front().partition;
  return Fail(Error(ErrorKind::kConflict, "run " + name + " is going on by the definition before")
                  .Hint("let it end, or `latecomer cancel " + pipeline.file + " " + name + "`"));
}

}  // namespace

Result<std::optional<Pipeline>> DefinitionBefore(ledger::Reader& reader, const Pipeline& pipeline) {
  const Status same = CheckDefinition(reader, pipeline);
  if (same) return std::optional<Pipeline>{};
  if (same.error().kind != ErrorKind::kConflict) return Fail(same.error());
  LATECOMER_ASSIGN_OR_RETURN(const auto known, reader.FindPipeline(pipeline.id));
  LATECOMER_ASSIGN_OR_RETURN(Pipeline before, pipeline::ParseRecordedPipeline(known->text, known->file));
  return std::optional(std::move(before));
}

Result<std::optional<AcceptedDefinition>> AcceptDefinition(ledger::Ledger& ledger, const Pipeline& pipeline,
                                                           const ObservedSources& sources, AcceptAs as, Instant now) {
  ObservedSources whole = sources;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) { return LoadPartitions(reader, whole); }));
  std::optional<AcceptedDefinition> accepted;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    accepted.reset();
    LATECOMER_ASSIGN_OR_RETURN(const auto before, DefinitionBefore(writer, pipeline));
    if (!before) return {};
    LATECOMER_RETURN_IF_ERROR(CheckNoClaims(writer, pipeline));
    for (const auto& [location, table] : sources.tables) LATECOMER_RETURN_IF_ERROR(Store(writer, table));
    LATECOMER_ASSIGN_OR_RETURN(const OutputGroups groups, GroupByOutput(pipeline, whole));
    const DefinitionChange change = CompareDefinitions(*before, pipeline);
    const Acceptance acceptance{*before, pipeline, whole, change, as, now};
    accepted.emplace().what = change.needs_accept;
    LATECOMER_RETURN_IF_ERROR(Revise(writer, acceptance, groups, *accepted));
    LATECOMER_RETURN_IF_ERROR(ReviseQueued(writer, acceptance, groups, *accepted));
    LATECOMER_RETURN_IF_ERROR(CarryOverReleases(writer, pipeline.id, change));
    LATECOMER_RETURN_IF_ERROR(PutDefinition(writer, pipeline, now));
    if (as == AcceptAs::kProcessed) LATECOMER_RETURN_IF_ERROR(RecordDue(writer, acceptance, *accepted));
    return AppendAccepted(writer, pipeline.id, *accepted, change, now);
  }));
  return accepted;
}

}  // namespace latecomer::engine
