#include "delta/whole_history.h"

#include <future>
#include <utility>
#include <vector>

#include "delta/commit_assembler.h"
#include "delta/log_folder.h"
#include "delta/log_segment.h"
#include "delta/ordered_work.h"
#include "delta/own_descriptors.h"
#include "delta/scan_range.h"

namespace latecomer::delta {
namespace {

using table::TableHistory;

// Listing a long log takes a good part of the time of reading it. So it is listed by a thread of its own, and asked
// what it means that the commits end.
std::future<Result<LogListing>> StartListing(const LogFolder& folder) {
  if (MachineThreads() == 1) return std::async(std::launch::deferred, [&folder] { return folder.List(); });
  return std::async(std::launch::async, [&folder] {
    if (folder.is_local()) UseOwnDescriptors();
    return folder.List();
  });
}

// Reads the commits from 0 on; gives the first version that isn't there.
Result<Version> ReadFromFirst(const LogFolder& folder, const storage::StoreOpener& open_store,
                              const ReadOptions& options, const TableHistory::CommitSink& sink, LogListing& listing) {
  auto listed = StartListing(folder);
  CommitAssembler assembler(folder, open_store, options, kBeforeFirst);
  LATECOMER_RETURN_IF_ERROR(assembler.FindBase());
  Version end = kBeforeFirst;
  LATECOMER_RETURN_IF_ERROR(
      ScanRange(folder, {kBeforeFirst, kOpenEnd}, options, assembler, sink,
                [&](Version version, Error problem) -> Result<AfterPiece> {
                  LATECOMER_ASSIGN_OR_RETURN(listing, listed.get());
                  const bool is_there = !FirstMissing(listing, {Version{version.value - 1}, version});
                  if (is_there) return Fail(ExplainMissing(folder, version, std::move(problem)));
                  end = version;
                  return AfterPiece::kStop;
                }));
  return end;
}

}  // namespace

Status ReadWholeHistory(const std::shared_ptr<storage::ObjectStore>& store, const storage::StoreOpener& open_store,
                        const ReadOptions& options, const RangeBegin& begin, const TableHistory::CommitSink& sink) {
  LATECOMER_ASSIGN_OR_RETURN(const std::shared_ptr<const LogFolder> folder, LogFolder::Open(store));
  // Of a store each look beyond the newest commit is a request: it is listed first.
  bool has_first = false;
  if (folder->is_local()) {
    LATECOMER_ASSIGN_OR_RETURN(has_first, folder->HasCommit(kBeforeFirst.Next()));
  }
  LogListing listing;
  Version end = kBeforeFirst;
  if (has_first) {
    LATECOMER_RETURN_IF_ERROR(begin(kBeforeFirst, kBeforeFirst));
    LATECOMER_ASSIGN_OR_RETURN(end, ReadFromFirst(*folder, open_store, options, sink, listing));
  } else {
    LATECOMER_ASSIGN_OR_RETURN(listing, folder->List());
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<VersionRange> ranges, BridgedRanges(*folder, listing));
  LATECOMER_ASSIGN_OR_RETURN(const auto history, OpenDeltaTable(store, open_store, options));
  Version before = has_first ? Version{end.value - 1} : kBeforeFirst;
  for (const VersionRange& range : ranges) {
    if (range.base < end) continue;
    LATECOMER_RETURN_IF_ERROR(begin(before, range.base));
    LATECOMER_RETURN_IF_ERROR(history->ReadCommits(range, sink));
    before = range.target;
  }
  return {};
}

}  // namespace latecomer::delta
