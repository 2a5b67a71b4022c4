// What the engine of a pipeline knows of the ledger. Kept from look to look, and read again only when something was
// written since, by this process or by others (ledger/stamp.h).
//
// It is as of the look at hand, or newer; what others write while a look goes on may be missed until the next one. So
// it says what is worth trying, and what is written rests on what the writing transaction itself reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/admission.h"
#include "ledger/ledger.h"
#include "pipeline/pipeline.h"

namespace latecomer::engine {

class LedgerView {
 public:
  // Both must outlive this object.
  LedgerView(ledger::Ledger& ledger, const pipeline::Pipeline& pipeline) : ledger_(ledger), pipeline_(pipeline) {}
  LedgerView(const LedgerView&) = delete;
  LedgerView& operator=(const LedgerView&) = delete;

  // What others wrote up to now counts from here on.
  void BeginLook() { stamp_.clear(); }
  // Equal ones have the same ledger behind them; empty when the ledger can't tell.
  Result<std::string> Stamp();

  Result<std::optional<ledger::TableRecord>> Table(const std::string& location);
  Result<std::vector<ledger::PipelineRecord>> Pipelines();
  Result<std::vector<ledger::ClaimRecord>> ClaimsHeld();
  Result<Gate> PeoplesGate();  // only what people did: paused, holds
  // As engine::LoadRuns; `schema` has the output's partition columns.
  Result<std::vector<PlacedRun>> Runs(const table::PartitionSchema& schema);

  // The same for a transaction, as it sees them.
  Result<Gate> PeoplesGateIn(ledger::Reader& reader) const;
  Result<std::vector<PlacedRun>> RunsIn(ledger::Reader& reader, const table::PartitionSchema& schema) const;

 private:
  template <typename T>
  struct Kept {
    std::string stamp{};  // empty: not known to be good
    T value{};
  };
  struct RunsOfSchema {
    table::PartitionSchema schema;
    std::vector<PlacedRun> runs;
  };

  template <typename T, typename Read>
  Result<T> Get(Kept<T>& kept, const Read& read);

  ledger::Ledger& ledger_;
  const pipeline::Pipeline& pipeline_;
  std::string stamp_;        // empty: to be asked for
  std::int64_t writes_ = 0;  // when it was
  std::map<std::string, Kept<std::optional<ledger::TableRecord>>> tables_;
  Kept<std::vector<ledger::PipelineRecord>> pipelines_;
  Kept<std::vector<ledger::ClaimRecord>> claims_;
  Kept<Gate> gate_;
  Kept<RunsOfSchema> runs_;
};

}  // namespace latecomer::engine
