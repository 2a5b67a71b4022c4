// Tables as people reach them: nothing fails.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sim_history.h"
#include "table/catalog.h"

namespace latecomer::simulation {

class PeoplesCatalog final : public table::Catalog {
 public:
  using Find = std::function<SimTable*(const std::string&)>;
  explicit PeoplesCatalog(Find find) : find_(std::move(find)) {}

  Result<std::shared_ptr<table::TableHistory>> OpenHistory(const std::string& location) override {
    SimTable* table = find_(location);
    if (table == nullptr) return Fail(Error(ErrorKind::kNotFound, "there is no table").In(location));
    return std::static_pointer_cast<table::TableHistory>(std::make_shared<SimHistory>(*table, nullptr));
  }
  Result<std::shared_ptr<table::TableWriter>> OpenWriter(const std::string&) override {
    return Fail(ErrorKind::kUnsupported, "jobs write their output themselves");
  }

 private:
  Find find_;
};

}  // namespace latecomer::simulation
