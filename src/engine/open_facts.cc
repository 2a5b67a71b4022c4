#include "engine/open_facts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/facts_reader.h"
#include "lateness/decide.h"
#include "table/json_text.h"

namespace latecomer::engine {
namespace {

using lateness::OutputFacts;
using Facts = FactsReader::Facts;

// What of the pipeline decides which outputs there are and what each is made from.
std::string ShapeText(const pipeline::Pipeline& pipeline) {
  std::string json = "{\"sources\":";
  const auto add = [&](std::string_view before, std::string_view text) {
    json += before;
    table::AppendJsonString(text, json);
  };
  for (const pipeline::Source& source : pipeline.sources) {
    add(&source == &pipeline.sources.front() ? "[{\"name\":" : ",{\"name\":", source.name);
    add(",\"location\":", source.location);
    add(",\"reading\":", ReadingOf(source));
    add(",\"mapping\":", lateness::FormatMapping(source.mapping));
    json += '}';
  }
  const pipeline::Output& output = pipeline.output;
  json += "],\"output\":{\"columns\":";
  table::AppendJsonStrings(output.columns, json);
  json += ",\"time\":";
  table::AppendJsonStrings(output.partition.columns, json);
  add(",\"format\":", output.partition.format);
  add(",\"cadence\":", FormatCadence(output.cadence));
  add(",\"time_zone\":", output.time_zone.name());
  return json + ",\"shape\":" + std::to_string(output.shape) + "}}";
}

// Can what is settled be left out of a plan of this pipeline? With `catch_up: false` a partition is compared with what
// every later one was built from, with `propagate: following` with when those before it were; gaps lie between
// partitions, wherever those are; and the start of an output has to be readable from its key.
bool CanLeaveOut(const pipeline::Pipeline& pipeline) {
  const lateness::Rules& rules = pipeline.rules;
  if (rules.propagate != lateness::Propagate::kNone) return false;
  if (rules.empty_partitions != lateness::EmptyPartitions::kSkip) return false;
  const pipeline::Source& shape = pipeline::ShapeOf(pipeline);
  const auto& time = pipeline.output.partition;
  const bool made = shape.mapping.kind == lateness::Mapping::Kind::kRollup;
  const bool same = time.columns == shape.partition.columns && time.format == shape.partition.format;
  return pipeline.rules.catch_up && (made || same);
}

bool IsSettled(const OutputFacts& facts) {
  return facts.processed && facts.unseen.empty();
}

// Which output partitions a plan has to look at, and what the ledger may remember of that.
class Look {
 public:
  Look(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedSources& sources, Instant now)
      : reader_(reader),
        pipeline_(pipeline),
        calendar_(pipeline.rules.calendar),
        sources_(sources),
        now_(now),
        facts_reader_(reader, pipeline, sources, now) {}

  Result<OpenFacts> Gather(const OpenScope& scope) {
    LATECOMER_ASSIGN_OR_RETURN(const bool by_index, facts_reader_.Open());
    LATECOMER_RETURN_IF_ERROR(ReadIndex());
    whole_ = !by_index || !usable_;
    if (!whole_) LATECOMER_RETURN_IF_ERROR(ReadChanges());
    OpenFacts open;
    if (whole_) {
      LATECOMER_ASSIGN_OR_RETURN(facts_, facts_reader_.All());
      LATECOMER_RETURN_IF_ERROR(FindFrontier());
    } else {
      LATECOMER_RETURN_IF_ERROR(LookAtWhatIsOpen(scope));
      LATECOMER_ASSIGN_OR_RETURN(open.horizon, LookAhead(scope.ahead));
    }
    Remember(open.update);
    LATECOMER_RETURN_IF_ERROR(facts_reader_.AddHeld(facts_));
    open.input.now = now_;
    open.input.newest = newest_;
    LATECOMER_ASSIGN_OR_RETURN(open.input.proofs, facts_reader_.Proofs());
    for (auto& [canonical, one] : facts_) open.input.outputs.push_back(std::move(one));
    return open;
  }

