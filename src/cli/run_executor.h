// The executor of `latecomer run`: processes on this machine, SQL through the DuckDB program, jobs outside.
#pragma once

#include <memory>

#include "cli/command_line.h"
#include "executor/executor.h"
#include "table/catalog.h"

namespace latecomer::cli {

std::unique_ptr<executor::Executor> MakeRunExecutor(Context& context, table::Catalog& catalog);

}  // namespace latecomer::cli
