// The two files that the original Spark job and its orchestration pass between them: the configuration
// of a backfill, and `_last_processed_version`, a bare number.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/version.h"

namespace latecomer::cli {

// "<folder>/_last_processed_version"
std::string LastProcessedPath(const std::string& folder);

// The version in the file; nullopt when there is no file. Blanks and a line feed around the number are
// accepted; -1 means from the start; anything else is kInvalidFile.
Result<std::optional<Version>> ReadLastProcessed(const std::string& folder);

// `name` below the folder, unless it is a path of its own.
std::string InFolder(const std::string& folder, const std::string& name);

}  // namespace latecomer::cli
