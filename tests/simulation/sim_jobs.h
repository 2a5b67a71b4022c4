// The work that schedulers start: jobs with a life of their own, which go on when their scheduler dies and
// write their output themselves, sometimes long after anybody waits for it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dice.h"
#include "executor/executor.h"
#include "sim_clock.h"
#include "sim_table.h"
#include "table/catalog.h"

namespace latecomer::simulation {

// What will happen to a job; drawn when it starts.
enum class Fate {
  kSuccess,
  kFailure,       // ends without having written
  kLostEnd,       // writes, and then is reported as failed: the word of its success was lost
  kWrittenTwice,  // its write is delivered a second time later
};

struct Job {
  std::string handle;
  std::string name;  // of its attempt
  std::string folder;
  int machine = 0;
  std::optional<executor::SqlWork> sql;  // none: a command, which writes nothing
  std::int64_t ends_ms = 0;
  std::int64_t timeout_ms = 0;  // true time at which it is ended; 0: never
  Fate fate = Fate::kSuccess;
  executor::Phase phase = executor::Phase::kRunning;
  std::string message;
  // What it read, when it started: versions by source name and the rows.
  std::map<std::string, std::int64_t> read_versions;
  std::vector<std::int64_t> rows;
};

// A write that reached an output table, with what the job had read for it.
struct OutputWrite {
  std::string location;
  Slot slot;
  TokenWrite write;
  std::int64_t newest_token_before = 0;
  std::map<std::string, std::int64_t> read_versions;
};

// How a write under a token is judged; a broken variant puts another one here.
enum class Verdict { kWrite, kRepeat, kRefuse };
using TokenRule = std::function<Verdict(const TokenWrite* newest, const TokenWrite& wanted)>;
Verdict JudgeToken(const TokenWrite* newest, const TokenWrite& wanted);

class SimJobs {
 public:
  struct Failures {
    int percent_failing = 0;
    int percent_odd = 0;   // fates that are neither plain success nor plain failure
    int percent_slow = 0;  // hours instead of minutes
    std::int64_t longest_ms = 600'000;
  };

  SimJobs(const WorldTime& time, Dice& dice) : time_(time), dice_(dice) {}

  Failures failures;
  bool outside = false;  // jobs run on no scheduler's machine, and are found again by the name of their attempt
  TokenRule rule = JudgeToken;
  std::function<SimTable&(const std::string& location)> find_table;
  // Is what is written there built on the day before, as it stands in the output when the job begins?
  std::function<bool(const std::string& into)> is_cumulative;
  std::function<std::int64_t()> wall_ms;  // what commits are dated with
  std::function<std::int64_t()> next_file_id;
  std::function<void(const OutputWrite&)> on_write;  // after the commit
  std::function<void(const std::string&)> trace;

  Result<std::string> Start(const executor::AttemptSpec& spec, int machine, table::Catalog& catalog);
  Job* Find(const std::string& handle);
  void Kill(Job& job, const std::string& why);
  // Some running job, when there is one.
  void KillOne();
  void KillFolder(const std::string& folder);
  int started() const { return static_cast<int>(started_); }
  bool LivesElsewhere(const std::string& folder, int machine) const;
  // The moment the next running job ends; nullopt when none runs.
  std::optional<std::int64_t> NextEnd() const;
  // Ends what is due at the present moment.
  void EndDue();

 private:
  void End(Job& job);
  Status Write(const Job& job);

  const WorldTime& time_;
  Dice& dice_;
  std::map<std::string, Job> jobs_;
  std::vector<std::pair<std::int64_t, std::string>> redeliveries_;  // true time, handle
  std::int64_t started_ = 0;
};

// What the nearest earlier day of the same country holds.
std::vector<std::int64_t> ContentBefore(const SimTable& output, const Slot& slot);
// What an output partition holds when it is made from these rows: nothing of nothing.
std::vector<std::int64_t> Aggregate(std::vector<std::int64_t> rows);

}  // namespace latecomer::simulation
