#include "engine/definition.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/source_partitions.h"
#include "lateness/mapping.h"

namespace latecomer::engine {
namespace {

using pipeline::Pipeline;
using pipeline::Source;

// A folder that was moved as a whole took its tables along.
bool SameTable(const Pipeline& before, const Pipeline& now, const std::string& written_before,
               const std::string& location_before, const std::string& written_now, const std::string& location_now) {
  if (location_before == location_now) return true;
  return before.folder != now.folder && written_before == written_now && written_now != location_now;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string PartitionText(const std::vector<std::string>& columns, const lateness::TimeColumns& time) {
  return Joined(columns) + (time.format.empty() ? "" : " as " + time.format);
}

class Comparison {
 public:
  Comparison(const Pipeline& before, const Pipeline& now) : before_(before), now_(now) {}

  DefinitionChange Compare() {
    CompareSources();
    Note("output.partition", PartitionText(before_.output.columns, before_.output.partition),
         PartitionText(now_.output.columns, now_.output.partition));
    Note("output.cadence", FormatCadence(before_.output.cadence), FormatCadence(now_.output.cadence));
    Note("output.time_zone", before_.output.time_zone.name(), now_.output.time_zone.name());
    CompareSteps();
    return std::move(change_);
  }

 private:
  void Note(const std::string& what, const std::string& was, const std::string& is) {
    if (was != is) change_.needs_accept.push_back(what + " (" + Printable(was) + ", now " + Printable(is) + ")");
  }

  bool SameTableOf(const Source& was, const Source& is) const {
    return SameTable(before_, now_, was.table, was.location, is.table, is.location);
  }

  bool IsRenamed(const Source& was, const Source& is) const {
    return SameTableOf(was, is) && ReadingOf(was) == ReadingOf(is) &&
           lateness::FormatMapping(was.mapping) == lateness::FormatMapping(is.mapping);
  }

  static const Source* Find(const Pipeline& pipeline, const std::string& name) {
    const auto found = std::find_if(pipeline.sources.begin(), pipeline.sources.end(),
                                    [&](const Source& source) { return source.name == name; });
    return found == pipeline.sources.end() ? nullptr : &*found;
  }

  void CompareSources() {
    std::set<std::string> taken;  // names of before that another one goes on with
    for (const Source& is : now_.sources) {
      if (const Source* was = Find(before_, is.name)) {
        CompareSource(*was, is);
        continue;
      }
      const auto same = std::find_if(before_.sources.begin(), before_.sources.end(), [&](const Source& was) {
        return Find(now_, was.name) == nullptr && !taken.contains(was.name) && IsRenamed(was, is);
      });
      if (same == before_.sources.end()) {
        change_.new_sources.push_back(is.name);
      } else {
        taken.insert(same->name);
        change_.renamed[is.name] = same->name;
      }
    }
  }

  void CompareSource(const Source& was, const Source& is) {
    const std::string what = "sources." + is.name + ".";
    if (!SameTableOf(was, is)) {
      Note(what + "table", was.location, is.location);
      change_.other_tables.insert(is.name);
    }
    Note(what + "partition", PartitionText(was.partition.columns, was.partition),
         PartitionText(is.partition.columns, is.partition));
    Note(what + "cadence", FormatCadence(was.cadence), FormatCadence(is.cadence));
    Note(what + "time_zone", was.time_zone.name(), is.time_zone.name());
    Note(what + "mapping", lateness::FormatMapping(was.mapping), lateness::FormatMapping(is.mapping));
  }

  void CompareSteps() {
    for (const pipeline::Step& is : now_.steps) {
      const auto was = std::find_if(before_.steps.begin(), before_.steps.end(),
                                    [&](const pipeline::Step& step) { return step.id == is.id; });
      if (was == before_.steps.end()) continue;  // nobody has missed what a new step makes
      const std::string* from = pipeline::DeclaredOutput(*was);
      const std::string* to = pipeline::DeclaredOutput(is);
      if (from == nullptr || to == nullptr) continue;
      const std::string& written_before = *pipeline::DeclaredOutputAsWritten(*was);
      if (SameTable(before_, now_, written_before, *from, *pipeline::DeclaredOutputAsWritten(is), *to)) continue;
      Note("`into` of step " + is.id, *from, *to);
    }
  }

  const Pipeline& before_;
  const Pipeline& now_;
  DefinitionChange change_;
};

// The newest version of each new source; -1 of a table that isn't there yet: all that it will hold is news.
Result<VersionVector> NewestNow(const Pipeline& pipeline, const DefinitionChange& change, table::Catalog& catalog) {
  VersionVector newest;
  for (const Source& source : pipeline.sources) {
    const auto& added = change.new_sources;
    if (std::find(added.begin(), added.end(), source.name) == added.end()) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
    const Result<Version> version = history->LatestVersion();
    if (!version && version.error().kind != ErrorKind::kNotFound) return Fail(version.error());
    newest[source.name] = version ? *version : kBeforeFirst;
  }
  return newest;
}

Status AddSources(ledger::Writer& writer, const Pipeline& pipeline, const DefinitionChange& change,
                  const VersionVector& seen) {
  if (!change.AddsSources()) return {};
  for (const std::string& name : change.new_sources) {
    if (seen.contains(name)) continue;
    return Fail(Error(ErrorKind::kConflict, "the pipeline was changed by another process just now").Hint("try again"));
  }
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::ProcessedRecord> processed, writer.Processed(pipeline.id));
  for (ledger::ProcessedRecord& record : processed) {
    record.vector = CarryOver(change, seen, std::move(record.vector));
    LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(record));
  }
  return CarryOverReleases(writer, pipeline.id, change);
}

bool IsSame(const std::optional<ledger::PipelineRecord>& known, const Pipeline& pipeline) {
  return known && known->definition_hash == pipeline.definition_hash && known->file == pipeline.file;
}

}  // namespace

