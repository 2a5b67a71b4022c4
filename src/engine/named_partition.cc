#include "engine/named_partition.h"

#include "base/text.h"
#include "engine/facts_reader.h"
#include "lateness/key_interval.h"

namespace latecomer::engine {

Status CheckNamedPartition(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedSources& sources,
                           const table::PartitionKey& key) {
  if (lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar)) return {};
  FactsReader facts_reader(reader, pipeline, sources, Instant{});
  LATECOMER_RETURN_IF_ERROR(facts_reader.Open());
  LATECOMER_ASSIGN_OR_RETURN(const FactsReader::Facts without_interval, facts_reader.Of({std::nullopt}));
  if (without_interval.contains(key.Canonical())) return {};
  return Fail(Error(ErrorKind::kInvalidArgument,
                    "`" + Printable(key.Display()) + "` stands for no interval, and there is no partition of this name")
                  .Hint("`latecomer plan --all` lists the partitions there are"));
}

}  // namespace latecomer::engine
