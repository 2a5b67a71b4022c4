// Turns rows of a checkpoint into actions: all but add, which checkpoint_adds.h reads.
#pragma once

#include <arrow/record_batch.h>

#include "base/result.h"
#include "delta/actions.h"

namespace latecomer::delta {

// Hands over what the rows hold: protocol, metaData, txn, sidecar. A column that isn't there holds none of its action;
// one of a wrong type, or an action without what it must have, is kDamaged.
Status EmitActions(const arrow::RecordBatch& batch, ActionSink& sink);

}  // namespace latecomer::delta
