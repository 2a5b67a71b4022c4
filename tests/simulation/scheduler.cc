#include "scheduler.h"

#include "sim_history.h"

namespace latecomer::simulation {
namespace {

std::string MachinePrefix(int machine) {
  return "machine" + std::to_string(machine) + "/";
}

}  // namespace

// Tables as one scheduler reaches them.
class Scheduler::Catalog final : public table::Catalog, public ReadHook {
 public:
  Catalog(SharedWorld& world, FaultPoints& points) : world_(world), points_(points) {}

  Result<std::shared_ptr<table::TableHistory>> OpenHistory(const std::string& location) override {
    SimTable* table = world_.find_table(location);
    if (table == nullptr) return Fail(Error(ErrorKind::kNotFound, "there is no table").In(location));
    std::shared_ptr<table::TableHistory> history = std::make_shared<SimHistory>(*table, this);
    return world_.variant.history ? world_.variant.history(std::move(history)) : history;
  }
  Result<std::shared_ptr<table::TableWriter>> OpenWriter(const std::string&) override {
    return Fail(ErrorKind::kUnsupported, "jobs write their output themselves");
  }
  Status BeforeRead(const std::string& what) override { return points_.Pass(what, FaultPoints::MayFail::kYes); }

 private:
  SharedWorld& world_;
  FaultPoints& points_;
};

Scheduler::Scheduler(SharedWorld& world, pipeline::Pipeline pipeline, int pipeline_index, int machine, SimClock& clock,
                     Observer observer)
    : world_(world), pipeline_(std::move(pipeline)), pipeline_index_(pipeline_index), machine_(machine), clock_(clock) {
  catalog_ = std::make_unique<Catalog>(world, points);
  executor_ = std::make_unique<SimExecutor>(world.jobs, machine, *catalog_, points);
  if (world.variant.executor) executor_ = world.variant.executor(std::move(executor_));
  ledger_ = std::make_unique<WatchedLedger>(
      world.ledger, &points, world.variant.twist.get(),
      [this, observer = std::move(observer)](const LedgerEffects& effects) { observer(effects, clock_.NowMs()); });
}

engine::HolderState Scheduler::Probe(const std::string& holder) const {
  if (!holder.starts_with(MachinePrefix(machine_))) return engine::HolderState::kUnknown;
  return world_.dead_holders.contains(holder) ? engine::HolderState::kDead : engine::HolderState::kAlive;
}

void Scheduler::Start() {
  StartAs(MachinePrefix(machine_) + MakeUuid(world_.random), std::chrono::minutes(1));
}

void Scheduler::StartAs(std::string holder, Duration lease) {
  holder_ = std::move(holder);
  engine::Environment environment{.ledger = *ledger_,
                                  .catalog = *catalog_,
                                  .executor = *executor_,
                                  .clock = clock_,
                                  .random = world_.random,
                                  .holder = holder_,
                                  .probe_holder = [this](const std::string& holder) { return Probe(holder); },
                                  .state_folder = "/sim/state",
                                  .lease = lease};
  registered_ = false;
  engine_ = std::make_unique<engine::Engine>(pipeline_, environment);
}

void Scheduler::Die() {
  world_.dead_holders.insert(holder_);
  points.crash_in = points.error_in = points.interrupt_in = 0;
  engine_.reset();
}

Result<engine::TickReport> Scheduler::Tick() {
  if (!registered_) LATECOMER_RETURN_IF_ERROR(engine_->Register());
  registered_ = true;
  return engine_->Tick();
}

Result<engine::OutsideClaims> Scheduler::Claim(const engine::OutsideRequest& request) {
  LATECOMER_RETURN_IF_ERROR(engine_->Register());
  return engine_->ClaimOutside(request);
}

}  // namespace latecomer::simulation
