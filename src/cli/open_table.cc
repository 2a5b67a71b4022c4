#include "cli/open_table.h"

#include "storage/open_store.h"

namespace latecomer::cli {

Result<std::shared_ptr<table::TableHistory>> OpenTable(const std::string& location, delta::ReadOptions options) {
  LATECOMER_ASSIGN_OR_RETURN(auto store, storage::ProcessStores()(location));
  return delta::OpenDeltaTable(std::move(store), storage::ProcessStores(), options);
}

}  // namespace latecomer::cli
