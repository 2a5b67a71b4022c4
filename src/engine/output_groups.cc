#include "engine/output_groups.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "lateness/decide.h"
#include "lateness/interval_key.h"
#include "lateness/key_interval.h"
#include "lateness/mapping.h"

namespace latecomer::engine {
namespace {

using Kind = lateness::Mapping::Kind;
using table::PartitionKey;
using table::PartitionValue;

// Outputs besides the interval: a partition that has some of these columns must have their values.
bool ExtrasMatch(const PartitionKey& output, const PartitionKey& source, const std::vector<std::string>& extras) {
  return std::all_of(extras.begin(), extras.end(), [&](const std::string& name) {
    const PartitionValue* mine = output.Find(name);
    const PartitionValue* other = source.Find(name);
    return other == nullptr || (mine != nullptr && *mine == *other);
  });
}

// The key of an output that the source which shapes it has by itself.
bool IsProjected(const pipeline::Pipeline& pipeline, std::size_t source) {
  const Kind kind = pipeline.sources[source].mapping.kind;
  return source == pipeline.output.shape && (kind == Kind::kIdentity || kind == Kind::kWindow);
}

class Grouper {
 public:
  Grouper(const pipeline::Pipeline& pipeline, const PlacedSources& sources, const table::PartitionSchema& schema)
      : pipeline_(pipeline),
        sources_(sources),
        extras_(pipeline::ExtraColumns(pipeline.output)),
        output_(pipeline.output.cadence, pipeline.output.time_zone) {
    const std::size_t times = pipeline.output.partition.columns.size();
    time_schema_.assign(schema.begin(), schema.begin() + static_cast<std::ptrdiff_t>(times));
  }

  Result<OutputGroups> Group() {
    std::vector<std::size_t> order{pipeline_.output.shape};
    for (std::size_t i = 0; i < pipeline_.sources.size(); ++i) {
      if (i != pipeline_.output.shape && lateness::GoesByTime(pipeline_.sources[i].mapping)) order.push_back(i);
    }
    for (const std::size_t source : order) {
      placed_.reserve(placed_.size() + sources_[source].size());
      for (const PlacedSource& one : sources_[source]) {
        placed_.push_back({.source = source, .record = one.record, .key = one.key, .start = one.start});
      }
    }
    // First all outputs that exist, then what each is made from: a window reaches outputs that come later.
    for (Placed& placed : placed_) LATECOMER_RETURN_IF_ERROR(Create(placed));
    if (pipeline_.rules.empty_partitions == lateness::EmptyPartitions::kRun) {
      LATECOMER_RETURN_IF_ERROR(FillGaps());
    }
    for (const Placed& placed : placed_) Attach(placed);
    return std::move(groups_);
  }

 private:
  struct Placed {
    std::size_t source;
    const ledger::SourcePartitionRecord* record;
    PartitionKey key;
    std::optional<LocalTime> start;  // of its interval, in the source's calendar
    OutputGroup* projected = nullptr;
  };

  OutputGroup& Find(PartitionKey key, std::optional<LocalTime> start) {
    std::string canonical = key.Canonical();
    const auto [it, is_new] = groups_.try_emplace(std::move(canonical));
    if (is_new) {
      it->second.key = std::move(key);
      it->second.start = start;
      by_start_[start].push_back(&it->second);
    }
    return it->second;
  }

  Status Create(Placed& placed) {
    if (IsProjected(pipeline_, placed.source)) {
      LATECOMER_ASSIGN_OR_RETURN(PartitionKey key, lateness::Project(placed.key, pipeline_.output.columns));
      placed.projected = &Find(std::move(key), placed.start);
      return {};
    }
    const std::optional<LocalTime> own = Own(placed);
    for (const OutputGroup* group : by_start_[own]) {
      if (ExtrasMatch(group->key, placed.key, extras_)) return {};
    }
    std::vector<PartitionValue> values(time_schema_.size(), PartitionValue::Null());
    if (own) {
      LATECOMER_ASSIGN_OR_RETURN(values,
                                 lateness::ValuesOfStart(*own, pipeline_.output.partition, time_schema_, output_));
    }
    for (const std::string& name : extras_) {
      const PartitionValue* value = placed.key.Find(name);
      if (value == nullptr) return {};  // it can't tell which output of the interval it would be
      values.push_back(*value);
    }
    Find(PartitionKey(pipeline_.output.columns, std::move(values)), own);
    return {};
  }

