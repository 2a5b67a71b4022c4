// The loop of one pipeline: observe, plan, claim, start, watch, record.
//
// Any number of engines, in any processes, may work on one ledger; what one of them does is fenced by
// claims. Everything it needs comes from the Environment. Not thread-safe: one thread per engine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/admission.h"
#include "engine/environment.h"
#include "engine/ledger_view.h"
#include "engine/observed_sources.h"
#include "engine/open_facts.h"
#include "engine/outside_claims.h"
#include "engine/step_machine.h"
#include "lateness/plan.h"
#include "pipeline/pipeline.h"
#include "pipeline/template.h"

namespace latecomer::engine {

// What a look at the pipeline gave.
struct TickReport {
  bool progressed = false;         // something changed
  bool again = false;              // there is more that can be done at this moment: call Tick again
  bool read_more = false;          // … of a source: versions that no scheduler had read before
  int mine = 0;                    // runs this engine is working on, and attempts that it ends
  int elsewhere = 0;               // runs other schedulers are working on
  std::vector<PlacedRun> outside;  // runs that outside workers hold, with `waiting_for`; nothing to wait for here
  std::vector<PlacedRun> waiting;  // queued runs, with `waiting_for`
  // Partitions without a run that wait for a pipeline upstream, or to settle; with the plan's reason.
  std::vector<std::pair<table::PartitionKey, std::string>> planned;
  bool paused = false;
  std::optional<Instant> wake_at;  // the next retry or lease renewal
  std::optional<Instant> look_at;  // when a source is to be looked at again; nullopt: with each Tick
  // Nothing is running here or elsewhere and nothing more can start.
  bool Idle() const { return !progressed && mine == 0 && elsewhere == 0; }
};

class Engine {
 public:
  Engine(pipeline::Pipeline pipeline, Environment environment);
  ~Engine();

  // Makes the pipeline known to the ledger, as RegisterPipeline. First call.
  Status Register();

  const pipeline::Pipeline& pipeline() const { return pipeline_; }

  // Does what can be done at this moment without waiting.
  Result<TickReport> Tick();

  // Something that was running here has ended, or is seen to do something else: Tick would get further. Cheap.
  bool HasNews();

  // Somebody changed what the plan rests on (a release, a hold, a clear): the next Tick plans, whatever else it finds.
  void PlanSoon() { plan_due_ = true; }

  // No new run is started from now on; what is running goes on.
  void StopStarting() { stop_starting_ = true; }
  // Ends what is running here; its runs go back to the queue.
  Status CancelMine(const std::string& reason);
  // The same, but for runs of which nothing is at work that dies with this process: the next scheduler goes on with
  // them.
  Status LeaveMine(const std::string& reason);

  // Queues a run of one partition on a person's request; returns its id. Processed whatever the plan says.
  Result<ledger::RunRecord> RequestRun(const table::PartitionKey& key);

  // Grants what may start now to the outside worker that the Environment's holder names, with its lease.
  // No step is started here. An engine that claims for others doesn't Tick.
  Result<OutsideClaims> ClaimOutside(const OutsideRequest& request);

  // The plan as it stands: observes, writes nothing but what was observed.
  Result<lateness::Plan> PlanNow();

  // A pipeline upstream got further, or another that reads the same tables: they are looked at again, and what waits.
  void LookAgain();

 private:
  struct Active;  // a run this engine holds the claim of

  // engine.cc
  Result<bool> Observe();
  Result<bool> ObserveTable(const std::string& location);
  Result<std::optional<bool>> ObserveOnce(const std::string& location);
  Result<bool> ObserveDue();
  Result<bool> MovedOn(const std::string& location);
  bool HasObserved() const;
  Result<bool> CreateRuns();
  Status RefreshUpstream();
  Result<std::vector<KnownPipeline>> PipelinesUpstream();
  Status CheckInForce(ledger::Reader& reader) const;
  Status FindUpstream(const std::vector<ledger::PipelineRecord>& listed);
  Result<bool> FindLinks(const std::vector<ledger::PipelineRecord>& listed);
  Result<std::optional<pipeline::Pipeline>> DefinitionOf(const ledger::PipelineRecord& record) const;
  void AddUpstream(lateness::PlanInput& input) const;
  void NotePlan(const lateness::Plan& plan);
  struct NewRun;
  struct Outlook;
  Result<Outlook> LookNow(std::optional<int> scheduled);
  std::vector<NewRun> ScheduledOf(const lateness::Plan& plan, int room, const std::optional<Instant>& waits_for_past);
  std::vector<NewRun> BackfillsOf(const lateness::Plan& plan);
  Result<bool> InsertRuns(const std::vector<NewRun>& wanted, const IndexUpdate& update);
  Status StartQueued(TickReport& report);
  Status NoteOthers(const std::vector<PlacedRun>& runs, TickReport& report);
  Result<std::vector<PlacedRun>> LoadRuns();
  Result<Gate> LoadGate();
  Result<PlacedRun> NoteWait(const PlacedRun& queued, const std::string& for_what);
  void Announce(const ledger::RunRecord& run);

  // grant.cc
  struct Granted;
  // What else belongs into the transaction of the grant.
  using HandOver = std::function<Status(ledger::Writer& writer, Active& active)>;
  Result<std::optional<Granted>> Grant(const PlacedRun& queued, const HandOver& hand_over = nullptr);
  Status GrantInTransaction(ledger::Writer& writer, const PlacedRun& queued, std::int64_t token_floor,
                            Granted& granted);
  Result<std::int64_t> NewestTokenInOutputs(const table::PartitionKey& key);
  Status EnsureOldAttemptsDead(const ledger::RunRecord& run);
  Result<std::string> NothingUnseen(ledger::Reader& reader, const ledger::RunRecord& run);
  Result<bool> TakeOverDead();
  Result<bool> TakeOver(const ledger::ClaimRecord& claim, const std::string& why);

