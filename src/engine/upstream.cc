#include "engine/upstream.h"

#include <algorithm>
#include <optional>
#include <set>

#include "lateness/key_interval.h"
#include "lateness/mapping.h"
#include "pipeline/cascade.h"

namespace latecomer::engine {

using lateness::Decision;
using lateness::Mapping;
using lateness::PlanEntry;

namespace {

// Why a partition upstream isn't settled; empty when it is.
std::string WhyUnsettled(const PlanEntry& entry) {
  switch (entry.decision) {
    case Decision::kProcess: return entry.late ? "is late" : "is due";
    case Decision::kOpen: return "is with " + entry.blocking_run;
    case Decision::kFailed: return "is with " + entry.blocking_run + ", which failed";
    case Decision::kWaiting:
      // Complete, but waiting for its turn; what isn't complete yet doesn't hold up what is made from it.
      if (entry.rule == "settle" || entry.rule == "max_backfills" || entry.rule == "wait_for_upstream") {
        return std::string(entry.late ? "is late" : "is due") + " and waits (" + entry.rule + ")";
      }
      return "";
    default: return "";
  }
}

// Until a person does something about its tables.
bool HasStopped(const Error& error) {
  return error.kind == ErrorKind::kHistoryGone || error.kind == ErrorKind::kDamaged ||
         error.kind == ErrorKind::kUnsupported || error.kind == ErrorKind::kInvalidFile;
}

UpstreamWaits::Extras ExtrasOf(const pipeline::Pipeline& pipeline, const table::PartitionKey& key) {
  UpstreamWaits::Extras extras;
  for (const std::string& name : pipeline::ExtraColumns(pipeline.output)) {
    const table::PartitionValue* value = key.Find(name);
    if (value != nullptr && !value->IsNull()) extras[name] = value->text();
  }
  return extras;
}

// Only of columns that both have.
bool Fits(const UpstreamWaits::Extras& a, const UpstreamWaits::Extras& b) {
  return std::all_of(a.begin(), a.end(), [&](const auto& one) {
    const auto other = b.find(one.first);
    return other == b.end() || other->second == one.second;
  });
}

}  // namespace

std::string UpstreamWaits::Of(const pipeline::Pipeline& pipeline, const table::PartitionKey& key) const {
  if (!everything_.empty()) return everything_;
  if (by_start_.empty()) return "";
  const auto start = lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar);
  const auto there = start ? by_start_.find(*start) : by_start_.end();
  if (there == by_start_.end()) return "";
  const Extras extras = ExtrasOf(pipeline, key);
  const auto one = std::find_if(there->second.begin(), there->second.end(),
                                [&](const One& candidate) { return Fits(candidate.extras, extras); });
  return one == there->second.end() ? "" : one->what;
}

void UpstreamWaits::AddEverything(const std::string& what) {
  if (everything_.empty()) everything_ = what;
}

void UpstreamWaits::Add(LocalTime start, Extras extras, const std::string& what) {
  std::vector<One>& there = by_start_[start];
  const bool known = std::any_of(there.begin(), there.end(), [&](const One& one) { return one.extras == extras; });
  if (!known) there.push_back({std::move(extras), what});
}

// Goes up the cascade, each pipeline once.
class UpstreamSearch {
 public:
  UpstreamSearch(const pipeline::Pipeline& pipeline, const std::vector<KnownPipeline>& known, const LookAt& look_at)
      : look_at_(look_at) {
    for (const KnownPipeline& one : known) {
      if (one.definition.id == pipeline.id) continue;
      pipelines_.push_back(one.definition);
      paused_.push_back(one.paused);
    }
    self_ = pipelines_.size();
    pipelines_.push_back(pipeline);
    paused_.push_back(false);
    edges_ = pipeline::CascadeOf(pipelines_);
  }

