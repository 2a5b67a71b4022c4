// Pages of what happened, for people who watch: read in time that follows the page, not the ledger.
// Not thread-safe: one object, one connection, one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/database.h"
#include "ledger/records.h"

namespace latecomer::ledger {

struct EventFilter {
  std::string pipeline{}, run_id{}, partition{};  // empty: any; `partition` is a canonical key
  std::optional<std::int64_t> before{};           // sequences smaller than this
  int limit = 100;
};

// How many runs of a pipeline are in each state.
struct RunCount {
  std::string pipeline;
  RunKind kind = RunKind::kScheduled;
  RunState state = RunState::kQueued;
  std::int64_t runs = 0;
};

class Activity {
 public:
  virtual ~Activity() = default;

  virtual Result<std::int64_t> NewestEvent() = 0;                                              // 0: none yet
  virtual Result<std::vector<EventRecord>> EventsAfter(std::int64_t sequence, int limit) = 0;  // oldest first
  virtual Result<std::vector<EventRecord>> Events(const EventFilter& filter) = 0;              // newest first

  // location → newest version seen, of all tables some pipeline has read
  virtual Result<std::map<std::string, Version>> SeenVersions() = 0;
  // How many partitions of a table have files.
  virtual Result<std::int64_t> CountPartitions(const std::string& location) = 0;
  // Newest first, versions smaller than `before`.
  virtual Result<std::vector<CommitRecord>> CommitsBefore(const std::string& location, std::optional<Version> before,
                                                          int limit) = 0;
  // Changes of versions in [from, to], oldest first.
  virtual Result<std::vector<ChangeRecord>> ChangesBetween(const std::string& location, Version from, Version to) = 0;

  virtual Result<std::vector<std::int64_t>> Children(std::int64_t run) = 0;  // runs it caused, oldest first
  // Keys of processed partitions, those of the newest intervals first.
  virtual Result<std::vector<std::string>> NewestProcessed(const std::string& pipeline, int limit) = 0;
  virtual Result<std::optional<Instant>> LastSuccess(const std::string& pipeline) = 0;
  virtual Result<std::vector<RunCount>> RunCounts() = 0;
  // Vectors of the newest tries of runs with ids in [from, to], by run.
  virtual Result<std::map<std::int64_t, VersionVector>> NewestVectors(const std::string& pipeline, std::int64_t from,
                                                                      std::int64_t to) = 0;
};

// On a connection to a ledger whose schema is up to date.
std::unique_ptr<Activity> MakeActivity(std::unique_ptr<Database> database);

}  // namespace latecomer::ledger