  // A partition that came long before its interval, from a wrong clock, makes no gap before it.
  bool CameTooEarly(const Placed& placed) const {
    if (!placed.start || !placed.record->first_seen) return false;
    lateness::OutputFacts facts;
    facts.interval = pipeline_.sources[placed.source].calendar().IntervalAt(*placed.start);
    facts.first_seen = placed.record->first_seen;
    return lateness::CameTooEarly(facts, *facts.first_seen);
  }

  Status FillGaps() {
    std::optional<LocalTime> newest;  // that some source has really come to
    for (const Placed& placed : placed_) {
      const std::optional<LocalTime> own = CameTooEarly(placed) ? std::nullopt : Own(placed);
      if (own) newest = std::max(newest.value_or(*own), *own);
    }
    std::map<std::vector<PartitionValue>, std::set<LocalTime>> series;  // starts by what of the key is not time
    for (const auto& [canonical, group] : groups_) {
      if (!group.start || !newest || *group.start > *newest) continue;
      if (pipeline_.rules.start && *group.start < *pipeline_.rules.start) continue;
      std::vector<PartitionValue> values;
      for (const std::string& name : extras_) values.push_back(*group.key.Find(name));
      series[std::move(values)].insert(*group.start);
    }
    for (const auto& [values, starts] : series) {
      for (LocalTime start = *starts.begin(); start < *starts.rbegin(); start = output_.Step(start, 1)) {
        if (!starts.contains(start)) LATECOMER_RETURN_IF_ERROR(CreateGap(start, values));
      }
    }
    return {};
  }

  Status CreateGap(LocalTime start, const std::vector<PartitionValue>& extras) {
    LATECOMER_ASSIGN_OR_RETURN(std::vector<PartitionValue> values,
                               lateness::ValuesOfStart(start, pipeline_.output.partition, time_schema_, output_));
    values.insert(values.end(), extras.begin(), extras.end());
    Find(PartitionKey(pipeline_.output.columns, std::move(values)), start).gap = true;
    return {};
  }

  std::optional<LocalTime> Own(const Placed& placed) const {
    const pipeline::Source& source = pipeline_.sources[placed.source];
    if (!placed.start) return std::nullopt;
    return lateness::OwnOutput(source.mapping, source.calendar(), output_, *placed.start);
  }

  void Attach(const Placed& placed) {
    const pipeline::Source& source = pipeline_.sources[placed.source];
    if (placed.projected != nullptr && (source.mapping.kind == Kind::kIdentity || !placed.start)) {
      placed.projected->partitions.push_back({placed.source, placed.record, placed.key, true});
      return;
    }
    std::vector<std::optional<LocalTime>> outputs{std::nullopt};
    if (placed.start) {
      const auto starts = lateness::OutputStarts(source.mapping, source.calendar(), output_, *placed.start);
      outputs.assign(starts.begin(), starts.end());
    }
    const std::optional<LocalTime> own = Own(placed);
    for (const std::optional<LocalTime>& start : outputs) {
      const auto there = by_start_.find(start);
      if (there == by_start_.end()) continue;
      for (OutputGroup* group : there->second) {
        if (!ExtrasMatch(group->key, placed.key, extras_)) continue;
        group->partitions.push_back({placed.source, placed.record, placed.key, start == own});
      }
    }
  }