  // What of a pipeline's outputs waits for pipelines upstream.
  Result<UpstreamWaits> WaitsOf(std::size_t index) {
    UpstreamWaits waits;
    on_path_.insert(index);
    for (const pipeline::CascadeEdge& edge : edges_) {
      if (edge.downstream != index || on_path_.contains(edge.upstream)) continue;
      LATECOMER_ASSIGN_OR_RETURN(const UpstreamWaits* unsettled, UnsettledOf(edge.upstream));
      Carry(*unsettled, pipelines_[edge.upstream], pipelines_[index], edge.source, waits);
    }
    on_path_.erase(index);
    return waits;
  }

  std::size_t self() const { return self_; }

 private:
  // A pipeline's outputs that aren't settled, or will not be once those upstream of it are done.
  Result<const UpstreamWaits*> UnsettledOf(std::size_t index) {
    if (const auto known = unsettled_.find(index); known != unsettled_.end()) return &known->second;
    const pipeline::Pipeline& pipeline = pipelines_[index];
    LATECOMER_ASSIGN_OR_RETURN(UpstreamWaits unsettled, WaitsOf(index));
    const Result<UpstreamLook> look = look_at_(pipeline);
    if (!look && !HasStopped(look.error())) return Fail(look.error());
    if (!look) {
      unsettled.AddEverything("upstream " + pipeline.id + ", which has stopped: " + look.error().message);
      return &unsettled_.emplace(index, std::move(unsettled)).first->second;
    }
    const auto add = [&](const table::PartitionKey& key, const std::string& why) {
      const auto start = lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar);
      if (why.empty() || !start) return;
      std::string what = "upstream " + pipeline.id + ": " + key.Display() + " " + why;
      if (paused_[index]) what += "; that pipeline is paused";
      unsettled.Add(*start, ExtrasOf(pipeline, key), what);
    };
    for (const PlanEntry& entry : look->plan.entries) add(entry.key, WhyUnsettled(entry));
    for (const auto& [key, run] : look->open) add(key, "is with " + run);
    return &unsettled_.emplace(index, std::move(unsettled)).first->second;
  }

  // Through the mapping of a source, from what is unsettled upstream to what waits for it.
  static void Carry(const UpstreamWaits& from, const pipeline::Pipeline& upstream, const pipeline::Pipeline& downstream,
                    std::size_t source_index, UpstreamWaits& to) {
    const pipeline::Source& source = downstream.sources[source_index];
    if (source.mapping.kind == Mapping::Kind::kLatest) return;
    if (!from.everything_.empty()) to.AddEverything(from.everything_);
    const std::vector<std::string> extras = pipeline::ExtraColumns(downstream.output);
    const Calendar calendar = source.calendar();
    for (const auto& [start, ones] : from.by_start_) {
      if (source.mapping.kind == Mapping::Kind::kAll) {
        to.AddEverything(ones.front().what);
        return;
      }
      // The table's intervals, as the source reads them, may be counted in another zone than where they were made.
      const Instant at = upstream.rules.calendar.IntervalAt(start).start;
      const bool same = upstream.output.time_zone.name() == source.time_zone.name();
      const LocalTime read = calendar.Floor(same ? start : source.time_zone.ToLocal(at));
      for (const LocalTime output : lateness::OutputStarts(source.mapping, calendar, downstream.rules.calendar, read)) {
        for (const auto& one : ones) {
          UpstreamWaits::Extras kept = one.extras;
          std::erase_if(kept, [&](const auto& extra) {
            return std::find(extras.begin(), extras.end(), extra.first) == extras.end();
          });
          to.Add(output, std::move(kept), one.what);
        }
      }
    }
  }

  const LookAt& look_at_;
  std::vector<pipeline::Pipeline> pipelines_;
  std::vector<bool> paused_;
  std::vector<pipeline::CascadeEdge> edges_;
  std::size_t self_ = 0;
  std::set<std::size_t> on_path_;
  std::map<std::size_t, UpstreamWaits> unsettled_;
};

Result<UpstreamWaits> LookUpstream(const pipeline::Pipeline& pipeline, const std::vector<KnownPipeline>& known,
                                   const LookAt& look_at) {
  UpstreamSearch search(pipeline, known, look_at);
  return search.WaitsOf(search.self());
}

}  // namespace latecomer::engine
