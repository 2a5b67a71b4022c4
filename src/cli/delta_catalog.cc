#include "cli/delta_catalog.h"

#include <map>
#include <mutex>

#include "delta/delta_table.h"
#include "delta/table_writer.h"
#include "storage/open_store.h"

namespace latecomer::cli {
namespace {

class DeltaCatalog final : public table::Catalog {
 public:
  DeltaCatalog(Clock& clock, Random& random) : clock_(clock), random_(random) {}

  Result<std::shared_ptr<table::TableHistory>> OpenHistory(const std::string& location) override {
    const std::lock_guard lock(mutex_);
    auto& history = histories_[location];
    if (!history) {
      LATECOMER_ASSIGN_OR_RETURN(auto store, storage::ProcessStores()(location));
      LATECOMER_ASSIGN_OR_RETURN(history, delta::OpenDeltaTable(std::move(store), storage::ProcessStores()));
    }
    return history;
  }

  Result<std::shared_ptr<table::TableWriter>> OpenWriter(const std::string& location) override {
    const std::lock_guard lock(mutex_);
    auto& writer = writers_[location];
    if (!writer) {
      LATECOMER_ASSIGN_OR_RETURN(auto store, storage::ProcessStores()(location));
      LATECOMER_ASSIGN_OR_RETURN(writer,
                                 delta::OpenDeltaWriter(std::move(store), storage::ProcessStores(), clock_, random_));
    }
    return writer;
  }

 private:
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<table::TableHistory>> histories_;
  std::map<std::string, std::shared_ptr<delta::DeltaWriter>> writers_;
};

}  // namespace

std::unique_ptr<table::Catalog> MakeDeltaCatalog(Clock& clock, Random& random) {
  return std::make_unique<DeltaCatalog>(clock, random);
}

}  // namespace latecomer::cli
