#include "delta/recorded_writes.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "delta/commits_in_order.h"

namespace latecomer::delta {
namespace {

using Json = nlohmann::json;

// A txn known from a checkpoint alone was recorded this many commits before it, or is taken for unknown.
constexpr std::int64_t kMostCommitsBack = 1000;

// Calls take(action) for each line that holds `mark`; lines that are no JSON are passed over: whoever replayed
// the log has seen them.
template <typename Take>
void ForEachAction(std::string_view text, std::string_view mark, Take&& take) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find(mark) == std::string_view::npos) continue;
    const Json action = Json::parse(line, nullptr, false);
    if (action.is_object()) take(action);
  }
}

std::int64_t NumberOr0(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return 0;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  const std::string text = found->is_string() ? found->get<std::string>() : "";
  return std::strtoll(text.c_str(), nullptr, 10);
}

std::string TextOr(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool HasTransaction(std::string_view text, const std::string& app_id, std::int64_t txn_version) {
  bool found = false;
  ForEachAction(text, "\"txn\"", [&](const Json& action) {
    const auto txn = action.find("txn");
    if (txn == action.end() || !txn->is_object()) return;
    found = found || (TextOr(*txn, "appId") == app_id && NumberOr0(*txn, "version") == txn_version);
  });
  return found;
}

// What this program put into a commitInfo; Spark jobs can put it only into the text that is the user's.
std::optional<Json> Provenance(const Json& info) {
  const auto own = info.find("latecomer");
  if (own != info.end() && own->is_object()) return *own;
  const Json given = Json::parse(TextOr(info, "userMetadata"), nullptr, false);
  if (!given.is_object()) return std::nullopt;
  const auto ours = given.find("latecomer");
  return ours != given.end() && ours->is_object() ? std::optional<Json>(*ours) : std::nullopt;
}

std::optional<table::RecordedWrite> RecordedIn(std::string_view text, Version version) {
  std::optional<table::RecordedWrite> recorded;
  ForEachAction(text, "\"commitInfo\"", [&](const Json& action) {
    const auto info = action.find("commitInfo");
    if (info == action.end() || !info->is_object()) return;
    const std::optional<Json> ours = Provenance(*info);
    if (!ours) return;
    table::RecordedWrite& write = recorded.emplace();
    write.version = version;
    write.at = Instant(Duration(NumberOr0(*info, "timestamp")));
    write.transaction.ledger_id = TextOr(*ours, "ledgerId");
    write.transaction.run_id = TextOr(*ours, "runId");
    write.transaction.try_number = static_cast<int>(NumberOr0(*ours, "try"));
    if (const auto vector = ours->find("vector"); vector != ours->end() && vector->is_object()) {
      for (const auto& [source, at] : vector->items()) {
        if (at.is_number_integer()) write.transaction.vector[source] = at.get<std::int64_t>();
      }
    }
    if (const auto metrics = info->find("operationMetrics"); metrics != info->end() && metrics->is_object()) {
      write.rows = NumberOr0(*metrics, "numOutputRows");
      write.bytes = NumberOr0(*metrics, "numOutputBytes");
    }
  });
  return recorded;
}

// The newest commit of each application, over what is known of it already.
void TakeTransactions(std::string_view text, Version version, const std::string& prefix,
                      std::map<std::string, table::RecordedWrite>& newest) {
  std::vector<std::pair<std::string, std::int64_t>> found;
  ForEachAction(text, "\"txn\"", [&](const Json& action) {
    const auto txn = action.find("txn");
    if (txn == action.end() || !txn->is_object()) return;
    std::string app_id = TextOr(*txn, "appId");
    if (app_id.starts_with(prefix)) found.emplace_back(std::move(app_id), NumberOr0(*txn, "version"));
  });
  if (found.empty()) return;
  const std::optional<table::RecordedWrite> recorded = RecordedIn(text, version);
  for (auto& [app_id, token] : found) {
    table::RecordedWrite write = recorded.value_or(table::RecordedWrite{.version = version});
    write.transaction.app_id = app_id;
    write.transaction.version = token;
    newest.insert_or_assign(std::move(app_id), std::move(write));
  }
}

std::vector<table::RecordedWrite> Values(std::map<std::string, table::RecordedWrite> newest) {
  std::vector<table::RecordedWrite> writes;
  for (auto& [app_id, write] : newest) writes.push_back(std::move(write));
  return writes;
}

// The writes of a few applications, by a look at their commits alone; false when there are more, or one isn't found
// that way.
Result<bool> FindFew(const LogFolder& folder, const LogState& state, const std::string& prefix,
                     std::map<std::string, table::RecordedWrite>& newest) {
  constexpr std::size_t kFew = 16;
  for (auto it = state.transactions.lower_bound(prefix); it != state.transactions.end(); ++it) {
    const auto& [app_id, recorded] = *it;
    if (!app_id.starts_with(prefix)) break;
    if (newest.size() == kFew) return false;
    LATECOMER_ASSIGN_OR_RETURN(auto write, FindRecordedWrite(folder, app_id, recorded.version, recorded.at));
    if (!write) return false;
    write->transaction.app_id = app_id;
    write->transaction.version = recorded.version;
    newest.insert_or_assign(app_id, std::move(*write));
  }
  return true;
}

}  // namespace

