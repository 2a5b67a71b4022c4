#include "engine/rebuild.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/later_changes.h"
#include "engine/output_groups.h"
#include "engine/run_names.h"

namespace latecomer::engine {
namespace {

using table::RecordedWrite;

struct Output {
  std::string step;
  std::string location;
  std::map<std::string, RecordedWrite> writes;  // by application id
  std::vector<table::PartitionKey> live;        // that have files
};

Result<std::vector<Output>> ReadOutputs(const pipeline::Pipeline& pipeline, table::Catalog& catalog) {
  std::vector<Output> outputs;
  for (const pipeline::Step& step : pipeline.steps) {
    const std::string* into = pipeline::DeclaredOutput(step);
    if (into == nullptr) continue;
    Output& output = outputs.emplace_back(Output{.step = step.id, .location = *into, .writes = {}, .live = {}});
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(*into));
    LATECOMER_ASSIGN_OR_RETURN(std::vector<RecordedWrite> writes,
                               history->ReadRecordedWrites("latecomer/" + pipeline.id + "/"));
    for (RecordedWrite& write : writes) {
      std::string app_id = write.transaction.app_id;
      output.writes.insert_or_assign(std::move(app_id), std::move(write));
    }
    LATECOMER_ASSIGN_OR_RETURN(table::Snapshot snapshot, history->ReadSnapshot(std::nullopt));
    for (table::PartitionState& state : snapshot.partitions) output.live.push_back(std::move(state.key));
  }
  if (!outputs.empty()) return outputs;
  return Fail(Error(ErrorKind::kInvalidArgument,
                    "no step of the pipeline says `into:`, so nothing but the "
                    "ledger tells what was processed")
                  .In(pipeline.file)
                  .Hint("`latecomer adopt` records partitions as processed at a version you name"));
}

// `ours`: this ledger and those it took over from before.
Result<std::set<std::string>> OtherLedgers(const std::vector<Output>& outputs, const std::set<std::string>& ours,
                                           bool take_over) {
  std::set<std::string> others;
  for (const Output& output : outputs) {
    for (const auto& [app_id, write] : output.writes) {
      const std::string& id = write.transaction.ledger_id;
      if (id.empty() || ours.contains(id)) continue;
      others.insert(id);
      if (take_over) continue;
      return Fail(Error(ErrorKind::kConflict, "this output was written for another ledger, " + Printable(id))
                      .In(output.location)
                      .Hint("use that ledger (--ledger); when it is lost or no longer used, add --take-over"));
    }
  }
  return others;
}

// What the outputs together say of one partition.
struct Verdict {
  enum class Kind { kNothing, kBuilt, kUnknown, kAhead, kIncomplete } kind = Kind::kNothing;
  VersionVector vector{};
  std::int64_t token = 0;
  std::string ledger_id{};  // of the newest write, as are run and time
  std::string run_id{};
  Instant at{};
};

// From several outputs the older version of each source: what came after it isn't in all of them.
void Lower(VersionVector& vector, const RecordedWrite& write) {
  for (const auto& [source, number] : write.transaction.vector) {
    const auto [it, is_new] = vector.try_emplace(source, Version{number});
    if (!is_new) it->second = std::min(it->second, Version{number});
  }
}

// From a version that the source doesn't have: it is another table now, or went backwards.
bool IsAhead(const VersionVector& vector, const VersionVector& newest) {
  return std::any_of(vector.begin(), vector.end(), [&](const auto& one) {
    const auto there = newest.find(one.first);
    return there != newest.end() && one.second > there->second;
  });
}

Verdict Judge(const pipeline::Pipeline& pipeline, const std::vector<Output>& outputs, const VersionVector& newest,
              const table::PartitionKey& key) {
  Verdict verdict;
  std::size_t found = 0;
  bool unknown = false;
  for (const Output& output : outputs) {
    const auto it = output.writes.find(TransactionAppId(pipeline.id, key, output.step));
    if (it == output.writes.end()) continue;
    ++found;
    const RecordedWrite& write = it->second;
    for (const pipeline::Source& source : pipeline.sources) {
      unknown = unknown || !write.transaction.vector.contains(source.name);
    }
    Lower(verdict.vector, write);
    if (write.transaction.version <= verdict.token) continue;
    verdict.token = write.transaction.version;
    verdict.ledger_id = write.transaction.ledger_id;
    verdict.run_id = write.transaction.run_id;
    verdict.at = write.at;
  }
  if (found == 0) return verdict;
  verdict.kind = found < outputs.size()            ? Verdict::Kind::kIncomplete
                 : unknown                         ? Verdict::Kind::kUnknown
                 : IsAhead(verdict.vector, newest) ? Verdict::Kind::kAhead
                                                   : Verdict::Kind::kBuilt;
  return verdict;
}

// The ledger that gave the write its token knows what became of it; and while a run is at work, it is left alone.
Result<bool> IsKnown(ledger::Reader& reader, const std::string& own_id, const std::string& pipeline,
                     const std::string& partition, const Verdict& verdict) {
  LATECOMER_ASSIGN_OR_RETURN(const auto claim, reader.FindClaim(pipeline, partition));
  if (claim && !claim->released) return true;
  if (claim && verdict.ledger_id == own_id && claim->token >= verdict.token) return true;
  LATECOMER_ASSIGN_OR_RETURN(const auto there, reader.FindProcessed(pipeline, partition));
  return there && there->token >= verdict.token;
}

Status AppendRebuilt(ledger::Writer& writer, const std::string& pipeline, const std::string& partition,
                     const Verdict& verdict, Instant now) {
  nlohmann::ordered_json versions = nlohmann::ordered_json::object();
  for (const auto& [source, version] : verdict.vector) versions[source] = version.value;
  const nlohmann::ordered_json detail{{"run", verdict.run_id}, {"token", verdict.token}, {"versions", versions}};
  return writer.AppendEvent({.at = now,
                             .pipeline = pipeline,
                             .partition = partition,
                             .run_id = "",
                             .what = "processed.rebuilt",
                             .detail = detail.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)});
}

