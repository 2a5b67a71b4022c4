// The promises of docs/architecture, each held against the model of truth at the moment something happens.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lateness/plan.h"
#include "sim_jobs.h"
#include "truth.h"
#include "watched_ledger.h"

namespace latecomer::simulation {

// Thrown where a promise is broken.
struct Violation {
  std::string promise;
  std::string what;
};

class Checks {
 public:
  Checks(const std::vector<PipelineFacts>& pipelines, Truth& truth) : pipelines_(pipelines), truth_(truth) {}

  FindTable find_table;

  // After a transaction of a scheduler whose clock shows `now_ms`.
  void OnLedger(const LedgerEffects& effects, std::int64_t now_ms);
  // After a job's write.
  void OnWrite(const OutputWrite& write);
  // A person cleared or requested this run: it may process what is processed already.
  void OnAskedFor(const std::string& pipeline, const std::string& run_id) { asked_for_.insert({pipeline, run_id}); }
  // A person holds a partition, by its canonical key: no claim of it is granted until it is released.
  void OnHold(const std::string& pipeline, const std::string& partition) { held_.insert({pipeline, partition}); }
  void OnReleased(const std::string& pipeline, const std::string& partition) { held_.erase({pipeline, partition}); }
  // Anything that counts as built.
  bool HasBuilt(const std::string& pipeline) const {
    const auto built = built_.find(pipeline);
    return built != built_.end() && !built->second.empty();
  }
  // A person cleared this run but for the step that writes: the next try takes an earlier one's output as it is.
  void OnOutputKept(const std::string& pipeline, const std::string& run_id) { kept_.insert({pipeline, run_id}); }
  void OnOutputNotKept(const std::string& pipeline, const std::string& run_id) { kept_.erase({pipeline, run_id}); }
  // A person accepted another definition; `given_up`: what is there counts as made by it.
  void OnAccepted(const PipelineFacts& before, const PipelineFacts& now, bool given_up);
  // A person accepted the table that took a source's place; `given_up`: what is there counts as made from it.
  void OnTableAccepted(const std::string& location, bool given_up);
  // The newest version that the ledger knows of a table; -1: none.
  std::int64_t Seen(const std::string& location) const {
    const auto seen = seen_.find(location);
    return seen == seen_.end() ? -1 : seen->second;
  }
  void OnLedgerBackedUp() {
    asked_for_at_backup_ = asked_for_;
    held_at_backup_ = held_;
    built_at_backup_ = built_;
    recorded_at_backup_ = recorded_;
    given_up_at_backup_ = given_up_;
  }
  // While a person marks: what counts as processed then, they vouch for.
  void OnMarking(bool marks);
  // … and did, by that event; while it is undone, what was so before is so again.
  void OnMarked(std::int64_t event, const std::string& pipeline, const std::string& partition);
  void OnUndoing(std::int64_t event) { undoing_ = event; }
  void OnUndone() { undoing_.reset(); }
  // The ledger is the one that was backed up.
  void OnLedgerRestored();
  // The ledger is a new one.
  void OnLedgerLost();

  // Promise 1, on what the ledger and the planner say of every output partition.
  void NothingLost(const PipelineFacts& pipeline, const lateness::Plan& plan, const Versions& seen,
                   const std::map<Slot, VersionVector>& processed) const;
  // At the end, when nothing is left to do at this true time: the same as made from scratch.
  void SameAsFromScratch(const PipelineFacts& pipeline, std::int64_t now_ms) const;

  std::int64_t processings() const { return processings_; }

 private:
  using Partition = std::pair<std::string, std::string>;  // pipeline id, canonical key

