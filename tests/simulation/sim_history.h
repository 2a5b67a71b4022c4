// A table in memory as the engine sees tables.
#pragma once

#include <memory>
#include <string>

#include "sim_table.h"
#include "table/table.h"

namespace latecomer::simulation {

// What may stand between a reader and a table: faults, a broken variant. Nothing by default.
class ReadHook {
 public:
  virtual ~ReadHook() = default;
  // Before each read; an error is what the reader gets.
  virtual Status BeforeRead(const std::string& what) = 0;
};

class SimHistory final : public table::TableHistory {
 public:
  // Both outlive this object; `hook` may be null.
  SimHistory(const SimTable& table, ReadHook* hook) : table_(table), hook_(hook) {}

  const std::string& location() const override { return table_.location(); }
  Result<Version> LatestVersion() const override;
  Result<Version> OldestCommit() const override;
  Result<Version> LatestVersionAfter(const table::SeenCommit& seen) const override;
  Result<table::CommitIdentity> IdentityOf(Version version) const override;
  Status ReadCommits(VersionRange range, const CommitSink& sink) const override;
  Result<table::TableInfo> ReadInfo(std::optional<Version> at) const override;
  Result<table::Snapshot> ReadSnapshot(std::optional<Version> at) const override;
  Result<std::vector<table::DataFile>> ReadFiles(
      Version at, const std::function<bool(const table::PartitionKey&)>& wanted) const override;
  Result<std::optional<Transaction>> FindTransaction(const std::string& app_id) const override;
  Result<std::vector<table::RecordedWrite>> ReadRecordedWrites(const std::string& prefix) const override;
  Result<std::string> ReadCommitInfo(Version version) const override;

 private:
  Status Look(const std::string& what) const;
  Status CheckThere() const;
  Result<Version> Existing(std::optional<Version> at) const;
  table::CommitIdentity Identity(Version version) const;
  table::Commit CommitAt(Version version) const;
  std::string TableId(std::int64_t version) const;
  std::optional<Version> LastChanged(const Slot& slot, std::int64_t at) const;

  const SimTable& table_;
  ReadHook* hook_;
};

// A file's path names it for good.
std::string PathOf(const SimFile& file);

}  // namespace latecomer::simulation
