// Tables by location: Delta tables on the local disk. Each location is opened once.
#pragma once

#include <memory>

#include "base/ids.h"
#include "base/time.h"
#include "table/catalog.h"

namespace latecomer::cli {

std::unique_ptr<table::Catalog> MakeDeltaCatalog(Clock& clock, Random& random);

}  // namespace latecomer::cli