 private:
  Status ReadIndex() {
    newest_ = NewestOf(pipeline_, sources_);
    shape_ = ShapeText(pipeline_);
    LATECOMER_ASSIGN_OR_RETURN(known_, reader_.FindSettled(pipeline_.id));
    usable_ = CanLeaveOut(pipeline_) && known_ && known_->shape == shape_;
    if (usable_) frontier_ = known_->frontier;
    LATECOMER_ASSIGN_OR_RETURN(marks_, reader_.Marked(pipeline_.id));
    LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader_.RunsNotPlaced(pipeline_.id));
    for (const ledger::RunRecord& run : runs) {
      if (run.tries > 0) AddStarted(run.partition);
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto processed, reader_.ProcessedNotPlaced(pipeline_.id));
    for (const std::string& partition : processed) AddStarted(partition);
    not_placed_ = !runs.empty() || !processed.empty();
    return {};
  }

  void AddStarted(const std::string& canonical) {
    const auto start = StartOfOutput(pipeline_, facts_reader_.schema(), canonical);
    if (start && *start) started_.insert(**start);
  }

  // Outputs of what changed since the ledger knows the rest to be settled. A source that is mapped as a whole touches
  // all of them.
  Status ReadChanges() {
    for (auto& [index, partitions] : facts_reader_.partitions()) {
      const pipeline::Source& source = partitions.source();
      const auto up_to = known_->up_to.find(source.name);
      const Version after = up_to == known_->up_to.end() ? kBeforeFirst : up_to->second;
      LATECOMER_ASSIGN_OR_RETURN(const std::vector<PlacedSource> changed, partitions.ChangedAfter(after));
      any_changed_ = any_changed_ || !changed.empty();
      whole_ = whole_ || (!changed.empty() && !lateness::GoesByTime(source.mapping));
      if (whole_) return {};
      for (const PlacedSource& placed : changed) {
        if (!placed.start) {
          starts_.insert(std::nullopt);
          continue;
        }
        for (const LocalTime start :
             lateness::OutputStarts(source.mapping, source.calendar(), calendar_, *placed.start)) {
          if (frontier_ && start <= *frontier_) starts_.insert(start);
        }
      }
    }
    return {};
  }

  void Add(const std::string& canonical) {
    if (const auto start = StartOfOutput(pipeline_, facts_reader_.schema(), canonical)) starts_.insert(*start);
  }

  Status LookAtWhatIsOpen(const OpenScope& scope) {
    for (const ledger::MarkRecord& mark : marks_) Add(mark.partition);
    LATECOMER_ASSIGN_OR_RETURN(const auto runs, reader_.Runs({.pipeline = pipeline_.id, .open_only = true}));
    for (const ledger::RunRecord& run : runs) Add(run.partition);
    LATECOMER_ASSIGN_OR_RETURN(const auto* holds, facts_reader_.Holds());
    for (const ledger::HoldRecord& hold : *holds) Add(hold.partition);
    if (scope.around) AddNeighbours(*scope.around);
    LATECOMER_RETURN_IF_ERROR(AddForeseen(scope.ahead));
    LATECOMER_ASSIGN_OR_RETURN(facts_, facts_reader_.Of(starts_));
    LATECOMER_RETURN_IF_ERROR(FindFrontier());
    LATECOMER_RETURN_IF_ERROR(FindProof());
    return AddReleased();
  }

  void AddNeighbours(const table::PartitionKey& around) {
    const auto start = lateness::StartOfKey(around, pipeline_.output.partition, calendar_);
    starts_.insert(start);
    if (!start || pipeline_.rules.detect != lateness::Detect::kLookback) return;
    for (int i = 1; i <= pipeline_.rules.lookback; ++i) starts_.insert(calendar_.Step(*start, -i));
  }

  // What the frontier, the proof and the look ahead will ask for first: read with the rest, it costs no statements of
  // its own.
  Status AddForeseen(const std::optional<int>& ahead) {
    LATECOMER_ASSIGN_OR_RETURN(newest_started_, StartedBefore(std::nullopt));
    if (*newest_started_) starts_.insert(*newest_started_);
    LATECOMER_ASSIGN_OR_RETURN(newest_output_, facts_reader_.NewestOutput(std::nullopt));
    if (*newest_output_) starts_.insert(*newest_output_);
    const bool from_schedule = pipeline_.rules.start && (!frontier_ || *frontier_ < *pipeline_.rules.start);
    if (from_schedule) return {};
    std::optional<LocalTime> after = frontier_;
    for (int i = 0; i < ahead.value_or(0); ++i) {
      LATECOMER_ASSIGN_OR_RETURN(after, OutputAfter(after));
      if (!after) break;
      starts_.insert(after);
    }
    return {};
  }

