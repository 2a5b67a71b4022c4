// Claims for workers outside: Airflow, one's own scheduler. They claim a partition, work on it at the pinned
// versions, and report. What fences them is the token; what frees a dead one's partition is the lease's end.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/admission.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"
#include "table/partition_key.h"

namespace latecomer::engine {

// What holders of claims are called when they are outside workers; the worker's own name follows.
inline constexpr std::string_view kOutsidePrefix = "external:";
bool IsOutside(std::string_view holder);
// "outside worker airflow"
std::string OutsideName(std::string_view holder);

// The holder that a worker's name makes. kInvalidArgument for one that can't be shown in a line.
Result<std::string> OutsideHolder(const std::string& name);

// The lease of a worker that doesn't say how long it takes: the sum of the steps' timeouts, an hour for a
// step without one.
Duration DefaultLease(const pipeline::Pipeline& pipeline);
// `text` as a lease, or the default one when it is empty. kInvalidArgument when it is no duration, or more than a year.
Result<Duration> LeaseOf(const std::string& text, const pipeline::Pipeline& pipeline);

struct OutsideRequest {
  int limit = 1;
  std::optional<std::string> partition;  // canonical output key; only runs of this one
};

struct OutsideClaim {
  ledger::RunRecord run;
  ledger::TryRecord attempt;  // the try: its number, token and pinned versions
  table::PartitionKey key;
  Instant expires{};
  std::vector<std::string> steps;  // the user's steps this try has to do
};

// What a worker that writes a `sql: into` output by itself has to commit with.
struct OutsideOutput {
  std::string step;
  std::string location;
  std::string txn_app_id;  // Delta `txn` action; its version is the claim's token
};
std::vector<OutsideOutput> OutputsOf(const pipeline::Pipeline& pipeline, const OutsideClaim& claim);

struct OutsideClaims {
  std::vector<OutsideClaim> claims;
  std::vector<PlacedRun> waiting;  // queued runs, with `waiting_for`
};

// Ids of the pipeline's runs that outside workers hold.
Result<std::set<std::int64_t>> RunsHeldOutside(ledger::Ledger& ledger, const std::string& pipeline);

// What a worker shows to prove its claim.
struct Ticket {
  std::string run;  // id, or "latest"
  std::int64_t token = 0;
};

struct Reported {
  ledger::RunRecord run;
  bool repeated = false;  // the same was reported before; nothing changed
  std::string note;       // for people
};

// Each of these is kConflict, and changes nothing, when the token is not the partition's newest any more or a
// person ended the try; kNotFound when there is no such run. One that ran out and that nobody took since may
// still report; with `propagate: following` only until an output before it is built.

// The lease lasts at least until `lease` from now; it never gets shorter. Returns its end. kConflict also
// when the run went back to the queue.
Result<Instant> RenewClaim(ledger::Ledger& ledger, const std::string& pipeline, const Ticket& ticket, Duration lease,
                           Instant now);

// The partition counts as processed at the pinned versions. kRunFailed, with nothing changed, when a `sql: into`
// output lacks the commit of this token.
Result<Reported> RecordOutside(ledger::Ledger& ledger, table::Catalog& catalog, const pipeline::Pipeline& pipeline,
                               const Ticket& ticket, Instant now);

enum class AfterFailure { kStayFailed, kQueueAgain };
Result<Reported> FailOutside(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline, const Ticket& ticket,
                             const std::string& message, AfterFailure after, Instant now);

}  // namespace latecomer::engine