Status RecordOne(ledger::Writer& writer, const std::string& own_id, const pipeline::Pipeline& pipeline,
                 const table::PartitionKey& key, const Verdict& verdict, Instant now, Rebuilt& rebuilt) {
  if (verdict.kind == Verdict::Kind::kNothing) return {};
  const std::string partition = key.Canonical();
  LATECOMER_ASSIGN_OR_RETURN(const bool known, IsKnown(writer, own_id, pipeline.id, partition, verdict));
  if (known) {
    ++rebuilt.kept;
    return {};
  }
  if (verdict.kind != Verdict::Kind::kBuilt) {
    auto& list = verdict.kind == Verdict::Kind::kUnknown ? rebuilt.unknown
                 : verdict.kind == Verdict::Kind::kAhead ? rebuilt.ahead
                                                         : rebuilt.incomplete;
    list.push_back(key.Display());
    return {};
  }
  LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = pipeline.id,
                                                 .partition = partition,
                                                 .vector = verdict.vector,
                                                 .run_id = "rebuild",
                                                 .try_number = 0,
                                                 .token = verdict.token,
                                                 .at = verdict.at}));
  rebuilt.recorded.push_back(key.Display());
  return AppendRebuilt(writer, pipeline.id, partition, verdict, now);
}

// By source, the oldest version that an output says it was built from.
VersionVector OldestIn(const std::vector<Output>& outputs, const VersionVector& newest) {
  VersionVector oldest;
  for (const Output& output : outputs) {
    for (const auto& [app_id, write] : output.writes) {
      for (const auto& [source, number] : write.transaction.vector) {
        if (!newest.contains(source)) continue;
        const auto [it, is_new] = oldest.try_emplace(source, Version{number});
        if (!is_new) it->second = std::min(it->second, Version{number});
      }
    }
  }
  return oldest;
}

// Partitions that are gone matter to the outputs that were built when they were there. Of sources that go by time those
// of the outputs that have a verdict, of others all.
std::set<std::pair<std::string, std::string>> PartitionsOf(const pipeline::Pipeline& pipeline,
                                                           const OutputGroups& groups,
                                                           const std::map<std::string, Verdict>& verdicts) {
  std::set<std::pair<std::string, std::string>> partitions;  // location, key
  for (const auto& [canonical, verdict] : verdicts) {
    if (verdict.kind == Verdict::Kind::kNothing) continue;
    for (const MappedPartition& mapped : groups.at(canonical).partitions) {
      partitions.emplace(pipeline.sources[mapped.source].location, mapped.record->key);
    }
  }
  return partitions;
}

