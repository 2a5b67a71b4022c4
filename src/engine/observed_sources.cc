#include "engine/observed_sources.h"

#include <algorithm>

namespace latecomer::engine {
namespace {

bool Holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Of a time column that a roll-up makes.
table::DataType MadeType(const pipeline::Output& output) {
  using table::TypeKind;
  if (!output.partition.format.empty()) return {TypeKind::kString};
  if (output.partition.columns.size() > 1) return {TypeKind::kInteger};
  return {output.cadence.unit == CadenceUnit::kHour ? TypeKind::kString : TypeKind::kDate};
}

}  // namespace

std::string ObservedSources::Note() const {
  std::string notes;
  for (const auto& [location, table] : tables) {
    if (table.note.empty()) continue;
    notes += (notes.empty() ? "" : "; ") + (tables.size() > 1 ? location + ": " : "") + table.note;
  }
  return notes;
}

Result<std::optional<ObservedSources>> LoadSources(ledger::Reader& reader, const pipeline::Pipeline& pipeline) {
  ObservedSources sources;
  for (const pipeline::Source& source : pipeline.sources) {
    if (sources.tables.contains(source.location)) continue;
    LATECOMER_ASSIGN_OR_RETURN(std::optional<ObservedTable> table, LoadKnown(reader, source.location));
    if (!table) return std::optional<ObservedSources>{};
    sources.tables.emplace(source.location, std::move(*table));
  }
  return std::optional<ObservedSources>(std::move(sources));
}

Result<ObservedSources> ObserveSources(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                       table::Catalog& catalog, Instant now) {
  ObservedSources observed;
  for (const pipeline::Source& source : pipeline.sources) {
    if (observed.tables.contains(source.location)) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
    std::optional<ObservedTable> known;
    LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(known, LoadKnown(reader, source.location));
      return {};
    }));
    LATECOMER_ASSIGN_OR_RETURN(ObservedTable table, Advance(*history, std::move(known), now, &ledger));
    observed.tables.emplace(source.location, std::move(table));
  }
  return observed;
}

Status LoadPartitions(ledger::Reader& reader, ObservedSources& sources) {
  for (auto& [location, table] : sources.tables) LATECOMER_RETURN_IF_ERROR(LoadPartitions(reader, table));
  return {};
}

VersionVector NewestOf(const pipeline::Pipeline& pipeline, const ObservedSources& sources) {
  VersionVector newest;
  for (const pipeline::Source& source : pipeline.sources) newest[source.name] = sources.Of(source).record.seen.version;
  return newest;
}

Result<table::PartitionSchema> OutputSchema(const pipeline::Pipeline& pipeline, const table::PartitionSchema& shape) {
  const pipeline::Source& source = pipeline::ShapeOf(pipeline);
  const bool made = source.mapping.kind == lateness::Mapping::Kind::kRollup;
  table::PartitionSchema schema;
  for (const std::string& name : pipeline.output.columns) {
    const auto it = std::find_if(shape.begin(), shape.end(), [&](const auto& column) { return column.name == name; });
    if (it != shape.end()) {
      schema.push_back(*it);
    } else if (made && Holds(pipeline.output.partition.columns, name)) {
      schema.push_back({name, MadeType(pipeline.output)});
    } else {
      return Fail(Error(ErrorKind::kInvalidFile,
                        "the output's partition column `" + name + "` is no partition column of " + source.location)
                      .In(pipeline.file)
                      .Hint("`latecomer partitions " + source.location + "` shows the table's partition columns"));
    }
  }
  return schema;
}

Result<table::PartitionSchema> OutputSchema(const pipeline::Pipeline& pipeline, const ObservedSources& sources) {
  return OutputSchema(pipeline, sources.Of(pipeline::ShapeOf(pipeline)).record.partition_columns);
}

}  // namespace latecomer::engine
