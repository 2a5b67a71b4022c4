// What tables' logs say about late data, read once and then followed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "lateness/lateness_report.h"
#include "pipeline/pipeline.h"
#include "table/catalog.h"

namespace latecomer::server {

struct LatenessView {
  lateness::Arrivals arrivals;
  lateness::LatenessReport report;
};

class LatenessCache {
 public:
  // Of all commits up to `newest`. Reads those it hasn't read yet.
  Result<std::shared_ptr<const LatenessView>> Of(table::Catalog& catalog, const pipeline::Source& source,
                                                 const std::string& definition_hash, Version newest);

 private:
  struct Entry {
    std::mutex reading;
    std::unique_ptr<lateness::ArrivalCollector> collector;
    Version read_up_to = kBeforeFirst;
    std::shared_ptr<const LatenessView> view;
  };
  static Status ReadAll(const table::TableHistory& history, Entry& entry);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace latecomer::server
