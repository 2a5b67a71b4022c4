// Connections to the ledger for request handlers: one at a time for each thread that answers.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "ledger/accounts.h"
#include "ledger/activity.h"
#include "ledger/ledger.h"

namespace latecomer::server {

struct Store {
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<ledger::Accounts> accounts;
  std::unique_ptr<ledger::Activity> activity;
};

class StorePool {
 public:
  using Opener = std::function<Result<std::unique_ptr<Store>>()>;
  explicit StorePool(Opener open) : open_(std::move(open)) {}

  // Gives its store back when it goes out of scope.
  class Lease {
   public:
    Lease(StorePool& pool, std::unique_ptr<Store> store) : pool_(&pool), store_(std::move(store)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (store_) pool_->Return(std::move(store_));
    }
    Store& operator*() const { return *store_; }
    Store* operator->() const { return store_.get(); }

   private:
    StorePool* pool_;
    std::unique_ptr<Store> store_;
  };
  Result<Lease> Take();

 private:
  void Return(std::unique_ptr<Store> store);

  Opener open_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Store>> idle_;
};

}  // namespace latecomer::server
