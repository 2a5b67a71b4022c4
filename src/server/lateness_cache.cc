#include "server/lateness_cache.h"

namespace latecomer::server {

Status LatenessCache::ReadAll(const table::TableHistory& history, Entry& entry) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<VersionRange> ranges, history.CommitRanges());
  for (const VersionRange& range : ranges) {
    if (range.base >= Version{0}) {
      const auto before = history.ReadSnapshot(range.base);
      if (before) {
        for (const table::PartitionState& state : before->partitions) entry.collector->Known(state.key);
      }
    }
    LATECOMER_RETURN_IF_ERROR(history.ReadCommits(range, [&](table::Commit&& commit) -> Status {
      entry.collector->Take(commit);
      return {};
    }));
    entry.read_up_to = range.target;
  }
  return {};
}

Result<std::shared_ptr<const LatenessView>> LatenessCache::Of(table::Catalog& catalog, const pipeline::Source& source,
                                                              const std::string& definition_hash, Version newest) {
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    auto& slot = entries_[definition_hash + " " + source.name + " " + source.location];
    if (!slot) slot = std::make_shared<Entry>();
    entry = slot;
  }
  const std::lock_guard reading(entry->reading);
  if (entry->view && entry->read_up_to >= newest) return entry->view;
  LATECOMER_ASSIGN_OR_RETURN(const auto history, catalog.OpenHistory(source.location));
  Status done;
  if (entry->collector) {
    done = history->ReadCommits({entry->read_up_to, newest}, [&](table::Commit&& commit) -> Status {
      entry->collector->Take(commit);
      return {};
    });
    entry->read_up_to = newest;
  } else {
    entry->collector = std::make_unique<lateness::ArrivalCollector>(source.partition, source.calendar());
    done = ReadAll(*history, *entry);
  }
  if (!done) {  // half read is of no use
    entry->collector.reset();
    entry->view.reset();
    return Fail(done.error());
  }
  auto view = std::make_shared<LatenessView>();
  view->arrivals = entry->collector->arrivals();
  view->report = lateness::MakeReport(view->arrivals, source.calendar());
  entry->view = std::move(view);
  return entry->view;
}

}  // namespace latecomer::server
