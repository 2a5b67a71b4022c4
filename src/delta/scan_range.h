// Reads consecutive commits with several threads and hands them on in order.
#pragma once

#include <functional>

#include "base/result.h"
#include "base/version.h"
#include "delta/commit_assembler.h"
#include "delta/delta_table.h"
#include "delta/log_folder.h"
#include "delta/ordered_work.h"
#include "table/table.h"

namespace latecomer::delta {

// As the target of a range: as far as the commits go.
inline constexpr Version kOpenEnd{std::int64_t{1} << 62};

// Called for the first commit that can't be read, when those before it were handed on: kStop when the range ends
// before it, else an error.
using AtProblem = std::function<Result<AfterPiece>(Version version, Error problem)>;

// `assembler` must have its base.
Status ScanRange(const LogFolder& folder, VersionRange range, const ReadOptions& options, CommitAssembler& assembler,
                 const table::TableHistory::CommitSink& sink, const AtProblem& at_problem);

}  // namespace latecomer::delta
