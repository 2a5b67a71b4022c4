// What is known of output partitions: of all of them, or of those of chosen intervals.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/definition.h"
#include "engine/output_groups.h"
#include "engine/source_partitions.h"
#include "lateness/plan.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

// Local starts of output intervals; nullopt stands for the outputs without one.
using Starts = std::set<std::optional<LocalTime>>;

// The start that the canonical key of an output stands for; none inside for one without interval. Nullopt when it is no
// key of the pipeline's output.
std::optional<std::optional<LocalTime>> StartOfOutput(const pipeline::Pipeline& pipeline,
                                                      const table::PartitionSchema& schema,
                                                      const std::string& canonical);

class FactsReader {
 public:
  using Facts = std::map<std::string, lateness::OutputFacts>;  // by canonical output key

  // All of them must outlive this object.
  FactsReader(ledger::Reader& reader, const pipeline::Pipeline& pipeline, const ObservedSources& sources, Instant now);

  // Call first. False: the ledger doesn't keep by what single intervals are found, so that all of it was read.
  Result<bool> Open();

  Result<Facts> All();
  Result<Facts> Of(const Starts& starts);
  // Those that a person holds and that are not among `facts`.
  Status AddHeld(Facts& facts);
  // Only the changes that `processed` doesn't cover, of one output; all known ones without it.
  Result<std::vector<lateness::Change>> UnseenOf(const std::string& output,
                                                 const std::optional<ledger::ProcessedRecord>& processed);

  // For a plan: by source that goes by time, the output interval that proves those before it complete.
  Result<std::map<std::string, std::optional<LocalTime>>> Proofs();
  // The newest output interval that a source has data of its own for, at all or before `before`.
  Result<std::optional<LocalTime>> NewestOutput(std::optional<LocalTime> before);
  // The oldest one at all, or after `after`.
  Result<std::optional<LocalTime>> OldestOutput(std::optional<LocalTime> after);

  // What people let go of the pipeline's outputs; by partition.
  Result<const std::vector<ledger::ReleaseRecord>*> Releases();
  // … and what they hold back.
  Result<const std::vector<ledger::HoldRecord>*> Holds();

  const table::PartitionSchema& schema() const { return schema_; }
  // By place in the pipeline's sources; without those that never make an output late.
  std::map<std::size_t, SourcePartitions>& partitions() { return partitions_; }

 private:
  struct Group {
    lateness::OutputFacts facts;
    std::vector<MappedPartition> partitions;
  };
  using Groups = std::map<std::string, Group>;
  using ChangesByKey = std::map<std::string, std::vector<ledger::ChangeRecord>>;
  // One source of the pipeline, with those of its changes that some output may not have seen.
  struct SourceChanges {
    std::size_t index;
    const pipeline::Source& source;
    const ObservedTable& table;
    ChangesByKey by_key;
  };

  Result<Groups> GroupAll(const pipeline::Pipeline& by);  // `by` may differ in its rules from that of this reader
  Result<Groups> GroupOf(const Starts& starts);
  Result<Groups> Place(const pipeline::Pipeline& by, const PlacedSources& placed, const Starts* starts);
  enum class Which { kSome, kAll };  // of the pipeline's outputs
  Result<Facts> Complete(Groups groups, Which which);
  Status AddRuns(Groups& groups, Which which);
  Status AddProcessed(Groups& groups, Which which);
  void AddWithoutSource(Groups& groups, const std::string& canonical, lateness::ProcessedFact processed);
  Status AddUnseen(Groups& groups);
  Status AddUnseenByTime(SourceChanges changes, Groups& groups);
  Status AddUnseenOfAll(SourceChanges changes, Groups& groups);
  Status AddLastSeen(Group& group);
  Status LoadChanges(const std::string& location, Version after, const std::set<std::string>& keys,
                     ChangesByKey& changes);
  Result<std::optional<Instant>> LastSeen(const ObservedTable& table, const ledger::SourcePartitionRecord& partition);
  Result<std::optional<LocalTime>> ProofOf(SourcePartitions& partitions);
  Result<bool> Proves(SourcePartitions& partitions, LocalTime start);

  ledger::Reader& reader_;
  const pipeline::Pipeline& pipeline_;
  const ObservedSources& sources_;
  Instant now_;
  table::PartitionSchema schema_;
  std::optional<DefinitionChange> change_;  // that is not registered yet: a plan comes before the run
  std::map<std::size_t, SourcePartitions> partitions_;
  std::optional<std::vector<ledger::ReleaseRecord>> releases_;  // once they were asked for
  std::optional<std::vector<ledger::HoldRecord>> holds_;
};

}  // namespace latecomer::engine