bool IsReadAsWhole(const pipeline::Pipeline& pipeline, const std::string& location) {
  return std::any_of(pipeline.sources.begin(), pipeline.sources.end(), [&](const pipeline::Source& source) {
    return source.location == location && !lateness::GoesByTime(source.mapping);
  });
}

// That latecomer wrote, and of which the sources have nothing: not even that they had.
std::vector<std::string> WithoutSource(const pipeline::Pipeline& pipeline, const std::vector<Output>& outputs,
                                       const OutputGroups& groups) {
  std::map<std::string, std::string> found;  // display by canonical key
  for (const Output& output : outputs) {
    for (const table::PartitionKey& key : output.live) {
      const std::string canonical = key.Canonical();
      if (groups.contains(canonical)) continue;
      if (!output.writes.contains(TransactionAppId(pipeline.id, key, output.step))) continue;
      found.emplace(canonical, key.Display());
    }
  }
  std::vector<std::string> names;
  names.reserve(found.size());
  for (auto& [canonical, display] : found) names.push_back(std::move(display));
  return names;
}

}  // namespace

Result<Rebuilt> RebuildProcessed(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                                 const ObservedSources& sources, bool take_over, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<Output> outputs, ReadOutputs(pipeline, catalog));
  ObservedSources whole = sources;
  std::set<std::string> ours{ledger.id()};
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::PredecessorRecord> before, reader.Predecessors());
    for (const ledger::PredecessorRecord& record : before) ours.insert(record.ledger_id);
    return LoadPartitions(reader, whole);
  }));
  LATECOMER_ASSIGN_OR_RETURN(const std::set<std::string> others, OtherLedgers(outputs, ours, take_over));
  const VersionVector newest = NewestOf(pipeline, sources);
  LATECOMER_ASSIGN_OR_RETURN(
      const LaterChangesByTable later,
      ReadLaterChanges(pipeline, catalog, sources, OldestIn(outputs, newest), /*what_is_left=*/true));
  for (const auto& [location, one] : later) {
    for (const auto& [key, left] : one.emptied) whole.tables.at(location).partitions.try_emplace(key, left);
  }
  LATECOMER_ASSIGN_OR_RETURN(const OutputGroups groups, GroupByOutput(pipeline, whole));
  std::map<std::string, Verdict> verdicts;
  for (const auto& [canonical, group] : groups) verdicts[canonical] = Judge(pipeline, outputs, newest, group.key);
  const auto partitions = PartitionsOf(pipeline, groups, verdicts);
  const auto is_wanted = [&](const std::string& location, const std::string& key) {
    return IsReadAsWhole(pipeline, location) || partitions.contains({location, key});
  };
  Rebuilt rebuilt;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    rebuilt = Rebuilt{};
    rebuilt.took_over.assign(others.begin(), others.end());
    rebuilt.without_source = WithoutSource(pipeline, outputs, groups);
    for (const auto& [location, table] : sources.tables) LATECOMER_RETURN_IF_ERROR(Store(writer, table));
    LATECOMER_RETURN_IF_ERROR(StoreLaterChanges(writer, later, is_wanted));
    LATECOMER_RETURN_IF_ERROR(DatePartitions(writer, sources, later));
    LATECOMER_ASSIGN_OR_RETURN(const auto known, writer.FindPipeline(pipeline.id));
    if (!known) {
      LATECOMER_RETURN_IF_ERROR(writer.PutPipeline({.id = pipeline.id,
                                                    .name = pipeline.name,
                                                    .file = pipeline.file,
                                                    .text = pipeline.text,
                                                    .definition_hash = pipeline.definition_hash,
                                                    .paused = false,
                                                    .updated = now}));
    }
    for (const std::string& id : others) {
      LATECOMER_RETURN_IF_ERROR(writer.PutPredecessor({.ledger_id = id, .at = now}));
    }
    for (const auto& [canonical, group] : groups) {
      LATECOMER_RETURN_IF_ERROR(
          RecordOne(writer, ledger.id(), pipeline, group.key, verdicts.at(canonical), now, rebuilt));
    }
    return {};
  }));
  return rebuilt;
}

}  // namespace latecomer::engine