  const pipeline::Pipeline& pipeline_;
  const PlacedSources& sources_;
  std::vector<std::string> extras_;
  Calendar output_;
  table::PartitionSchema time_schema_;
  std::vector<Placed> placed_;
  OutputGroups groups_;
  std::map<std::optional<LocalTime>, std::vector<OutputGroup*>> by_start_;
};

}  // namespace

Result<OutputGroups> GroupByOutput(const pipeline::Pipeline& pipeline, const table::PartitionSchema& schema,
                                   const PlacedSources& sources) {
  return Grouper(pipeline, sources, schema).Group();
}

Result<OutputGroups> GroupByOutput(const pipeline::Pipeline& pipeline, const ObservedSources& sources) {
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionSchema schema, OutputSchema(pipeline, sources));
  PlacedSources placed(pipeline.sources.size());
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    const pipeline::Source& source = pipeline.sources[i];
    if (!lateness::GoesByTime(source.mapping)) continue;
    const ObservedTable& table = sources.Of(source);
    const Calendar calendar = source.calendar();
    for (const auto& [canonical, record] : table.partitions) {
      PlacedSource& one = placed[i].emplace_back();
      one.record = &record;
      LATECOMER_ASSIGN_OR_RETURN(one.key, table::ParseCanonicalKey(table.record.partition_columns, canonical));
      one.start = lateness::StartOfKey(one.key, source.partition, calendar);
    }
  }
  return GroupByOutput(pipeline, schema, placed);
}

bool MakesLate(const pipeline::Source& source, const ObservedSources& sources) {
  if (lateness::GoesByTime(source.mapping)) return true;
  return source.mapping.kind == Kind::kAll && !sources.Of(source).record.partition_columns.empty();
}

Result<std::set<std::string>> OutputsTouchedBy(const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                                               const std::string& location, const std::set<std::string>& keys) {
  LATECOMER_ASSIGN_OR_RETURN(const OutputGroups groups, GroupByOutput(pipeline, sources));
  const bool all = !keys.empty() && std::any_of(pipeline.sources.begin(), pipeline.sources.end(), [&](const auto& one) {
    return one.location == location && one.mapping.kind == Kind::kAll && MakesLate(one, sources);
  });
  std::set<std::string> touched;
  for (const auto& [canonical, group] : groups) {
    const bool one = std::any_of(group.partitions.begin(), group.partitions.end(), [&](const MappedPartition& mapped) {
      return pipeline.sources[mapped.source].location == location && keys.contains(mapped.record->key);
    });
    if (all || one) touched.insert(canonical);
  }
  return touched;
}

std::function<bool(const PartitionKey&)> MappedTo(const pipeline::Pipeline& pipeline, std::size_t index,
                                                  const PartitionKey& output) {
  const pipeline::Source& source = pipeline.sources[index];
  if (!lateness::GoesByTime(source.mapping)) return [](const PartitionKey&) { return true; };
  const auto& time = pipeline.output.partition;
  const auto out_start = lateness::StartOfKey(output, time, pipeline.rules.calendar);
  const bool same_key = IsProjected(pipeline, index) && (source.mapping.kind == Kind::kIdentity || !out_start);
  if (same_key) {
    return [output, columns = pipeline.output.columns](const PartitionKey& candidate) {
      const auto projected = lateness::Project(candidate, columns);
      return projected && *projected == output;
    };
  }
  std::set<std::optional<LocalTime>> starts;
  if (out_start) {
    for (const LocalTime start :
         lateness::SourceStarts(source.mapping, source.calendar(), pipeline.rules.calendar, *out_start)) {
      starts.insert(start);
    }
  } else {
    starts.insert(std::nullopt);
  }
  return [output, starts, partition = source.partition, calendar = source.calendar(),
          extras = pipeline::ExtraColumns(pipeline.output)](const PartitionKey& candidate) {
    return starts.contains(lateness::StartOfKey(candidate, partition, calendar)) &&
           ExtrasMatch(output, candidate, extras);
  };
}

}  // namespace latecomer::engine
