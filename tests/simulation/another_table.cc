// Another table takes a source's place: all that read it stop, until a person accepts it.
#include "engine/accept.h"
#include "peoples_catalog.h"
#include "simulation.h"

namespace latecomer::simulation {

// One that is known, and that nobody replaced already.
const SourceFacts* Simulation::PickReplaceable() {
  const std::vector<SourceFacts>& sources = scenario_.facts.front().sources;
  const bool any = scenario_.people_accept_tables && sources.size() > 1 && dice_.OneIn(3);
  const SourceFacts& source = any ? sources.back() : sources.front();
  return truth_.IsReplaced(source.location) || checks_.Seen(source.location) < 0 ? nullptr : &source;
}

void Simulation::ReplaceSource() {
  const SourceFacts* source = PickReplaceable();
  if (source == nullptr) return;
  SimTable& table = Table(source->location);
  // What nobody saw is not missed.
  const std::int64_t seen = checks_.Seen(source->location);
  if (scenario_.people_accept_tables && dice_.OneIn(3) && seen > table.oldest()) {
    truth_.OnReplaced(source->location);
    table.RollBack(dice_.Between(table.oldest(), seen - 1));
    Say("an older copy of " + table.location() + " is put back, with version " + std::to_string(table.newest()));
    for (std::int64_t i = dice_.Between(0, 6); i > 0; --i) CommitTo(source->location);
    return;
  }
  truth_.OnReplaced(source->location);
  if (dice_.OneIn(2)) {
    Say("the folder of " + table.location() + " is made anew");
    table.Recreate();
    for (std::int64_t i = dice_.Between(1, 2 * counts_.commits); i > 0; --i) CommitTo(source->location);
    return;
  }
  Say(table.location() + " is replaced");
  SimCommit commit{
      .at_ms = clocks_.front()->NowMs(), .operation = "CREATE OR REPLACE TABLE", .actions = {}, .write = {}};
  commit.replaces_table = true;
  const TableState& before = table.Newest();
  for (const auto& [slot, files] : before) {
    for (const FilePtr& file : files) commit.actions.push_back({file, false, true});
  }
  table.Commit(std::move(commit));
}

// False when a run is at work, which is cancelled for it. Only the first pipeline reads tables that nobody makes.
bool Simulation::PersonAcceptsTable(engine::AcceptAs as) {
  bool all = true;
  for (const SourceFacts& source : scenario_.facts.front().sources) {
    if (!truth_.IsReplaced(source.location)) continue;
    const SimHistory history(Table(source.location), nullptr);
    const auto accepted =
        engine::AcceptTable(*ledger_.now(), {scenario_.pipelines.front()}, history, as, clocks_.front()->Now());
    if (!accepted && accepted.error().kind == ErrorKind::kConflict) {
      CancelToAccept(0);
      all = false;
      continue;
    }
    if (!accepted) throw Violation{"6 (history may vanish)", "no accepting: " + accepted.error().ToString()};
    if (!*accepted)
      throw Violation{"6 (history may vanish)", source.location + " is another table, and isn't found to be"};
    const engine::AcceptedTable::Effect& effect = (*accepted)->pipelines.front();
    Say("a person accepts the table at " + source.location + ": " + std::to_string(effect.late) + " late, " +
        std::to_string(effect.kept) + " kept");
    checks_.OnTableAccepted(source.location, as == engine::AcceptAs::kProcessed);
  }
  return all;
}

}  // namespace latecomer::simulation