DefinitionChange CompareDefinitions(const Pipeline& before, const Pipeline& now) {
  return Comparison(before, now).Compare();
}

Result<std::optional<DefinitionChange>> ChangeSinceRegistered(ledger::Reader& reader, const Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const auto known, reader.FindPipeline(pipeline.id));
  if (!known || IsSame(known, pipeline)) return std::optional<DefinitionChange>{};
  // What an older program took may be refused by this one; its partitions are what they are.
  const auto before = pipeline::ParseRecordedPipeline(known->text, known->file);
  if (!before) return std::optional<DefinitionChange>{};
  return std::optional(CompareDefinitions(*before, pipeline));
}

Status CheckDefinition(ledger::Reader& reader, const Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const auto change, ChangeSinceRegistered(reader, pipeline));
  if (!change || change->needs_accept.empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(const auto open, reader.Runs({.pipeline = pipeline.id, .open_only = true}));
  if (open.empty()) {
    LATECOMER_ASSIGN_OR_RETURN(const auto processed, reader.Processed(pipeline.id));
    if (processed.empty()) return {};
  }
  return Fail(Error(ErrorKind::kConflict, "the definition changed in what partitions were processed by: " +
                                              Joined(change->needs_accept) + "; that waits for `latecomer accept`")
                  .In(pipeline.file)
                  .Hint("`latecomer accept " + pipeline.file +
                        "` goes on with it and processes again what is made of other partitions now; --as-processed "
                        "takes what is there as made, --as-changed processes everything again"));
}

VersionVector CarryOver(const DefinitionChange& change, const VersionVector& seen, VersionVector vector) {
  VersionVector moved;
  for (const auto& [now, before] : change.renamed) {
    const auto it = vector.find(before);
    if (it == vector.end()) continue;
    moved[now] = it->second;
    vector.erase(it);
  }
  vector.merge(moved);
  for (const std::string& name : change.new_sources) {
    if (const auto it = seen.find(name); it != seen.end()) vector.try_emplace(name, it->second);
  }
  return vector;
}

Status CarryOverReleases(ledger::Writer& writer, const std::string& pipeline, const DefinitionChange& change) {
  DefinitionChange names;  // a release of what a new source has is not a thing yet
  names.renamed = change.renamed;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::ReleaseRecord> releases, writer.Releases(pipeline));
  for (ledger::ReleaseRecord& record : releases) {
    for (const std::string& name : change.other_tables) record.up_to.erase(name);
    record.up_to = CarryOver(names, {}, std::move(record.up_to));
    LATECOMER_RETURN_IF_ERROR(writer.PutRelease(record));
  }
  return {};
}

Result<std::vector<std::int64_t>> RunsOfOlderDefinitions(ledger::Reader& reader, const Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const auto known, reader.FindPipeline(pipeline.id));
  if (!known) return std::vector<std::int64_t>{};
  // What came after the definition was registered was built by it.
  const bool registered = known->definition_hash == pipeline.definition_hash;
  return reader.RunsOfOtherDefinitions(pipeline.id, pipeline.definition_hash,
                                       registered ? known->updated : Instant::max());
}

Status PutDefinition(ledger::Writer& writer, const Pipeline& pipeline, Instant now) {
  LATECOMER_ASSIGN_OR_RETURN(const auto known, writer.FindPipeline(pipeline.id));
  ledger::PipelineRecord record = known.value_or(ledger::PipelineRecord{});
  record.id = pipeline.id;
  record.name = pipeline.name;
  record.file = pipeline.file;
  record.text = pipeline.text;
  record.definition_hash = pipeline.definition_hash;
  record.updated = now;
  LATECOMER_RETURN_IF_ERROR(writer.PutPipeline(record));
  ledger::EventRecord event;
  event.at = now;
  event.pipeline = pipeline.id;
  event.what = known ? "pipeline.changed" : "pipeline.created";
  event.detail = "{\"definition_hash\":\"" + pipeline.definition_hash + "\"}";
  return writer.AppendEvent(event);
}

Status RegisterPipeline(ledger::Ledger& ledger, const Pipeline& pipeline, table::Catalog& catalog, Instant now) {
  std::optional<DefinitionChange> shown;
  bool same = false;
  LATECOMER_RETURN_IF_ERROR(ledger.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto known, reader.FindPipeline(pipeline.id));
    same = IsSame(known, pipeline);
    LATECOMER_ASSIGN_OR_RETURN(shown, ChangeSinceRegistered(reader, pipeline));
    return {};
  }));
  if (same) return {};
  VersionVector seen;
  if (shown) {
    LATECOMER_ASSIGN_OR_RETURN(seen, NewestNow(pipeline, *shown, catalog));
  }
  return ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto known, writer.FindPipeline(pipeline.id));
    if (IsSame(known, pipeline)) return {};
    LATECOMER_RETURN_IF_ERROR(CheckDefinition(writer, pipeline));
    LATECOMER_ASSIGN_OR_RETURN(const auto change, ChangeSinceRegistered(writer, pipeline));
    if (change) LATECOMER_RETURN_IF_ERROR(AddSources(writer, pipeline, *change, seen));
    return PutDefinition(writer, pipeline, now);
  });
}

}  // namespace latecomer::engine
