#include "writers.h"

#include <algorithm>
#include <iterator>

namespace latecomer::simulation {

FilePtr Writers::NewFile(Slot slot) {
  SimFile file{.id = NextFileId(), .slot = slot, .padded = dice_.OneIn(3), .rows = {}};
  for (std::int64_t i = dice_.Between(1, 3); i > 0; --i) file.rows.push_back(++rows_);
  return std::make_shared<const SimFile>(std::move(file));
}

Slot Writers::DrawSlot(const SimTable& table, Day day) {
  return {day, table.with_country() ? static_cast<int>(dice_.Below(3)) : Slot::kNoCountry};
}

// Mostly today; often late, seldom from a wrong clock.
Day Writers::DrawDay(const SimTable& table, std::int64_t now_ms) {
  if (writes_strays && dice_.Percent(5)) {
    const bool is_date = table.columns() == SimTable::Columns::kDate;
    return is_date || dice_.OneIn(2) ? kNullDay : kUnreadableDay;
  }
  const Day today = DayAtMs(now_ms);
  if (dice_.Percent(50)) return today;
  if (dice_.Percent(3)) return today + static_cast<Day>(dice_.Between(1, 15));
  return today - static_cast<Day>(dice_.Between(1, dice_.OneIn(4) ? 12 : 4));
}

SimCommit Writers::Append(const SimTable& table, Day day, std::int64_t now_ms) {
  return {.at_ms = now_ms, .operation = "WRITE", .actions = {{NewFile(DrawSlot(table, day)), true, true}}, .write = {}};
}

SimCommit Writers::Draw(const SimTable& table, std::int64_t now_ms) {
  const TableState& state = table.Newest();
  const std::int64_t kind = dice_.Below(100);
  if (kind < 60 || state.empty()) {
    SimCommit commit = Append(table, DrawDay(table, now_ms), now_ms);
    const std::int64_t more = dice_.OneIn(10) ? dice_.Between(2, 10) : dice_.Below(2);
    for (std::int64_t i = 0; i < more; ++i) {
      commit.actions.push_back({NewFile(DrawSlot(table, DrawDay(table, now_ms))), true, true});
    }
    return commit;
  }
  if (kind < 70) return Overwrite(table, now_ms);
  if (kind < 80) return Delete(table, now_ms);
  if (kind < 95) return Optimize(table, now_ms);
  return Restore(table, now_ms);
}

namespace {

// One of the partitions that have files.
const std::pair<const Slot, std::vector<FilePtr>>& PickPartition(Dice& dice, const TableState& state) {
  return *std::next(state.begin(), dice.Below(static_cast<std::int64_t>(state.size())));
}

}  // namespace

SimCommit Writers::Overwrite(const SimTable& table, std::int64_t now_ms) {
  SimCommit commit{.at_ms = now_ms, .operation = "OVERWRITE", .actions = {}, .write = {}};
  const TableState& state = table.Newest();
  const auto& [slot, files] = PickPartition(dice_, state);
  for (const FilePtr& file : files) commit.actions.push_back({file, false, true});
  commit.actions.push_back({NewFile(slot), true, true});
  return commit;
}

// One file of a partition, or all of it.
SimCommit Writers::Delete(const SimTable& table, std::int64_t now_ms) {
  SimCommit commit{.at_ms = now_ms, .operation = "DELETE", .actions = {}, .write = {}};
  const TableState& state = table.Newest();
  const auto& [slot, files] = PickPartition(dice_, state);
  const bool all = dice_.OneIn(2);
  for (const FilePtr& file : files) {
    commit.actions.push_back({file, false, true});
    if (!all) break;
  }
  return commit;
}

// Joins the files of some partitions; the rows stay what they are.
SimCommit Writers::Optimize(const SimTable& table, std::int64_t now_ms) {
  SimCommit commit{.at_ms = now_ms, .operation = "OPTIMIZE", .actions = {}, .write = {}};
  const TableState& state = table.Newest();
  for (const auto& [slot, files] : state) {
    if (files.size() < 2 && !dice_.OneIn(4)) continue;
    SimFile joined{.id = NextFileId(), .slot = slot, .padded = dice_.OneIn(3), .rows = {}};
    for (const FilePtr& file : files) {
      commit.actions.push_back({file, false, false});
      joined.rows.insert(joined.rows.end(), file->rows.begin(), file->rows.end());
    }
    commit.actions.push_back({std::make_shared<const SimFile>(std::move(joined)), true, false});
  }
  return commit;
}

// Back to the files of an earlier version.
SimCommit Writers::Restore(const SimTable& table, std::int64_t now_ms) {
  SimCommit commit{.at_ms = now_ms, .operation = "RESTORE", .actions = {}, .write = {}};
  const std::int64_t back_to = dice_.Between(std::max(table.oldest(), table.newest() - 5), table.newest());
  const TableState& now = table.Newest();
  const auto collect = [](const TableState& state) {
    std::map<std::int64_t, FilePtr> files;
    for (const auto& [slot, live] : state) {
      for (const FilePtr& file : live) files[file->id] = file;
    }
    return files;
  };
  const auto there = collect(now);
  const auto wanted = collect(table.StateAt(back_to));
  for (const auto& [id, file] : there) {
    if (!wanted.contains(id)) commit.actions.push_back({file, false, true});
  }
  for (const auto& [id, file] : wanted) {
    if (!there.contains(id)) commit.actions.push_back({file, true, true});
  }
  return commit;
}

}  // namespace latecomer::simulation
