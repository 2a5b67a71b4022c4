#include "engine/ledger_view.h"

#include <utility>

#include "engine/load_runs.h"
#include "ledger/stamp.h"

namespace latecomer::engine {
namespace {

Result<std::string> StampIn(ledger::Reader& reader) {
  auto* stamped = dynamic_cast<ledger::Stamped*>(&reader);
  return stamped == nullptr ? std::string() : stamped->Stamp();
}

bool IsGood(const std::string& stamp, const std::string& now) {
  return !stamp.empty() && stamp == now;
}

}  // namespace

Result<std::string> LedgerView::Stamp() {
  const auto* counts = dynamic_cast<const ledger::CountsWrites*>(&ledger_);
  if (counts == nullptr) return std::string();
  const std::int64_t writes = counts->writes();
  if (!stamp_.empty() && writes == writes_) return stamp_;
  std::string stamp;
  LATECOMER_RETURN_IF_ERROR(ledger_.Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(stamp, StampIn(reader));
    return {};
  }));
  writes_ = writes;
  stamp_ = std::move(stamp);
  return stamp_;
}

// What is read is kept under the stamp of the transaction that read it. Where the stamp has to be asked for, too, that
// is the same transaction.
template <typename T, typename Read>
Result<T> LedgerView::Get(Kept<T>& kept, const Read& read) {
  const auto* counts = dynamic_cast<const ledger::CountsWrites*>(&ledger_);
  const std::int64_t writes = counts == nullptr ? 0 : counts->writes();
  const bool is_stamped = counts != nullptr && writes == writes_;
  if (is_stamped && IsGood(kept.stamp, stamp_)) return kept.value;
  std::string now;
  std::optional<T> fresh;
  LATECOMER_RETURN_IF_ERROR(ledger_.Read([&](ledger::Reader& reader) -> Status {
    fresh.reset();
    LATECOMER_ASSIGN_OR_RETURN(now, StampIn(reader));
    if (IsGood(kept.stamp, now)) return {};
    LATECOMER_ASSIGN_OR_RETURN(fresh, read(reader));
    return {};
  }));
  writes_ = writes;
  stamp_ = now;
  if (fresh) kept = {now, std::move(*fresh)};
  return kept.value;
}

Result<std::optional<ledger::TableRecord>> LedgerView::Table(const std::string& location) {
  return Get(tables_[location], [&](ledger::Reader& reader) { return reader.FindTable(location); });
}

Result<std::vector<ledger::PipelineRecord>> LedgerView::Pipelines() {
  return Get(pipelines_, [](ledger::Reader& reader) { return reader.Pipelines(); });
}

Result<std::vector<ledger::ClaimRecord>> LedgerView::ClaimsHeld() {
  return Get(claims_, [&](ledger::Reader& reader) { return reader.ClaimsHeld(pipeline_.id); });
}

Result<Gate> LedgerView::PeoplesGate() {
  return Get(gate_, [&](ledger::Reader& reader) { return ReadGate(reader, pipeline_.id); });
}

Result<std::vector<PlacedRun>> LedgerView::Runs(const table::PartitionSchema& schema) {
  if (runs_.value.schema != schema) runs_ = {};
  LATECOMER_ASSIGN_OR_RETURN(RunsOfSchema known, Get(runs_, [&](ledger::Reader& reader) -> Result<RunsOfSchema> {
                               LATECOMER_ASSIGN_OR_RETURN(std::vector<PlacedRun> runs,
                                                          LoadRuns(reader, pipeline_, schema));
                               return RunsOfSchema{schema, std::move(runs)};
                             }));
  return std::move(known.runs);
}

Result<Gate> LedgerView::PeoplesGateIn(ledger::Reader& reader) const {
  LATECOMER_ASSIGN_OR_RETURN(const std::string now, StampIn(reader));
  if (IsGood(gate_.stamp, now)) return gate_.value;
  return ReadGate(reader, pipeline_.id);
}

Result<std::vector<PlacedRun>> LedgerView::RunsIn(ledger::Reader& reader, const table::PartitionSchema& schema) const {
  LATECOMER_ASSIGN_OR_RETURN(const std::string now, StampIn(reader));
  if (IsGood(runs_.stamp, now) && runs_.value.schema == schema) return runs_.value.runs;
  return LoadRuns(reader, pipeline_, schema);
}

}  // namespace latecomer::engine
