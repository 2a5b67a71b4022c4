// A table history that passes everything on; broken variants change one thing of it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "table/table.h"

namespace latecomer::simulation {

class ForwardingHistory : public table::TableHistory {
 public:
  explicit ForwardingHistory(std::shared_ptr<table::TableHistory> real) : real_(std::move(real)) {}

  const std::string& location() const override { return real_->location(); }
  Result<Version> LatestVersion() const override { return real_->LatestVersion(); }
  Result<Version> OldestCommit() const override { return real_->OldestCommit(); }
  Result<Version> LatestVersionAfter(const table::SeenCommit& seen) const override {
    return real_->LatestVersionAfter(seen);
  }
  Result<table::CommitIdentity> IdentityOf(Version version) const override { return real_->IdentityOf(version); }
  Status ReadCommits(VersionRange range, const CommitSink& sink) const override {
    return real_->ReadCommits(range, sink);
  }
  Result<table::TableInfo> ReadInfo(std::optional<Version> at) const override { return real_->ReadInfo(at); }
  Result<table::Snapshot> ReadSnapshot(std::optional<Version> at) const override { return real_->ReadSnapshot(at); }
  Result<std::vector<table::DataFile>> ReadFiles(
      Version at, const std::function<bool(const table::PartitionKey&)>& wanted) const override {
    return real_->ReadFiles(at, wanted);
  }
  Result<std::optional<Transaction>> FindTransaction(const std::string& app_id) const override {
    return real_->FindTransaction(app_id);
  }
  Result<std::vector<table::RecordedWrite>> ReadRecordedWrites(const std::string& prefix) const override {
    return real_->ReadRecordedWrites(prefix);
  }
  Result<std::string> ReadCommitInfo(Version version) const override { return real_->ReadCommitInfo(version); }

 protected:
  std::shared_ptr<table::TableHistory> real_;
};

}  // namespace latecomer::simulation
