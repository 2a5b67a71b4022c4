// The ledger's disk is lost: an earlier copy is put in its place, or a new ledger, and people let it learn from the
// outputs.
#include <algorithm>

#include "engine/observed_sources.h"
#include "engine/rebuild.h"
#include "peoples_catalog.h"
#include "simulation.h"

namespace latecomer::simulation {
namespace {

constexpr std::int64_t kMinute = 60'000;

}  // namespace

// Schedulers stop for the loss of a ledger; jobs go on.
void Simulation::BackUpOrRestore() {
  if (interrupted_) return;
  const bool put_back = ledger_.HasBackup() && !dice_.OneIn(2);
  const bool lost = !put_back && MayRebuild() && dice_.OneIn(8);
  if (!put_back && !lost) {
    ledger_.BackUp();
    checks_.OnLedgerBackedUp();
    Say("the ledger is backed up");
    return;
  }
  for (const auto& scheduler : schedulers_) {
    if (scheduler->alive()) scheduler->Die();
  }
  marks_.clear();
  PassTime(dice_.Between(1, kMinute));  // attempts of one name are told apart by when they began
  if (lost) {
    ledger_.Lose(random_);
    ++counts_.losses;
    checks_.OnLedgerLost();
    Say("the ledger is lost");
  } else {
    ledger_.Restore();
    ++counts_.restores;
    checks_.OnLedgerRestored();
    Say("an earlier ledger is put back");
  }
  if (lost || (MayRebuild() && dice_.OneIn(3))) PeopleRebuild(lost);
}

// Outputs say what they were made of by version numbers, which mean nothing of another table; and of outputs that
// follow each other not whether the one before was there.
bool Simulation::MayRebuild() const {
  return !AnyReplaced() && std::none_of(scenario_.facts.begin(), scenario_.facts.end(),
                                        [](const PipelineFacts& facts) { return facts.following; });
}

void Simulation::PeopleRebuild(bool take_over) {
  PeoplesCatalog catalog([this](const std::string& location) { return FindTable(location); });
  const Instant now = clocks_.front()->Now();
  for (const pipeline::Pipeline& pipeline : scenario_.pipelines) {
    const auto observed = engine::ObserveSources(*watched_by_people_, pipeline, catalog, now);
    // Nothing was made yet.
    if (!observed && observed.error().kind == ErrorKind::kNotFound) continue;
    if (!observed) throw Violation{"6 (history may vanish)", "no look at a source: " + observed.error().ToString()};
    const auto rebuild = [&](bool take) {
      return engine::RebuildProcessed(*watched_by_people_, pipeline, catalog, *observed, take, now);
    };
    auto rebuilt = rebuild(take_over);
    // A job of a ledger that was lost wrote after the new one had taken over; the message says what to do.
    if (!rebuilt && rebuilt.error().kind == ErrorKind::kConflict && counts_.losses > 0) rebuilt = rebuild(true);
    if (!rebuilt && rebuilt.error().kind == ErrorKind::kNotFound) continue;
    if (!rebuilt) throw Violation{"6 (history may vanish)", "no rebuilding: " + rebuilt.error().ToString()};
    Say("people rebuild " + pipeline.id + " from its output: " + std::to_string(rebuilt->recorded.size()) +
        " recorded, " + std::to_string(rebuilt->kept) + " known, " + std::to_string(rebuilt->unknown.size()) +
        " unknown");
  }
}

}  // namespace latecomer::simulation
