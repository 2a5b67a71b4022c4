// Runs and their steps for people: state words in colour, durations, the grid of runs × steps.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/text_table.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::cli {

Cell StateCell(ledger::RunState state);
Cell StateCell(ledger::StepState state, const std::string& suffix = "");

// "0.3 s", "-" while it has not started.
std::string DurationText(const std::optional<Instant>& started, const std::optional<Instant>& ended, Instant now);

// What started the run, in words: "its interval", "devices@3", "look-back of RUN", "a request".
std::string CauseText(const ledger::RunRecord& run);

// One row per run, one column per step; mapped backfill shows "[n]" and its children's worst state.
Status PrintGrid(Context& context, ledger::Reader& reader, const pipeline::Pipeline& pipeline, int limit);

}  // namespace latecomer::cli