  // The oldest interval with data after this one.
  Result<std::optional<LocalTime>> OutputAfter(std::optional<LocalTime> after) {
    if (const auto known = output_after_.find(after); known != output_after_.end()) return known->second;
    LATECOMER_ASSIGN_OR_RETURN(const std::optional<LocalTime> next, facts_reader_.OldestOutput(after));
    output_after_[after] = next;
    return next;
  }

  // The newest interval that was processed or started, at all or before `before`.
  Result<std::optional<LocalTime>> StartedBefore(std::optional<LocalTime> before) {
    if (!before && newest_started_) return *newest_started_;
    LATECOMER_ASSIGN_OR_RETURN(std::optional<LocalTime> start, reader_.NewestStarted(pipeline_.id, before));
    const auto not_placed = before ? started_.lower_bound(*before) : started_.end();
    if (not_placed != started_.begin()) {
      start = std::max(start.value_or(*std::prev(not_placed)), *std::prev(not_placed));
    }
    return start;
  }

  Status More(const Starts& starts) {
    Starts unknown;
    std::set_difference(starts.begin(), starts.end(), starts_.begin(), starts_.end(),
                        std::inserter(unknown, unknown.end()));
    if (whole_ || unknown.empty()) return {};
    LATECOMER_ASSIGN_OR_RETURN(Facts more, facts_reader_.Of(unknown));
    starts_.merge(unknown);
    facts_.merge(more);
    return {};
  }

  template <typename Wanted>
  bool AnyAt(LocalTime start, const Wanted& wanted) const {
    return std::any_of(facts_.begin(), facts_.end(), [&](const auto& one) {
      return one.second.start == start && !lateness::CameTooEarly(one.second, now_) && wanted(one.second);
    });
  }

  // How far the pipeline has come: the newest interval that was processed or started and didn't come too early. What is
  // new up to there has to be looked at once.
  Status FindFrontier() {
    if (whole_) {
      for (const auto& [canonical, facts] : facts_) {
        if (!facts.start || !lateness::WasStarted(facts) || lateness::CameTooEarly(facts, now_)) continue;
        frontier_ = std::max(frontier_.value_or(*facts.start), *facts.start);
      }
      return {};
    }
    std::optional<LocalTime> before;
    while (true) {
      LATECOMER_ASSIGN_OR_RETURN(const std::optional<LocalTime> start, StartedBefore(before));
      if (!start) return {};
      LATECOMER_RETURN_IF_ERROR(More({start}));
      before = start;
      if (!AnyAt(*start, lateness::WasStarted)) continue;
      return !frontier_ || *start > *frontier_ ? MoveFrontier(*start) : Status();
    }
  }

  Status MoveFrontier(LocalTime to) {
    Starts passed;
    std::optional<LocalTime> after = frontier_;
    while (true) {
      LATECOMER_ASSIGN_OR_RETURN(after, OutputAfter(after));
      if (!after || *after > to) break;
      passed.insert(after);
    }
    frontier_ = to;
    return More(passed);
  }

  // The newest interval that has come tells that those before it are complete.
  Status FindProof() {
    std::optional<LocalTime> before = newest_output_.value_or(std::nullopt);
    while (before) {
      LATECOMER_RETURN_IF_ERROR(More({before}));
      if (AnyAt(*before, lateness::Exists)) return {};
      LATECOMER_ASSIGN_OR_RETURN(before, facts_reader_.NewestOutput(before));
    }
    return {};
  }

  // Partitions that were released and processed since count among those that one commit made late.
  Status AddReleased() {
    VersionVector oldest;
    for (const auto& [canonical, facts] : facts_) {
      for (const lateness::Change& change : facts.unseen) {
        Version& version = oldest.try_emplace(change.source, change.version).first->second;
        version = std::min(version, change.version);
      }
    }
    if (oldest.empty()) return {};
    LATECOMER_ASSIGN_OR_RETURN(const auto* releases, facts_reader_.Releases());
    Starts more;
    for (const ledger::ReleaseRecord& release : *releases) {
      const bool counts = std::any_of(release.up_to.begin(), release.up_to.end(), [&](const auto& up_to) {
        const auto it = oldest.find(up_to.first);
        return it != oldest.end() && it->second <= up_to.second;
      });
      if (!counts) continue;
      if (const auto start = StartOfOutput(pipeline_, facts_reader_.schema(), release.partition)) more.insert(*start);
    }
    return More(more);
  }

