#include "cli/open_table.h"

#include "storage/local_store.h"

namespace latecomer::cli {

Result<std::shared_ptr<table::TableHistory>> OpenTable(const std::string& location, delta::ReadOptions options) {
  LATECOMER_ASSIGN_OR_RETURN(auto store, storage::OpenLocalStore(location));
  return delta::OpenDeltaTable(std::move(store), storage::OpenLocalStore, options);
}

}  // namespace latecomer::cli
