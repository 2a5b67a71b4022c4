// --lease of commands that claim partitions.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace latecomer::cli {

inline void AddLeaseOption(CLI::App* command, std::string& lease) {
  command
      ->add_option("--lease", lease,
                   "How long what it works on is left alone when nothing is heard of it, before another takes over")
      ->type_name("TIME")
      ->capture_default_str();
}

// kInvalidArgument under a second: a busy machine would lose its claims.
inline Result<Duration> ParseLease(const std::string& text) {
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, ParseDuration(text));
  if (lease >= std::chrono::seconds(1)) return lease;
  return Fail(ErrorKind::kInvalidArgument, "--lease is at least 1s");
}

}  // namespace latecomer::cli
