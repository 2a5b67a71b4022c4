// Runs that a person asks for: `latecomer run --partition`.
#pragma once

#include <string>

#include "cli/act_text.h"
#include "cli/workspace.h"

namespace latecomer::cli {

// Queues a manual run of a partition ("2024-01-01", "event_time=2024-01-01"), or of each one that exists in a range
// ("2024-01-01..2024-01-31", both inclusive). False when nothing was queued: with --dry-run, or a person said no.
// kNotFound when a range has no partition.
Result<bool> RequestRuns(Context& context, OutputFormat format, Workspace& workspace, const std::string& partitions,
                         const ActOptions& options);

}  // namespace latecomer::cli
