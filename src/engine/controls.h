// What a person may do to runs and partitions: clear, mark, cancel, pause, release, adopt. Each is one
// transaction on the ledger; a scheduler that is at work notices and obeys.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "engine/environment.h"
#include "engine/observed_sources.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// Which run a person means: a run id, or "latest" for the newest scheduled or manual one of the pipeline.
Result<ledger::RunRecord> FindRunByWord(ledger::Reader& reader, const std::string& pipeline, const std::string& word);

struct ClearOptions {
  bool same_versions = false;      // keep the last try's pin
  std::vector<std::string> steps;  // only these and what needs them; keeps the pin. Empty: the whole run
};
// Queues the run for a new try. A running one is cancelled first. Never deletes `processed`.
Result<ledger::RunRecord> ClearRun(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const std::string& word,
                                   const ClearOptions& options, Instant now);

enum class Mark { kSuccess, kFailed };
struct Marked {
  ledger::RunRecord run;
  std::string note;  // which versions were recorded, or that `processed` was withdrawn
};
// Success records the last try's pin, or the newest seen version when there was none; failed withdraws
// `processed` when this run made it. kConflict while the run is running.
Result<Marked> MarkRun(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const std::string& word, Mark mark,
                       const std::string& note, Instant now);

// kConflict when the run has ended already.
Result<ledger::RunRecord> CancelRun(ledger::Ledger& ledger, const std::string& pipeline, const std::string& word,
                                    Instant now);

// False when it was so already. kNotFound when the ledger doesn't know the pipeline.
Result<bool> SetPaused(ledger::Ledger& ledger, const std::string& pipeline, bool paused, Instant now);

// The held changes of a partition, up to what was seen, are no longer held. kNotFound when nothing is held.
Result<VersionVector> ReleasePartition(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline,
                                       const ObservedSources& sources, const table::PartitionKey& key, Instant now);

struct Adopted {
  std::vector<std::string> partitions;  // newly recorded
  int already = 0;                      // had a record and kept it
};
// Records the output partitions that exist at `at` (a version for each source) and begin no later than `last` (all when
// nullopt) as processed at `at`, without running anything. Changes after `at` make them late.
Result<Adopted> Adopt(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, table::Catalog& catalog,
                      const ObservedSources& sources, const VersionVector& at, std::optional<LocalTime> last,
                      Instant now);

}  // namespace latecomer::engine
