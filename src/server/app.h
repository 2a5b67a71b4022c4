// The server's application: from a request to its answer.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
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

struct App {
  App(AppSettings settings_in, Clock& clock_in, Random& random_in, table::Catalog& catalog_in, StorePool& stores_in,
      Fleet& fleet_in, EventHub& hub_in, AppHooks hooks_in)
      : settings(std::move(settings_in)),
        clock(clock_in),
        random(random_in),
        catalog(catalog_in),
        stores(stores_in),
        fleet(fleet_in),
        hub(hub_in),
        hooks(std::move(hooks_in)) {}

  const AppSettings settings;
  Clock& clock;
  Random& random;
  table::Catalog& catalog;
  StorePool& stores;
  Fleet& fleet;
  EventHub& hub;
  AppHooks hooks;
  Plans plans;
  LatenessCache lateness;
  Throttle throttle;
  Counters counters;
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