  // Those of (after, last] that were let go.
  Status LookAtReleased(std::optional<LocalTime> after, LocalTime last) {
    LATECOMER_ASSIGN_OR_RETURN(const auto* releases, facts_reader_.Releases());
    Starts released;
    for (const ledger::ReleaseRecord& release : *releases) {
      const auto start = StartOfOutput(pipeline_, facts_reader_.schema(), release.partition);
      if (start && *start && **start <= last && (!after || **start > *after)) released.insert(*start);
    }
    return More(released);
  }

  // The last interval that was looked at when some after it were left out.
  Result<std::optional<LocalTime>> LookAhead(const std::optional<int>& ahead) {
    std::optional<LocalTime> after = frontier_;
    // Those before the schedule are due only when a person let them go; a limited look has no room for them.
    const std::optional<LocalTime>& begin = pipeline_.rules.start;
    if (ahead && begin && (!after || *after < *begin)) {
      const LocalTime last = calendar_.Step(calendar_.Floor(*begin), -1);
      LATECOMER_RETURN_IF_ERROR(LookAtReleased(after, last));
      after = last;
    }
    Starts future;
    std::optional<LocalTime> horizon;
    while (true) {
      LATECOMER_ASSIGN_OR_RETURN(const std::optional<LocalTime> next, OutputAfter(after));
      if (!next) break;
      if (ahead && static_cast<int>(future.size()) >= *ahead) {
        horizon = after.value_or(LocalTime::min());
        break;
      }
      future.insert(next);
      after = next;
    }
    LATECOMER_RETURN_IF_ERROR(More(future));
    return horizon;
  }

  bool Covered(const OutputFacts& facts) const { return !facts.start || (frontier_ && *facts.start <= *frontier_); }

  void Remember(IndexUpdate& update) {
    if (!CanLeaveOut(pipeline_)) return;
    update.before = known_;
    for (const auto& [location, table] : sources_.tables) update.seen[location] = table.record.seen;
    update.place = not_placed_;
    for (auto& [index, partitions] : facts_reader_.partitions()) {
      update.place = update.place || partitions.not_placed();
    }
    std::set<std::string> marked;
    for (const ledger::MarkRecord& mark : marks_) {
      const auto it = facts_.find(mark.partition);
      const bool settled = it == facts_.end() || (Covered(it->second) && IsSettled(it->second));
      if (settled) {
        update.unmark.push_back(mark);
      } else {
        marked.insert(mark.partition);
      }
    }
    for (const auto& [canonical, facts] : facts_) {
      const bool known = usable_ && marked.contains(canonical);
      // One that came too early may lie ahead of the frontier, and was processed all the same.
      const bool needed = Covered(facts) ? !IsSettled(facts) : lateness::WasStarted(facts);
      if (needed && !known) update.mark.push_back(canonical);
    }
    const bool moved = usable_ && frontier_ != known_->frontier;
    const bool changed = any_changed_ || (whole_ && usable_ && known_->up_to != newest_);
    if (!usable_ || moved || changed) {
      update.settled = ledger::SettledRecord{pipeline_.id, shape_, newest_, frontier_};
    }
  }

  ledger::Reader& reader_;
  const pipeline::Pipeline& pipeline_;
  const Calendar& calendar_;
  const ObservedSources& sources_;
  Instant now_;
  FactsReader facts_reader_;
  std::string shape_;
  VersionVector newest_;
  std::optional<ledger::SettledRecord> known_;
  bool usable_ = false;  // what is known is of this shape
  bool whole_ = false;   // everything is looked at
  bool any_changed_ = false;
  bool not_placed_ = false;
  std::optional<LocalTime> frontier_;
  std::set<LocalTime> started_;  // of runs and processed partitions that have no place in the ledger yet
  // Asked for once in a look.
  std::optional<std::optional<LocalTime>> newest_started_;
  std::optional<std::optional<LocalTime>> newest_output_;
  std::map<std::optional<LocalTime>, std::optional<LocalTime>> output_after_;
  std::vector<ledger::MarkRecord> marks_;
  Starts starts_;  // that were looked at
  Facts facts_;
};

// New source partitions, runs and processed partitions get their place in time.
Status PlaceSources(ledger::Writer& writer, const pipeline::Pipeline& pipeline) {
  for (const pipeline::Source& source : pipeline.sources) {
    if (!lateness::GoesByTime(source.mapping)) continue;
    LATECOMER_ASSIGN_OR_RETURN(const auto table, writer.FindTable(source.location));
    if (!table) continue;
    const std::string definition = ReadingOf(source);
    LATECOMER_ASSIGN_OR_RETURN(std::optional<ledger::ReadingId> reading,
                               writer.FindReading(source.location, definition));
    if (!reading) {
      LATECOMER_ASSIGN_OR_RETURN(reading, writer.AddReading(source.location, definition));
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto partitions, writer.NotPlaced(*reading));
    const Calendar calendar = source.calendar();
    for (const ledger::SourcePartitionRecord& partition : partitions) {
      LATECOMER_ASSIGN_OR_RETURN(const auto key, table::ParseCanonicalKey(table->partition_columns, partition.key));
      const auto start = lateness::StartOfKey(key, source.partition, calendar);
      LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(*reading, partition.key, start));
    }
  }
  return {};
}