  // resume.cc
  enum class Resumed { kNo, kNotNow, kYes };
  Result<Resumed> Resume(const ledger::ClaimRecord& claim, const std::string& why);
  Result<bool> LoadResumable(ledger::Reader& reader, const ledger::ClaimRecord& claim, Active& active);
  Result<bool> GoesOnElsewhere(const Active& active);
  bool OutlivesThis(const Active& active);

  // outside_claims.cc
  Result<bool> GrantOutside(const OutsideRequest& request, OutsideClaims& found);
  Result<bool> GrantOneOutside(const PlacedRun& queued, OutsideClaims& found);
  Status DeferSteps(ledger::Writer& writer, Active& active, OutsideClaim& claim);

  // try_driver.cc
  enum class Which { kAll, kFresh };  // kFresh: those that were not advanced yet
  Result<bool> AdvanceMine(Which which);
  bool HasMoreToDo() const;
  Result<bool> AdvanceOne(Active& active);
  Status CheckClaim(ledger::Writer& writer, const Active& active);
  Status ApplyFinished(ledger::Writer& writer, Active& next, Instant now);
  Status StartDue(ledger::Writer& writer, Active& next, const std::vector<std::string>& steps, Instant now);
  Status FailTry(ledger::Writer& writer, Active& next, const NextMoves& moves, Instant now);
  static bool ShowsNews(Active& active);
  Status ShowOutside(ledger::Writer& writer, Active& next, Instant now);
  Status NoteRetry(ledger::Writer& writer, Active& next, const NextMoves& moves);
  bool HasNoJob(const ledger::AttemptRecord& attempt, const Error& why);
  void LaunchStarting(Active& active);
  Status Detect(Active& active);
  Status DetectInTransaction(ledger::Writer& writer, Active& next, std::vector<ledger::RunRecord>& children);
  Status Record(Active& active);
  Status VerifyOutputs(const Active& active);
  Result<bool> RenewLease(Active& active);
  Status Abandon(Active& active);
  void ReapDoomed();

  // attempt_spec.cc
  Result<executor::AttemptSpec> SpecFor(const Active& active, const pipeline::Step& step,
                                        const ledger::AttemptRecord& attempt);
  Result<executor::SqlWork> SqlWorkFor(const Active& active, const pipeline::Step& step, const pipeline::SqlStep& sql,
                                       const pipeline::TemplateValues& values);
  Result<executor::SparkWork> SparkWorkFor(const Active& active, const pipeline::Step& step,
                                           const pipeline::SparkStep& spark, const pipeline::TemplateValues& values);
  Result<executor::KubernetesWork> KubernetesWorkFor(const Active& active, const pipeline::Step& step,
                                                     const pipeline::KubernetesStep& job,
                                                     const pipeline::TemplateValues& values);
  Result<executor::AirflowWork> AirflowWorkFor(const Active& active, const pipeline::Step& step,
                                               const pipeline::AirflowDagStep& airflow,
                                               const pipeline::TemplateValues& values);
  executor::JobWork JobWorkFor(const Active& active, const pipeline::Step& step,
                               const pipeline::TemplateValues& values);
  std::vector<executor::SqlWork::SourceView> SourceViewsFor(const Active& active);
  table::WriteTransaction TransactionFor(const Active& active, const pipeline::Step& step);

  pipeline::Pipeline pipeline_;
  Environment env_;
  LedgerView view_{env_.ledger, pipeline_};
  std::map<std::string, std::shared_ptr<table::TableHistory>> histories_;  // of the sources, by location
  std::map<std::string, Instant> next_look_;  // of sources that are not looked at each time
  ObservedSources observed_;
  table::PartitionSchema output_schema_;
  std::map<std::int64_t, std::unique_ptr<Active>> active_;  // by run id
  std::vector<std::string> doomed_;                         // handles of attempts that were told to end
  bool stop_starting_ = false;
  bool began_ = false;           // it has runs: nothing to ask before the first
  bool plan_due_ = true;         // something changed since the last plan
  bool others_at_work_ = false;  // on runs of this pipeline, at the last look
  bool read_more_ = false;       // as in TickReport; of the look at hand
  Instant planned_at_{};
  std::string planned_stamp_;                   // the ledger's before the last plan
  UpstreamWaits upstream_;                      // of the last look
  std::string upstream_stamp_;                  // the ledger's, after it was looked for in the look at hand; else empty
  bool has_upstream_ = false;                   // some known pipeline makes a source of this one
  std::vector<ledger::PipelineRecord> listed_;  // the ledger's, when those upstream were last sought
  std::vector<ledger::PipelineRecord> upstream_pipelines_;  // those of them
  std::map<std::string, pipeline::Pipeline> parsed_;        // the same, by id
  // Which tables a definition reads and writes.
  struct Links {
    std::string hash;  // of the definition
    std::string file;
    std::set<std::string> reads;
    std::set<std::string> writes;
  };
  std::map<std::string, Links> links_;                                      // of the ledger's other pipelines, by id
  std::vector<PlannedPartition> planned_;                                   // of the last plan; with depends_on_past
  std::vector<std::pair<table::PartitionKey, std::string>> waits_planned_;  // of the last plan, as in TickReport
  bool waits_upstream_ = false;                                             // some of those for a pipeline upstream
};

}  // namespace latecomer::engine
