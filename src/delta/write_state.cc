#include "delta/write_state.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "delta/log_path.h"
#include "delta/partition_keys.h"

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

std::optional<RecordedWrite> RecordedIn(std::string_view text, Version version) {
  std::optional<RecordedWrite> recorded;
  ForEachAction(text, "\"commitInfo\"", [&](const Json& action) {
    const auto info = action.find("commitInfo");
    if (info == action.end() || !info->is_object()) return;
    const auto ours = info->find("latecomer");
    if (ours == info->end() || !ours->is_object()) return;
    RecordedWrite& write = recorded.emplace();
    write.version = version;
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

}  // namespace

Result<std::optional<std::int64_t>> WriteState::InCommitTimestamp(Instant now) const {
  const auto enabled = log.metadata->configuration.find("delta.enableInCommitTimestamps");
  if (enabled == log.metadata->configuration.end() || enabled->second != "true") return std::nullopt;
  const std::int64_t present = now.time_since_epoch().count();
  LogBuffer buffer;
  // A commit that is gone has one of its successors' time or an earlier one; the log has none then.
  if (!folder->ReadCommit(log.version, buffer)) return present;
  LogState probe(Depth::kInfo);
  probe.version = Version{log.version.value - 1};
  LATECOMER_RETURN_IF_ERROR(Advance(*folder, log.version, probe));
  if (!probe.commit_info || !probe.commit_info->in_commit_timestamp) return present;
  return std::max(present, *probe.commit_info->in_commit_timestamp + 1);
}

Result<std::optional<WriteState>> ReadWriteState(const std::shared_ptr<storage::ObjectStore>& store,
                                                 const storage::StoreOpener& open_store, Depth depth) {
  auto folder = LogFolder::Open(store);
  if (!folder && folder.error().kind == ErrorKind::kNotFound) return std::nullopt;
  if (!folder) return Fail(std::move(folder).error());
  auto listing = (*folder)->List();
  if (!listing && listing.error().kind == ErrorKind::kNotFound) return std::nullopt;
  if (!listing) return Fail(std::move(listing).error());
  LATECOMER_ASSIGN_OR_RETURN(LogState log, ReplayTo(**folder, open_store, NewestVersion(*listing), depth, &*listing));
  LATECOMER_ASSIGN_OR_RETURN(TableSchema table, ParseSchema(*log.metadata, *log.protocol));
  LATECOMER_ASSIGN_OR_RETURN(WriteSchema schema, ReadWriteSchema(*log.metadata));
  return WriteState{std::move(*folder), std::move(log), std::move(table), std::move(schema)};
}

Result<LivePartition> FindLivePartition(const WriteState& state, const table::PartitionKey& key) {
  LivePartition partition;
  const std::vector<PartitionSum>& sums = state.log.files.partitions();
  std::vector<bool> wanted(sums.size());
  PartitionKeys keys(std::make_shared<const TableSchema>(state.table), nullptr);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey* one, keys.KeyOf(sums[i].raw));
    wanted[i] = *one == key;
    if (wanted[i] && sums[i].files > 0) partition.last_changed = std::max(partition.last_changed, sums[i].last_changed);
  }
  for (const LiveFile& live : state.log.files.all()) {
    if (!wanted[live.partition]) continue;
    const FileDetail& detail = state.log.files.detail(live);
    LivePartitionFile& file = partition.files.emplace_back();
    file.removed = {detail.path, sums[live.partition].raw, live.size_bytes, detail.vector};
    file.records = live.Rows();
  }
  std::sort(partition.files.begin(), partition.files.end(),
            [](const auto& a, const auto& b) { return a.removed.path < b.removed.path; });
  return partition;
}

Result<std::optional<RecordedWrite>> FindRecordedWrite(const WriteState& state, const std::string& app_id,
                                                       std::int64_t txn_version, Version recorded_at) {
  LogBuffer buffer;
  for (std::int64_t back = 0; back <= kMostCommitsBack && recorded_at.value >= back; ++back) {
    const Version version{recorded_at.value - back};
    Status read = state.folder->ReadCommit(version, buffer);
    if (!read && read.error().kind == ErrorKind::kNotFound) return std::nullopt;
    if (!read) return Fail(std::move(read).error());
    if (HasTransaction(buffer.text(), app_id, txn_version)) return RecordedIn(buffer.text(), version);
  }
  return std::nullopt;
}

std::optional<std::string> FindAddTag(const WriteState& state, Version version, const std::string& path,
                                      const std::string& tag) {
  LogBuffer buffer;
  if (!state.folder->ReadCommit(version, buffer)) return std::nullopt;
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
