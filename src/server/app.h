// The server's application: from a request to its answer.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "engine/environment.h"
#include "executor/executor.h"
#include "server/auth.h"
#include "server/event_hub.h"
#include "server/fleet.h"
#include "server/http_server.h"
#include "server/lateness_cache.h"
#include "server/metrics.h"
#include "server/plans.h"
#include "server/router.h"
#include "server/store.h"
#include "server/throttle.h"
#include "table/catalog.h"

namespace latecomer::server {

struct AppSettings {
  std::string prefix;    // "" or "/latecomer"
  std::string instance;  // id of this start of the server
  std::string ledger_id;
  std::string log_root;  // logs of attempts lie below; others are not shown
  bool tls = false;
  bool demo = false;
  bool open_metrics = false;
};

// What happens outside of requests.
struct AppHooks {
  std::function<void(const std::string& pipeline)> wake;  // an action was done: the scheduler should look
  std::function<bool()> ready;
  std::function<void(const std::string& line)> log;  // of what went wrong
};

// What it takes to grant a claim to a worker outside: each request has an engine of its own.
struct ClaimTools {
  std::function<std::unique_ptr<executor::Executor>()> make_executor;  // makes sure that old attempts are dead
  std::function<engine::HolderState(const std::string& holder)> probe_holder;
  std::string state_folder;
  bool asks_before_first_run = false;
  engine::Listener* listener = nullptr;  // told what became of runs that outside workers have; from any thread
};

// What was noted already of that which repeats every few seconds. Only the newest are remembered.
class Noted {
 public:
  bool Has(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    return keys_.contains(key);
  }
  void Add(const std::string& key) {
    const std::lock_guard lock(mutex_);
    if (!keys_.insert(key).second) return;
    order_.push_back(key);
    if (order_.size() <= kMost) return;
    keys_.erase(order_.front());
    order_.pop_front();
  }

 private:
  static constexpr std::size_t kMost = 10'000;
  mutable std::mutex mutex_;
  std::set<std::string> keys_;
  std::deque<std::string> order_;  // oldest first
};

// Requests with an Idempotency-Key that are being answered.
class AtWork {
 public:
  // Holds the key until it goes out of scope.
  class Place {
   public:
    Place(AtWork& all, std::string key) : all_(all), key_(std::move(key)) {
      const std::lock_guard lock(all_.mutex_);
      free_ = all_.keys_.insert(key_).second;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      const std::lock_guard lock(all_.mutex_);
      if (free_) all_.keys_.erase(key_);
    }
    bool free() const { return free_; }  // false: another request with the key is at work

   private:
    AtWork& all_;
    std::string key_;
    bool free_ = false;
  };

 private:
  std::mutex mutex_;
  std::set<std::string> keys_;
};

struct App {
  App(AppSettings settings_in, Clock& clock_in, Random& random_in, table::Catalog& catalog_in, StorePool& stores_in,
      Fleet& fleet_in, EventHub& hub_in, AppHooks hooks_in, ClaimTools claims_in)
      : settings(std::move(settings_in)),
        clock(clock_in),
        random(random_in),
        catalog(catalog_in),
        stores(stores_in),
        fleet(fleet_in),
        hub(hub_in),
        hooks(std::move(hooks_in)),
        claims(std::move(claims_in)) {}

  const AppSettings settings;
  Clock& clock;
  Random& random;
  table::Catalog& catalog;
  StorePool& stores;
  Fleet& fleet;
  EventHub& hub;
  AppHooks hooks;
  ClaimTools claims;
  Plans plans;
  LatenessCache lateness;
  Throttle throttle;
  Counters counters;
  AtWork at_work;
  Noted renewals;
};

// One request on its way through a handler.
struct Call {
  const Request& request;
  const std::map<std::string, std::string>& path;
  const std::optional<Identity>& identity;
  Store& store;
  App& app;
  Instant now{};

  const std::string& Path(const std::string& name) const { return path.at(name); }
  // Of a route that isn't public.
  const Identity& who() const { return *identity; }
};

// All routes below /api/v1; the OpenAPI file describes the same.
std::vector<Route> ApiRoutes();

class Application final : public HttpApplication {
 public:
  explicit Application(App& app) : app_(app), router_(ApiRoutes()) {}
  Response Handle(const Request& request) override;
  bool IsSlow(const Request& request) const override;

 private:
  Response Dispatch(const Request& request);
  Response HandleApi(const Request& request);
  Response HandleRoute(const Request& request, const Route& route, const std::map<std::string, std::string>& path,
                       Store& store);
  Response Repeatable(const Route& route, Call& call);
  Response Metrics(const Request& request);

  App& app_;
  Router router_;
};

}  // namespace latecomer::server
