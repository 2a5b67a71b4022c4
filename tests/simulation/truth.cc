#include "truth.h"

#include <algorithm>

#include "sim_jobs.h"

namespace latecomer::simulation {

std::int64_t DueMs(const CronTime& time, Day day) {
  Day on = day + 1;
  while (time.weekday && WeekdayOf(on) != *time.weekday) ++on;
  return StartOfDayMs(on) + (time.hour * 60 + time.minute) * 60'000LL;
}

Slot Fold(const PipelineFacts& pipeline, const Slot& source) {
  return {source.day, pipeline.by_country ? source.country : Slot::kNoCountry};
}

void Truth::OnCommit(const std::string& location, std::int64_t version, const SimCommit& commit) {
  if (replaced_.contains(location)) return;
  for (const FileAction& action : commit.actions) {
    if (!action.data_change) continue;
    std::vector<std::int64_t>& versions = changes_[location][action.file->slot];
    if (versions.empty() || versions.back() != version) versions.push_back(version);
  }
}

void Truth::OnBridged(const std::string& location, std::int64_t base, std::int64_t target) {
  bridged_[location].emplace_back(base, target);
}

bool Truth::Bridged(const std::string& location, std::int64_t base, std::int64_t target) const {
  const auto found = bridged_.find(location);
  if (found == bridged_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](const auto& range) { return range.first < target && range.second > base; });
}

std::optional<std::int64_t> Truth::NewestChange(const PipelineFacts& pipeline, const Slot& output, std::int64_t base,
                                                std::int64_t target) const {
  std::optional<std::int64_t> newest;
  const auto found = changes_.find(pipeline.source);
  if (found == changes_.end()) return newest;
  // Countries of one day stand together.
  for (auto it = found->second.lower_bound({output.day, Slot::kNoCountry}); it != found->second.end(); ++it) {
    if (it->first.day != output.day) break;
    if (Fold(pipeline, it->first) != output) continue;
    const auto after = std::upper_bound(it->second.begin(), it->second.end(), target);
    if (after == it->second.begin() || *std::prev(after) <= base) continue;
    newest = std::max(newest.value_or(-1), *std::prev(after));
  }
  return newest;
}

std::set<Slot> Truth::Touched(const PipelineFacts& pipeline) const {
  std::set<Slot> touched;
  const auto found = changes_.find(pipeline.source);
  if (found == changes_.end()) return touched;
  for (const auto& [slot, versions] : found->second) touched.insert(Fold(pipeline, slot));
  return touched;
}

bool Truth::IsGap(const PipelineFacts& pipeline, const Slot& output) const {
  bool before = false;
  bool after = false;
  for (const Slot& slot : Touched(pipeline)) {
    if (!HasInterval(slot.day) || slot.country != output.country || (pipeline.start && slot.day < *pipeline.start))
      continue;
    if (slot.day == output.day) return false;
    before = before || slot.day < output.day;
    after = after || slot.day > output.day;
  }
  return before && after;
}

std::vector<std::int64_t> ExpectedContent(const PipelineFacts& pipeline, const SimTable& source, const SimTable& output,
                                          const Slot& slot) {
  std::vector<std::int64_t> rows;
  const TableState& state = source.Newest();
  for (const auto& [from, files] : state) {
    if (Fold(pipeline, from) != slot) continue;
    for (const FilePtr& file : files) rows.insert(rows.end(), file->rows.begin(), file->rows.end());
  }
  if (pipeline.following && !rows.empty()) {
    const std::vector<std::int64_t> before = ContentBefore(output, slot);
    rows.insert(rows.end(), before.begin(), before.end());
  }
  return Aggregate(std::move(rows));
}

std::vector<std::int64_t> ActualContent(const SimTable& output, const Slot& slot) {
  const TableState& state = output.Newest();
  const auto found = state.find(slot);
  if (found == state.end()) return {};
  std::vector<std::int64_t> rows;
  for (const FilePtr& file : found->second) rows.insert(rows.end(), file->rows.begin(), file->rows.end());
  return rows;
}

}  // namespace latecomer::simulation
