// Turns rows of a checkpoint into actions.
#pragma once

#include <arrow/record_batch.h>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/commit_parser.h"

namespace latecomer::delta {

// Hands over what the rows hold: protocol, metaData, txn, sidecar, add. A column that isn't there holds none of its
// action; one of a wrong type, or an add without what it must have, is kDamaged.
Status EmitActions(const arrow::RecordBatch& batch, CommitParser& stats_parser, ActionSink& sink);

}  // namespace latecomer::delta
