// What people accepted last. Versions of a table are none of the one that took its place, and what was built by a
// definition is not what another one builds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "ledger/ledger.h"

namespace latecomer::engine {

// Numbers of the newest events by which another one was accepted; 0: none was.
struct LastAccepted {
  std::int64_t definition = 0;
  std::int64_t table = 0;  // in the place of a source, or named by a definition for it

  std::int64_t newest() const { return std::max(definition, table); }
};
// In the detail of a definition's event: the sources that it reads from another table.
inline constexpr const char* kOtherTables = "other_tables";
Result<LastAccepted> FindLastAccepted(ledger::Reader& reader, const std::string& pipeline);

// By what is accepted now, a queued run does all its steps, at the newest versions.
Status ForgetKept(ledger::Writer& writer, ledger::RunRecord& run);

// Did the run's last try begin before that event? False when there is none.
Result<bool> BeganBefore(ledger::Reader& reader, const ledger::RunRecord& run, std::int64_t event);

// Did the run's last try begin before another table was accepted?
Result<bool> ReadOlderTable(ledger::Reader& reader, const ledger::RunRecord& run, const LastAccepted& accepted);

// Did the run's last try begin before another definition was accepted, by which what it made doesn't count as made?
Result<bool> MadeSomethingElse(ledger::Reader& reader, const ledger::RunRecord& run, const LastAccepted& accepted);

}  // namespace latecomer::engine
