// One line on stderr that shows how far long work is; only on a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/command_line.h"

namespace latecomer::cli {

class ProgressBar {
 public:
  ProgressBar(Context& context, std::string what) : context_(context), what_(std::move(what)) {}
  // Takes the line away.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Draws at most ten times a second.
  void Show(std::int64_t done, std::int64_t total);

 private:
  Context& context_;
  std::string what_;
  Instant last_{};
  bool drawn_ = false;
};

}  // namespace latecomer::cli
