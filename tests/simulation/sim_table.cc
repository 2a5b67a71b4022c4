#include "sim_table.h"

#include <algorithm>

namespace latecomer::simulation {

std::string SlotText(const Slot& slot) {
  return DayText(slot.day) + (slot.country == Slot::kNoCountry ? "" : "/c" + std::to_string(slot.country));
}

const TokenWrite* SimTable::LastWrite(const std::string& app_id) const {
  const auto found = writes_.find(app_id);
  return found == writes_.end() ? nullptr : &found->second.write;
}

bool SimTable::TellsLastWrite(const std::string& app_id) const {
  const auto found = writes_.find(app_id);
  return found != writes_.end() && found->second.version >= oldest_;
}

std::int64_t SimTable::Commit(SimCommit commit) {
  auto state = std::make_shared<TableState>(Newest());
  for (const FileAction& action : commit.actions) {
    std::vector<FilePtr>& files = (*state)[action.file->slot];
    if (action.add) {
      files.push_back(action.file);
    } else {
      std::erase_if(files, [&](const FilePtr& file) { return file->id == action.file->id; });
    }
    if (files.empty()) state->erase(action.file->slot);
  }
  if (commit.replaces_table) ++ids_;
  const int table_id = commits_.empty() || commit.replaces_table ? ids_ : names_.back().table_id;
  names_.push_back({table_id, ++made_});
  if (commit.write) writes_[commit.write->app_id] = {*commit.write, newest() + 1};
  commits_.push_back(std::move(commit));
  states_.push_back(std::move(state));
  return newest();
}

void SimTable::Recreate() {
  commits_.clear();
  states_.clear();
  names_.clear();
  writes_.clear();
  oldest_ = 0;
  ++ids_;
}

void SimTable::RollBack(std::int64_t version) {
  const auto kept = static_cast<std::size_t>(version) + 1;
  commits_.resize(kept);
  states_.resize(kept);
  names_.resize(kept);
}

}  // namespace latecomer::simulation
