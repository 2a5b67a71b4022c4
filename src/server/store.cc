#include "server/store.h"

#include <utility>

namespace latecomer::server {

Result<StorePool::Lease> StorePool::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Store> store = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(store));
    }
  }
  LATECOMER_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, open_());
  return Lease(*this, std::move(store));
}

void StorePool::Return(std::unique_ptr<Store> store) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(store));
}

}  // namespace latecomer::server
