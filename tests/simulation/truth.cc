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

bool IsMadeFrom(const PipelineFacts& pipeline, const SourceFacts& source, const Slot& output, const Slot& from) {
  if (source.mapping == SourceFacts::Mapping::kAll) return true;
  if (pipeline.by_country && from.country != output.country) return false;
  if (source.mapping == SourceFacts::Mapping::kDay || !HasInterval(output.day) || !HasInterval(from.day)) {
    return from.day == output.day;
  }
  return from.day <= output.day && output.day - from.day <= source.window;
}

void Truth::OnCommit(const std::string& location, std::int64_t version, const SimCommit& commit) {
  if (replaced_.contains(location)) return;
  for (const FileAction& action : commit.actions) {
    if (!action.data_change) continue;
    std::vector<std::int64_t>& versions = changes_[location][action.file->slot];
    if (versions.empty() || versions.back() != version) versions.push_back(version);
  }
}

void Truth::OnAccepted(const SimTable& table) {
  replaced_.erase(table.location());
  bridged_.erase(table.location());
  auto& changes = changes_[table.location()];
  for (const auto& [slot, files] : table.Newest()) changes[slot];
  for (auto& [slot, versions] : changes) versions = {table.newest()};
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

std::optional<std::int64_t> Truth::NewestChange(const PipelineFacts& pipeline, const SourceFacts& source,
                                                const Slot& output, std::int64_t base, std::int64_t target) const {
  std::optional<std::int64_t> newest;
  const auto found = changes_.find(source.location);
  if (found == changes_.end()) return newest;
  const bool all = source.mapping == SourceFacts::Mapping::kAll;
  const Day first = HasInterval(output.day) ? output.day - source.window : output.day;
  auto it = all ? found->second.begin() : found->second.lower_bound({first, Slot::kNoCountry});
  for (; it != found->second.end() && (all || it->first.day <= output.day); ++it) {
    const auto& [slot, versions] = *it;
    if (!IsMadeFrom(pipeline, source, output, slot)) continue;
    const auto after = std::upper_bound(versions.begin(), versions.end(), target);
    if (after == versions.begin() || *std::prev(after) <= base) continue;
    newest = std::max(newest.value_or(-1), *std::prev(after));
  }
  return newest;
}

std::set<Slot> Truth::Touched(const PipelineFacts& pipeline) const {
  std::set<Slot> touched;
  for (const SourceFacts& source : pipeline.sources) {
    const auto found = changes_.find(source.location);
    if (source.mapping == SourceFacts::Mapping::kAll || found == changes_.end()) continue;
    for (const auto& [slot, versions] : found->second) touched.insert(Fold(pipeline, slot));
  }
  return touched;
}

std::set<Slot> Truth::Exist(const PipelineFacts& pipeline) const {
  const std::set<Slot> touched = Touched(pipeline);
  std::set<Slot> exist = touched;
  if (!pipeline.fills_gaps && !pipeline.filled_gaps) return exist;
  std::map<int, Day> last;  // by country, of those that the walk has come by
  for (const Slot& slot : touched) {
    if (!HasInterval(slot.day)) continue;
    const auto [it, is_first] = last.try_emplace(slot.country, slot.day);
    for (Day day = it->second + 1; day < slot.day; ++day) exist.insert({day, slot.country});
    it->second = slot.day;
  }
  return exist;
}

bool Truth::IsTouched(const PipelineFacts& pipeline, const Slot& output, const Versions& up_to) const {
  return std::any_of(pipeline.sources.begin(), pipeline.sources.end(), [&](const SourceFacts& source) {
    if (source.mapping == SourceFacts::Mapping::kAll) return false;
    const SourceFacts own{.name = source.name, .location = source.location};
    return NewestChange(pipeline, own, output, -1, up_to.at(source.name)).has_value();
  });
}

bool Truth::IsGap(const PipelineFacts& pipeline, const Slot& output, const Versions* up_to) const {
  bool before = false;
  bool after = false;
  for (const Slot& slot : Touched(pipeline)) {
    if (!HasInterval(slot.day) || slot.country != output.country || (pipeline.start && slot.day < *pipeline.start))
      continue;
    if (up_to != nullptr && !IsTouched(pipeline, slot, *up_to)) continue;
    if (slot.day == output.day) return false;
    before = before || slot.day < output.day;
    after = after || slot.day > output.day;
  }
  return before && after;
}

bool HasOwnRows(const PipelineFacts& pipeline, const FindTable& find_table, const Versions& at, const Slot& output) {
  return std::any_of(pipeline.sources.begin(), pipeline.sources.end(), [&](const SourceFacts& source) {
    if (source.mapping == SourceFacts::Mapping::kAll) return false;
    const TableState& state = find_table(source.location).StateAt(at.at(source.name));
    return std::any_of(state.begin(), state.end(),
                       [&](const auto& entry) { return Fold(pipeline, entry.first) == output; });
  });
}

std::vector<std::int64_t> ExpectedContent(const PipelineFacts& pipeline, const FindTable& find_table,
                                          const Slot& slot) {
  std::vector<std::int64_t> rows;
  for (const SourceFacts& source : pipeline.sources) {
    for (const auto& [from, files] : find_table(source.location).Newest()) {
      if (!IsMadeFrom(pipeline, source, slot, from)) continue;
      for (const FilePtr& file : files) rows.insert(rows.end(), file->rows.begin(), file->rows.end());
    }
  }
  if (pipeline.following && !rows.empty()) {
    const std::vector<std::int64_t> before = ContentBefore(find_table(pipeline.into), slot);
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
