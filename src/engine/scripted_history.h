// A table for tests, with one partition column `d` of dates, that lives in memory.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "table/table.h"

namespace latecomer::engine {

class ScriptedTable {
 public:
  // What a commit does to one partition: adds a file of five rows, or removes all there are.
  struct Change {
    std::optional<int> day;  // after 2024-01-01; nullopt: the partition without a date
    bool empties = false;
    bool data_change = true;
  };

  explicit ScriptedTable(std::string location) : location_(std::move(location)) {}

  void Commit(const std::vector<Change>& changes, Instant at) {
    table::Commit commit;
    commit.version = Version{static_cast<std::int64_t>(commits_.size())};
    commit.timestamp = at;
    commit.operation = "WRITE";
    std::map<std::string, table::PartitionChange> by_key;
    for (const Change& change : changes) {
      const table::PartitionKey key = KeyOf(change.day);
      const auto [it, is_new] = by_key.try_emplace(key.Canonical());
      if (!is_new) continue;  // one change of a partition is enough for a commit
      std::int64_t& files = files_[key.Canonical()];
      it->second.key = key;
      it->second.data_change = change.data_change;
      table::ChangeCounts& counts = it->second.counts;
      if (change.empties && change.data_change) {
        counts.files_removed = files;
        counts.rows_removed = 5 * files;
      } else {
        counts.files_added = 1;
        counts.rows_added = 5;
      }
      files += counts.files_added - counts.files_removed;
      it->second.fingerprint_delta = static_cast<std::uint64_t>(counts.files_added - counts.files_removed);
    }
    for (auto& [canonical, change] : by_key) commit.partitions.push_back(std::move(change));
    commits_.push_back(std::move(commit));
  }

  // Its log begins again; what it held is gone.
  void StartAnew() {
    commits_.clear();
    files_.clear();
    ++incarnation_;
  }

  class Log;
  Log History() const;

  static table::PartitionSchema Schema() { return {{"d", {.kind = table::TypeKind::kDate}}}; }
  static table::PartitionKey KeyOf(std::optional<int> day) {
    std::optional<std::string> text;
    if (day)
      text = FormatLocal(LocalTime(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1).time_since_epoch() +
                                   std::chrono::days(*day)));
    return *table::PartitionKey::FromTexts(Schema(), {{"d", text}});
  }

 private:
  std::string location_;
  int incarnation_ = 0;
  std::vector<table::Commit> commits_;
  std::map<std::string, std::int64_t> files_;  // by canonical key
};

class ScriptedTable::Log final : public table::TableHistory {
 public:
  explicit Log(const ScriptedTable& table) : table_(table) {}

  const std::string& location() const override { return table_.location_; }
  Result<Version> LatestVersion() const override {
    return Version{static_cast<std::int64_t>(table_.commits_.size()) - 1};
  }
  Result<Version> OldestCommit() const override { return Version{0}; }
  Result<Version> LatestVersionAfter(const table::SeenCommit& /*seen*/) const override { return LatestVersion(); }
  Result<table::CommitIdentity> IdentityOf(Version version) const override {
    return table::CommitIdentity{.version = version, .etag = std::to_string(table_.incarnation_)};
  }
  Status ReadCommits(VersionRange range, const CommitSink& sink) const override {
    for (std::int64_t version = range.base.value + 1; version <= range.target.value; ++version) {
      LATECOMER_RETURN_IF_ERROR(sink(table::Commit(table_.commits_.at(static_cast<std::size_t>(version)))));
    }
    return {};
  }
  Result<table::TableInfo> ReadInfo(std::optional<Version> /*at*/) const override {
    table::TableInfo info;
    info.id = table_.location_;
    LATECOMER_ASSIGN_OR_RETURN(info.version, LatestVersion());
    info.partition_columns = Schema();
    return info;
  }
  // Only the newest.
  Result<table::Snapshot> ReadSnapshot(std::optional<Version> at) const override {
    table::Snapshot snapshot;
    LATECOMER_ASSIGN_OR_RETURN(snapshot.info, ReadInfo(at));
    snapshot.timestamp = table_.commits_.back().timestamp;
    for (const auto& [canonical, files] : table_.files_) {
      if (files == 0) continue;
      LATECOMER_ASSIGN_OR_RETURN(table::PartitionKey key, table::ParseCanonicalKey(Schema(), canonical));
      snapshot.partitions.push_back(
          {.key = std::move(key), .files = files, .rows = 5 * files, .fingerprint = static_cast<std::uint64_t>(files)});
    }
    return snapshot;
  }
  Result<std::vector<table::DataFile>> ReadFiles(
      Version /*at*/, const std::function<bool(const table::PartitionKey&)>& /*wanted*/) const override {
    return Fail(ErrorKind::kUnexpected, "nobody reads rows here");
  }
  Result<std::optional<Transaction>> FindTransaction(const std::string& /*app_id*/) const override {
    return std::optional<Transaction>();
  }
  Result<std::vector<table::RecordedWrite>> ReadRecordedWrites(const std::string& /*prefix*/) const override {
    return std::vector<table::RecordedWrite>();
  }
  Result<std::string> ReadCommitInfo(Version /*version*/) const override { return std::string("{}"); }

 private:
  const ScriptedTable& table_;
};

inline ScriptedTable::Log ScriptedTable::History() const {
  return Log(*this);
}

}  // namespace latecomer::engine