  const PipelineFacts& Find(const std::string& id) const;
  std::map<std::string, int> ReadsOf(const PipelineFacts& pipeline) const;
  void CheckClaim(const ledger::ClaimRecord& claim, const LedgerEffects& effects, std::int64_t now_ms);
  void CheckTry(const ledger::TryRecord& attempt, const LedgerEffects& effects);
  void CheckNewRun(const ledger::RunRecord& run, std::int64_t now_ms);
  bool IsLowered(const LedgerEffects::Processed& processed, const LedgerEffects& effects);
  void CountAgainAfter(const ledger::ProcessedRecord& record, const Versions& versions);
  bool IsBuilt(const std::string& pipeline, const Slot& slot) const;
  void CheckProcessed(const LedgerEffects::Processed& processed);
  void NoteWhatIsAtWork(const std::string& pipeline);
  void OnVouchedFor(const ledger::ProcessedRecord& record);
  void OnWithdrawn(const std::string& pipeline, const std::string& partition);
  void PutBack(const ledger::ProcessedRecord& record);
  void CheckRebuilt(const std::vector<ledger::ProcessedRecord>& records);
  void CheckNotWasted(const PipelineFacts& pipeline, const LedgerEffects::Processed& processed);
  void CheckFollower(const PipelineFacts& pipeline, const ledger::RunRecord& run);
  // When an earlier day of the same country was built last, of those built after this one; nullopt: none was.
  std::optional<std::int64_t> BuiltBefore(const PipelineFacts& pipeline, const Slot& slot) const;
  bool MadeOnRequest(const PipelineFacts& pipeline, const Slot& slot) const;
  bool HoldsWhatNobodyKnows(const PipelineFacts& pipeline, const Slot& slot) const;
  bool HoldsAForgottenPart(const PipelineFacts& pipeline, const Slot& slot) const;
  void FollowersNotLost(const PipelineFacts& pipeline, const std::map<Slot, VersionVector>& processed,
                        const std::set<Slot>& accounted, const std::map<Slot, std::string>& others) const;

  const std::vector<PipelineFacts>& pipelines_;
  Truth& truth_;
  std::map<Partition, ledger::ClaimRecord> claims_;
  std::map<std::string, std::int64_t> seen_;  // by location
  std::map<std::string, int> accepted_;  // by location, or pipeline id: how often another table, or definition, was
  struct TryName {
    std::string pipeline;
    std::string run_id;
    int number = 0;
    friend auto operator<=>(const TryName&, const TryName&) = default;
  };
  std::map<TryName, std::map<std::string, int>> reads_of_;           // which of the accepted ones it goes by
  std::map<Partition, std::set<Versions>> causes_;                   // newest changes a run was made for
  std::map<std::pair<std::string, Slot>, OutputWrite> last_writes_;  // by location, partition
  std::set<std::pair<std::string, Slot>> left_over_;                 // by location, partition: of a definition before
  std::set<std::pair<std::string, std::string>> asked_for_;          // pipeline id, run id
  std::set<std::pair<std::string, std::string>> asked_for_at_backup_;
  std::set<std::pair<std::string, std::string>> kept_;  // pipeline id, run id
  std::set<Partition> held_;
  std::set<Partition> held_at_backup_;
  // By pipeline: the how-manieth record of all the newest one of each partition was.
  std::map<std::string, std::map<Slot, std::int64_t>> built_;
  std::map<std::string, std::map<Slot, std::int64_t>> built_at_backup_;
  std::map<std::string, std::set<Slot>> given_up_;  // by pipeline: counts as made, until it is made again
  std::map<std::string, std::set<Slot>> given_up_at_backup_;
  std::map<Partition, std::set<std::int64_t>> followed_;  // what of an earlier day a run was made for
  struct Recorded {
    std::int64_t token = 0;
    Versions versions;
    std::string run_id;
  };
  std::map<std::pair<std::string, Slot>, Recorded> recorded_;  // by location, partition
  std::map<std::pair<std::string, Slot>, Recorded> recorded_at_backup_;
  bool restored_ = false;
  bool marking_ = false;
  struct Known {
    decltype(built_) built;
    decltype(given_up_) given_up;
    decltype(recorded_) recorded;
  };
  Known before_mark_;
  // What was known of one partition before it was marked.
  struct Marked {
    std::optional<std::int64_t> built;
    bool given_up = false;
    std::optional<Recorded> recorded;
  };
  std::map<std::int64_t, Marked> marked_;  // by event
  std::optional<std::int64_t> undoing_;
  std::set<Partition> at_work_;  // … when a person marked something
  std::int64_t processings_ = 0;
};

}  // namespace latecomer::simulation
