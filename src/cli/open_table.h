// Opening a table for commands that only read its log.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "delta/delta_table.h"
#include "table/table.h"

namespace latecomer::cli {

// A path or URI of a table's folder.
Result<std::shared_ptr<table::TableHistory>> OpenTable(const std::string& location, delta::ReadOptions options = {});

}  // namespace latecomer::cli