bool SameRecord(const std::optional<ledger::SettledRecord>& a, const std::optional<ledger::SettledRecord>& b) {
  if (!a || !b) return !a && !b;
  return a->shape == b->shape && a->up_to == b->up_to && a->frontier == b->frontier;
}

}  // namespace

Status PlaceOutputs(ledger::Writer& writer, const pipeline::Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const auto shape, writer.FindTable(pipeline::ShapeOf(pipeline).location));
  if (!shape) return {};
  LATECOMER_ASSIGN_OR_RETURN(const auto schema, OutputSchema(pipeline, shape->partition_columns));
  const auto start_of = [&](const std::string& partition) {
    return StartOfOutput(pipeline, schema, partition).value_or(std::nullopt);
  };
  LATECOMER_ASSIGN_OR_RETURN(const auto runs, writer.RunsNotPlaced(pipeline.id));
  for (const ledger::RunRecord& run : runs) {
    LATECOMER_RETURN_IF_ERROR(writer.PlaceRun(run.id, start_of(run.partition)));
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto processed, writer.ProcessedNotPlaced(pipeline.id));
  for (const std::string& partition : processed) {
    LATECOMER_RETURN_IF_ERROR(writer.PlaceProcessed(pipeline.id, partition, start_of(partition)));
  }
  return {};
}

Result<OpenFacts> GatherOpenFacts(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                  const ObservedSources& sources, Instant now, const OpenScope& scope) {
  return Look(reader, pipeline, sources, now).Gather(scope);
}

Status ApplyIndexUpdate(ledger::Writer& writer, const pipeline::Pipeline& pipeline, const IndexUpdate& update) {
  if (update.Empty()) return {};
  LATECOMER_ASSIGN_OR_RETURN(const auto known, writer.FindSettled(pipeline.id));
  if (!SameRecord(known, update.before)) return {};
  for (const auto& [location, seen] : update.seen) {
    LATECOMER_ASSIGN_OR_RETURN(const auto table, writer.FindTable(location));
    if (!table || !(table->seen == seen)) return {};
  }
  // Of another shape the places of runs and processed partitions may be others, too.
  const bool other_shape = known && update.settled && known->shape != update.settled->shape;
  if (other_shape) LATECOMER_RETURN_IF_ERROR(writer.ResetSettled(pipeline.id));
  if (update.place || update.settled) {
    LATECOMER_RETURN_IF_ERROR(PlaceSources(writer, pipeline));
    LATECOMER_RETURN_IF_ERROR(PlaceOutputs(writer, pipeline));
  }
  for (const ledger::MarkRecord& mark : update.unmark) {
    LATECOMER_RETURN_IF_ERROR(writer.Unmark(pipeline.id, mark));
  }
  for (const std::string& partition : update.mark) LATECOMER_RETURN_IF_ERROR(writer.Mark(pipeline.id, partition));
  return update.settled ? writer.PutSettled(*update.settled) : Status();
}

Result<bool> HasPlanIndex(ledger::Reader& reader, const pipeline::Pipeline& pipeline) {
  LATECOMER_ASSIGN_OR_RETURN(const auto known, reader.FindSettled(pipeline.id));
  return CanLeaveOut(pipeline) && known && known->shape == ShapeText(pipeline);
}

}  // namespace latecomer::engine
