#include "engine/adopt.h"

#include "engine/compare_states.h"
#include "engine/later_changes.h"
#include "engine/output_groups.h"

namespace latecomer::engine {
namespace {

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
  LATECOMER_ASSIGN_OR_RETURN(const LaterChangesByTable later,
                             ReadLaterChanges(pipeline, catalog, sources, at, /*what_is_left=*/false));
  // What came and went after `at` is in no output.
  const auto was_there = [&](const std::string& location, const std::string& key) {
    return then.tables.at(location).partitions.contains(key);
  };
  Adopted adopted;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    adopted = Adopted{};
    LATECOMER_RETURN_IF_ERROR(StoreLaterChanges(writer, later, was_there));
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
