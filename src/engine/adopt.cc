#include "engine/adopt.h"

#include "engine/compare_states.h"
#include "engine/output_groups.h"

namespace latecomer::engine {
namespace {

using Commits = std::map<std::string, std::vector<ledger::ChangeRecord>>;  // by location

// The sources as they were at the versions that outputs were built from.
Result<ObservedSources> SourcesAt(const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                                  const VersionVector& at) {
  ObservedSources sources;
  for (const pipeline::Source& source : pipeline.sources) {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
    LATECOMER_ASSIGN_OR_RETURN(const table::Snapshot snapshot, history->ReadSnapshot(at.at(source.name)));
    ObservedTable& table = sources.tables[source.location];
    table.record.location = source.location;
    table.record.partition_columns = snapshot.info.partition_columns;
    for (const table::PartitionState& state : snapshot.partitions) {
      ledger::SourcePartitionRecord record = ToSourcePartition(state, snapshot.info.version);
      std::string key = record.key;
      table.partitions.emplace(std::move(key), std::move(record));
    }
  }
  return sources;
}

// Changes after `at` that the first look at the tables did not record one by one.
Result<Commits> ChangesAfter(const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                             const ObservedSources& sources, const VersionVector& at) {
  Commits changes;
  for (const pipeline::Source& source : pipeline.sources) {
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
    std::vector<ledger::ChangeRecord>& list = changes[source.location];
    const VersionRange range{at.at(source.name), sources.Of(source).record.seen.version};
    LATECOMER_RETURN_IF_ERROR(history->ReadCommits(range, [&](table::Commit&& commit) -> Status {
      for (const table::PartitionChange& change : commit.partitions) {
        if (!change.data_change) continue;
        list.push_back({.version = commit.version,
                        .key = change.key.Canonical(),
                        .timestamp = commit.timestamp,
                        .operation = commit.operation,
                        .counts = change.counts,
                        .assumed = false,
                        .note = {}});
      }
      return {};
    }));
  }
  return changes;
}

Status AppendAdopted(ledger::Writer& writer, const std::string& pipeline, const VersionVector& at,
                     std::size_t partitions, Instant now) {
  std::string versions;
  for (const auto& [source, version] : at) {
    versions += (versions.empty() ? "\"" : ",\"") + source + "\":" + std::to_string(version.value);
  }
  ledger::EventRecord event;
  event.at = now;
  event.pipeline = pipeline;
  event.what = "pipeline.adopted";
  event.detail = "{\"versions\":{" + versions + "},\"partitions\":" + std::to_string(partitions) + "}";
  return writer.AppendEvent(event);
}

}  // namespace

Result<Adopted> Adopt(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                      const ObservedSources& sources, const VersionVector& at, std::optional<LocalTime> last,
                      Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const ObservedSources then, SourcesAt(pipeline, catalog, at));
  LATECOMER_ASSIGN_OR_RETURN(OutputGroups outputs, GroupByOutput(pipeline, then));
  std::erase_if(outputs,
                [&](const auto& output) { return last && (!output.second.start || *output.second.start > *last); });
  LATECOMER_ASSIGN_OR_RETURN(const Commits changes, ChangesAfter(pipeline, catalog, sources, at));
  Adopted adopted;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    adopted = Adopted{};
    for (const auto& [location, list] : changes) LATECOMER_RETURN_IF_ERROR(writer.PutChanges(location, list));
    for (const auto& [canonical, output] : outputs) {
      LATECOMER_ASSIGN_OR_RETURN(const auto there, writer.FindProcessed(pipeline.id, canonical));
      if (there) {
        ++adopted.already;
        continue;
      }
      ledger::ProcessedRecord record;
      record.pipeline = pipeline.id;
      record.partition = canonical;
      record.vector = at;
      record.run_id = "adopt";
      record.at = now;
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(record));
      adopted.partitions.push_back(output.key.Display());
    }
    return AppendAdopted(writer, pipeline.id, at, adopted.partitions.size(), now);
  }));
  return adopted;
}

}  // namespace latecomer::engine
