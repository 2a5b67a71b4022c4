#include "delta/scan_range.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "delta/commit_scan.h"
#include "delta/own_descriptors.h"

namespace latecomer::delta {
namespace {

// Few enough that what was read of a piece is still in the processor's caches when it is handed on.
constexpr std::int64_t kCommitsPerPiece = 64;
constexpr std::size_t kPiecesAhead = 32;
// Of a store, single ones: each is waited for.
constexpr std::size_t kStorePiecesAhead = 4;

// Ends at its first problem, which counts only after the commits before it were handed on.
struct Piece {
  std::vector<ScannedCommit> commits;
  std::size_t count = 0;
  std::optional<Error> problem;
  Version problem_at;
};

// Files belong to the thread that opened them.
struct ClosesFiles {
  CommitScanner& scanner;
  ~ClosesFiles() { scanner.CloseFiles(); }
};

ScanOptions ScanOptionsOf(const ReadOptions& options) {
  ScanOptions scan;
  scan.commit_info = options.info != ReadOptions::Info::kSkip;
  scan.operation_metrics = options.info == ReadOptions::Info::kWhole;
  scan.leave_rows_open = options.removed_rows == ReadOptions::RemovedRows::kLookUp;
  return scan;
}

}  // namespace

Status ScanRange(const LogFolder& folder, VersionRange range, const ReadOptions& options, CommitAssembler& assembler,
                 const table::TableHistory::CommitSink& sink, const AtProblem& at_problem) {
  const bool is_local = folder.is_local();
  const std::int64_t piece_size = is_local ? kCommitsPerPiece : 1;
  const auto pieces = static_cast<std::size_t>((range.Count() + piece_size - 1) / piece_size);
  const std::size_t threads =
      std::min(pieces, options.threads > 0 ? static_cast<std::size_t>(options.threads) : folder.threads());
  std::vector<std::unique_ptr<CommitScanner>> scanners;
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    scanners.push_back(std::make_unique<CommitScanner>(folder, ScanOptionsOf(options)));
  }
  std::vector<char> started(scanners.size(), 0);
  const auto make = [&](std::size_t thread, std::size_t index, Piece& piece) {
    if (thread > 0 && std::exchange(started[thread], 1) == 0 && is_local) UseOwnDescriptors();
    piece.count = 0;
    piece.problem.reset();
    CommitScanner& scanner = *scanners[thread];
    const ClosesFiles at_end{scanner};
    Version version{range.base.value + 1 + static_cast<std::int64_t>(index) * piece_size};
    const Version last{std::min(range.target.value, version.value + piece_size - 1)};
    for (; version <= last; version = version.Next(), ++piece.count) {
      if (piece.count == piece.commits.size()) piece.commits.emplace_back();
      Status scanned = scanner.Scan(version, piece.commits[piece.count]);
      if (scanned) continue;
      piece.problem = std::move(scanned).error();
      piece.problem_at = version;
      return;
    }
  };
  table::Commit commit;  // one for all, so that its memory is used again unless the sink keeps it
  const auto consume = [&](Piece& piece) -> Result<AfterPiece> {
    for (std::size_t i = 0; i < piece.count; ++i) {
      LATECOMER_RETURN_IF_ERROR(assembler.Assemble(piece.commits[i], commit));
      LATECOMER_RETURN_IF_ERROR(sink(std::move(commit)));
    }
    if (piece.problem) return at_problem(piece.problem_at, std::move(*piece.problem));
    return AfterPiece::kGoOn;
  };
  return RunUntilStopped<Piece>(pieces, threads, is_local ? kPiecesAhead : kStorePiecesAhead, make, consume);
}

}  // namespace latecomer::delta
