// What the ledger holds, as plain records. Keys of partitions are PartitionKey::Canonical() texts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/version.h"
#include "ledger/states.h"
#include "table/commit.h"
#include "table/table.h"

namespace latecomer::ledger {

// A table some pipeline reads. Shared by all pipelines that name the same location.
struct TableRecord {
  std::string location;
  std::string table_id;
  table::PartitionSchema partition_columns;
  table::CommitIdentity seen;  // the last commit that was read
  Version first_contact;       // the version the table was at when it was first read
  Instant observed_at{};
};

struct CommitRecord {
  Version version;
  Instant timestamp{};
  table::TimestampSource timestamp_source = table::TimestampSource::kFile;
  std::string operation;
};

struct SourcePartitionRecord {
  std::string key;         // canonical
  std::string log_json;    // PartitionKey::LogJson()
  std::int64_t files = 0;  // live at the last seen version; 0: emptied
  std::optional<std::int64_t> rows;
  std::int64_t bytes = 0;
  std::uint64_t fingerprint = 0;
  Version last_changed;               // newest data-changing commit (first contact when only a checkpoint vouches)
  std::optional<Instant> first_seen;  // commit time of its first data, as far as known
};

// A data-changing commit on one source partition.
struct ChangeRecord {
  Version version;
  std::string key;
  Instant timestamp{};
  std::string operation;
  table::ChangeCounts counts;
  bool assumed = false;
  std::string note;
};

struct PipelineRecord {
  std::string id;
  std::string name;
  std::string file;
  std::string text;
  std::string definition_hash;
  bool paused = false;
  Instant updated{};
};

struct ProcessedRecord {
  std::string pipeline;
  std::string partition;
  VersionVector vector;
  std::string run_id;  // "adopt" or "mark" when no run made it
  int try_number = 0;
  std::int64_t token = 0;
  Instant at{};
};

struct RunRecord {
  std::int64_t id = 0;  // of the ledger; 0 before it is inserted
  std::string pipeline;
  std::string run_id;  // unique per pipeline: scheduled_2024-01-01, backfill_2024-01-01_v3, …
  std::string partition;
  std::string partition_display;  // "2024-01-01"
  RunKind kind = RunKind::kScheduled;
  std::string cause;                      // unique with pipeline and partition
  std::optional<std::int64_t> caused_by;  // id of the run whose detect step started it
  RunState state = RunState::kQueued;
  std::string waiting_for;  // for people; empty unless queued or held by an outside worker
  std::string message;      // why it ended as it did, in one sentence
  int tries = 0;
  // What a person asked of the next try, until the run ends: this pin (--same-versions, single steps), and steps that
  // keep the success they had in the try of that number; 0: a person marked them.
  std::optional<VersionVector> keep_vector;
  std::map<std::string, int> keep_steps;
  std::string note;
  Instant created{};
  std::optional<Instant> started;  // of the newest try
  std::optional<Instant> ended;
};

struct TryRecord {
  std::int64_t run = 0;
  int number = 0;  // from 1
  TryState state = TryState::kRunning;
  VersionVector vector;
  std::int64_t token = 0;
  std::string definition_hash;
  std::string message;
  Instant started{};
  std::optional<Instant> ended;
};

struct StepRecord {
  std::int64_t run = 0;
  int try_number = 0;
  std::string step;
  int map_index = -1;  // -1: not mapped; 0… for instances of `backfill`
  int position = 0;    // order in which people expect to see it
  StepState state = StepState::kWaiting;
  int attempts = 0;
  std::optional<Instant> retry_at;
  std::optional<std::int64_t> child_run;  // of a `backfill` instance
  std::optional<int> kept_from;           // not done in this try but in that one; 0: marked by a person
  std::string message;
  std::optional<Instant> started;
  std::optional<Instant> ended;
};

struct AttemptRecord {
  std::int64_t run = 0;
  int try_number = 0;
  std::string step;
  int map_index = -1;
  int number = 0;  // from 1
  AttemptState state = AttemptState::kStarting;
  std::string handle;  // the executor's, to find the process again
  std::string folder;  // absolute: scratch files
  std::string log;     // absolute path of its log
  std::optional<int> exit_code;
  std::string message;
  Instant started{};
  std::optional<Instant> ended;
};

// The right to process one output partition: a lease with a fencing token.
struct ClaimRecord {
  std::string pipeline;
  std::string partition;
  std::int64_t token = 0;
  std::string holder;  // HolderId of the scheduler, "external:…" for outside workers
  Instant expires{};
  std::int64_t run = 0;
  int try_number = 0;
  bool released = false;  // given back; the row stays for its token
};

struct ReleaseRecord {
  std::string pipeline;
  std::string partition;
  VersionVector up_to;
  Instant at{};
};

// A person holds an output partition back: nothing of it starts until the hold is released.
struct HoldRecord {
  std::string pipeline;
  std::string partition;
  std::string reason;
  std::string by;  // who
  Instant at{};
};

// A ledger that this one took over from: what was written into outputs for it may be followed by this one's writes.
struct PredecessorRecord {
  std::string ledger_id;
  Instant at{};
};

// Append-only; explains each transition.
struct EventRecord {
  std::int64_t sequence = 0;
  Instant at{};
  std::string pipeline;
  std::string partition;
  std::string run_id;
  std::string what;    // "run.created", "run.queued→running", "claim.granted", "late.detected", …
  std::string detail;  // JSON object
};

}  // namespace latecomer::ledger
