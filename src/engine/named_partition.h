// Output partitions that a person names, which may be typing errors.
#pragma once

#include "engine/observed_sources.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"
#include "table/partition_key.h"

namespace latecomer::engine {

// A key that stands for an interval may be named before its data has come. One that stands for none has to be that of
// an output partition that is there: kInvalidArgument else.
Status CheckNamedPartition(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                           const table::PartitionKey& key);

}  // namespace latecomer::engine
