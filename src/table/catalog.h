// Opens tables by location, whatever their format; only cli/ knows the concrete ones.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "table/table.h"
#include "table/table_writer.h"

namespace latecomer::table {

class Catalog {
 public:
  virtual ~Catalog() = default;
  // Cheap: reads nothing yet. A missing table shows as kNotFound on the first read.
  virtual Result<std::shared_ptr<TableHistory>> OpenHistory(const std::string& location) = 0;
  virtual Result<std::shared_ptr<TableWriter>> OpenWriter(const std::string& location) = 0;
};

}  // namespace latecomer::table
