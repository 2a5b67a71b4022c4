#include "engine/following.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/admission.h"
#include "lateness/key_interval.h"

namespace latecomer::engine {
namespace {

using ledger::ProcessedRecord;

bool Follow(const pipeline::Pipeline& pipeline) {
  return pipeline.rules.propagate == lateness::Propagate::kFollowing;
}

// When the try began that a claim stands for.
Result<std::optional<Instant>> BeganAt(ledger::Reader& reader, const ledger::ClaimRecord& claim) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::TryRecord> tries, reader.Tries(claim.run));
  const auto found =
      std::ranges::find_if(tries, [&](const ledger::TryRecord& one) { return one.number == claim.try_number; });
  return found == tries.end() ? std::optional<Instant>() : found->started;
}

}  // namespace

Result<Instant> BuiltAt(ledger::Reader& reader, const pipeline::Pipeline& pipeline, Instant now) {
  if (!Follow(pipeline)) return now;
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ProcessedRecord> all, reader.Processed(pipeline.id));
  Instant at = now;
  for (const ProcessedRecord& record : all) at = std::max(at, record.at + Duration(1));
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<ledger::ClaimRecord> claims, reader.ClaimsHeld(pipeline.id));
  for (const ledger::ClaimRecord& claim : claims) {
    LATECOMER_ASSIGN_OR_RETURN(const auto began, BeganAt(reader, claim));
    if (began) at = std::max(at, *began + Duration(1));
  }
  return at;
}

Result<std::optional<ProcessedRecord>> FollowedSince(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                                     const table::PartitionSchema& schema, const std::string& partition,
                                                     Instant since) {
  std::optional<ProcessedRecord> none;
  if (!Follow(pipeline)) return none;
  const auto place = [&](const std::string& of) -> std::optional<std::pair<std::string, LocalTime>> {
    const auto key = table::ParseCanonicalKey(schema, of);
    if (!key) return std::nullopt;
    const auto start = lateness::StartOfKey(*key, pipeline.output.partition, pipeline.rules.calendar);
    if (!start) return std::nullopt;
    return std::pair(SeriesOf(pipeline, *key), *start);
  };
  const auto mine = place(partition);
  if (!mine) return none;
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ProcessedRecord> all, reader.Processed(pipeline.id));
  const auto found = std::ranges::find_if(all, [&](const ProcessedRecord& other) {
    if (other.at <= since) return false;
    const auto theirs = place(other.partition);
    return theirs && theirs->first == mine->first && theirs->second < mine->second;
  });
  return found == all.end() ? none : std::optional(std::move(*found));
}

}  // namespace latecomer::engine
