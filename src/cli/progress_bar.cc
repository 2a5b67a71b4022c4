#include "cli/progress_bar.h"

#include <algorithm>
#include <ostream>

namespace latecomer::cli {
namespace {

constexpr Duration kBetweenDraws{100};
constexpr int kMostCells = 40;

}  // namespace

ProgressBar::~ProgressBar() {
  if (drawn_) context_.err << "\r\x1b[K" << std::flush;
}

void ProgressBar::Show(std::int64_t done, std::int64_t total) {
  if (!context_.err_is_terminal || total <= 0) return;
  const Instant now = context_.clock.Now();
  if (drawn_ && now - last_ < kBetweenDraws) return;
  last_ = now;
  drawn_ = true;
  const int cells = std::clamp(context_.width - static_cast<int>(what_.size()) - 10, 5, kMostCells);
  const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  const int full = static_cast<int>(share * cells);
  std::string bar;
  for (int i = 0; i < cells; ++i) bar += i < full ? "█" : "░";
  context_.err << '\r' << what_ << ' ' << bar << ' ' << static_cast<int>(share * 100) << " %\x1b[K" << std::flush;
}

}  // namespace latecomer::cli