Result<std::optional<table::RecordedWrite>> FindRecordedWrite(const LogFolder& folder, const std::string& app_id,
                                                              std::int64_t txn_version, Version recorded_at) {
  LogBuffer buffer;
  for (std::int64_t back = 0; back <= kMostCommitsBack && recorded_at.value >= back; ++back) {
    const Version version{recorded_at.value - back};
    Status read = folder.ReadCommit(version, buffer);
    if (!read && read.error().kind == ErrorKind::kNotFound) return std::nullopt;
    if (!read) return Fail(std::move(read).error());
    if (HasTransaction(buffer.text(), app_id, txn_version)) return RecordedIn(buffer.text(), version);
  }
  return std::nullopt;
}

Result<std::vector<table::RecordedWrite>> ReadRecordedWrites(const LogFolder& folder, const LogListing& listing,
                                                             const LogState& state, const std::string& prefix) {
  std::map<std::string, table::RecordedWrite> newest;
  LATECOMER_ASSIGN_OR_RETURN(const bool found, FindFew(folder, state, prefix, newest));
  if (found) return Values(std::move(newest));
  newest.clear();
  for (const auto& [app_id, recorded] : state.transactions) {
    if (!app_id.starts_with(prefix)) continue;
    table::RecordedWrite& write = newest[app_id];
    write.version = recorded.at;
    write.transaction.app_id = app_id;
    write.transaction.version = recorded.version;
  }
  const auto end = std::upper_bound(listing.commits.begin(), listing.commits.end(), state.version);
  const auto take = [&](Version version, Status read, const LogBuffer& buffer) -> Status {
    if (!read && read.error().kind == ErrorKind::kNotFound) return {};  // cleaned away since the listing
    LATECOMER_RETURN_IF_ERROR(std::move(read));
    TakeTransactions(buffer.text(), version, prefix, newest);
    return {};
  };
  LATECOMER_RETURN_IF_ERROR(ReadCommitsInOrder(
      folder, static_cast<std::size_t>(end - listing.commits.begin()),
      [&](std::size_t i) { return listing.commits[i]; }, take));
  return Values(std::move(newest));
}

std::optional<std::string> FindAddTag(const LogFolder& folder, Version version, const std::string& path,
                                      const std::string& tag) {
  LogBuffer buffer;
  if (!folder.ReadCommit(version, buffer)) return std::nullopt;
  std::optional<std::string> found;
  ForEachAction(buffer.text(), "\"add\"", [&](const Json& action) {
    const auto add = action.find("add");
    if (add == action.end() || !add->is_object() || TextOr(*add, "path") != path) return;
    const auto tags = add->find("tags");
    if (tags == add->end() || !tags->is_object() || !tags->contains(tag)) return;
    found = TextOr(*tags, tag.c_str());
  });
  return found;
}

}  // namespace latecomer::delta
