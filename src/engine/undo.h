// Taking back what a person did: pause and resume, hold and release, mark, and notes. Clear, cancel and trigger set
// work in motion and can't be undone; they ask first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/act.h"
#include "ledger/ledger.h"

namespace latecomer::engine {

struct Undone {
  ledger::EventRecord event;  // what was undone
  std::string now;            // how it is now, for people: "scheduled_2024-01-01 is failed again"
};

// Undoes the action that the event of this sequence tells of, in one transaction. kConflict when what it changed has
// changed again since, kNotFound when the pipeline has no such event, kInvalidArgument when it can't be undone.
Result<Undone> Undo(ledger::Ledger& ledger, const std::string& pipeline, std::int64_t event, const Act& act);

// What can be undone of the pipeline, newest first, at most `limit`. An action that was undone isn't in it; one that
// something came after may be.
Result<std::vector<ledger::EventRecord>> Undoable(ledger::Reader& reader, const std::string& pipeline,
                                                  std::size_t limit);

// "marked scheduled_2024-01-01 failed": what an event of Undoable did, in words.
std::string Describe(const ledger::EventRecord& event);

}  // namespace latecomer::engine
