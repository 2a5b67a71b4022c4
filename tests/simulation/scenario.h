// What a seed decides once, at the start: tables, pipelines with their rules, schedulers, and how much goes wrong.
#pragma once

#include <string>
#include <vector>

#include "dice.h"
#include "pipeline/pipeline.h"
#include "sim_table.h"
#include "truth.h"

namespace latecomer::simulation {

// In percent of the steps at which it may happen.
struct FaultRates {
  int crash = 0;       // a scheduler dies, at any point of its work
  int error = 0;       // a read or write of it fails
  int interrupt = 0;   // something happens in the middle of its work
  int hang = 0;        // it stands still for hours; its leases run out
  int clock_jump = 0;  // the clock of a machine is set
  int clean_log = 0;   // old commits are removed from the source's log
  int restore_ledger = 0;
  int person = 0;         // somebody clears, cancels, requests, pauses, releases
  int another_table = 0;  // the source's folder is made anew, or the table replaced
  int jobs_failing = 0;   // of the jobs
  int jobs_odd = 0;
  int jobs_slow = 0;
};

struct Scenario {
  SimTable::Columns columns = SimTable::Columns::kDate;
  bool with_country = false;
  bool with_strays = false;  // partitions that belong to no day
  std::vector<pipeline::Pipeline> pipelines;
  std::vector<PipelineFacts> facts;  // of each pipeline
  int schedulers = 1;                // for each pipeline
  int machines = 1;
  bool jobs_outside = false;
  bool people_mark = false;           // … runs as success or failed
  bool people_undo = false;           // … and take that back
  bool people_accept_tables = false;  // another table in a source's place is accepted
  bool outside_workers = false;       // others claim partitions, too, or alone
  FaultRates faults;
  bool mappings_change = false;
  int percent_change = 0;  // of the steps: somebody changes the file of a pipeline
};

struct ChangedPipeline {
  pipeline::Pipeline definition;
  PipelineFacts facts;
};

inline constexpr const char* kSourceTable = "/sim/source";
inline constexpr const char* kOtherSourceTable = "/sim/other_source";  // read by the first pipeline, or by none

Scenario DrawScenario(Dice& dice, std::uint64_t seed);
// What of a changed file waits until a person accepts it: it writes elsewhere, and by country or not; or other days of
// the second source make up an output.
enum class NeedsAWord { kNothing, kOutput, kMapping };
// What somebody may make of a pipeline's file: other steps, another schedule, other rules; and perhaps one of those.
ChangedPipeline DrawChange(Dice& dice, const Scenario& scenario, std::size_t index, NeedsAWord word);

}  // namespace latecomer::simulation
