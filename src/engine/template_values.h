// What `{{ … }}` means in the steps of one try.
#pragma once

#include "ledger/records.h"
#include "pipeline/pipeline.h"
#include "pipeline/template.h"
#include "table/partition_key.h"

namespace latecomer::engine {

pipeline::TemplateValues TemplateValuesOf(const pipeline::Pipeline& pipeline, const table::PartitionKey& key,
                                          const ledger::RunRecord& run, const ledger::TryRecord& attempt);

}  // namespace latecomer::engine
