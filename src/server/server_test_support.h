// The application over a ledger of its own, without a socket: requests as values, answers as values.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "ledger/sqlite_database.h"
#include "ledger/sqlite_ledger.h"
#include "server/app.h"
#include "server/secrets.h"
#include "testing/fake_clock.h"
#include "testing/temporary_folder.h"

namespace latecomer::server {

class NoTables final : public table::Catalog {
 public:
  Result<std::shared_ptr<table::TableHistory>> OpenHistory(const std::string& location) override {
    return Fail(ErrorKind::kNotFound, "no table at " + location);
  }
  Result<std::shared_ptr<table::TableWriter>> OpenWriter(const std::string& location) override {
    return Fail(ErrorKind::kNotFound, "no table at " + location);
  }
};

class NoAttempts final : public executor::Executor {
 public:
  Result<std::string> Start(const executor::AttemptSpec& /*spec*/) override {
    return Fail(ErrorKind::kUnexpected, "a request started a step");
  }
  Result<executor::AttemptStatus> Poll(const std::string& handle) override {
    return Fail(ErrorKind::kNotFound, "no attempt " + handle);
  }
  Status Cancel(const std::string& /*handle*/, Duration /*grace*/) override { return {}; }
  Status EnsureDead(const std::string& /*folder*/) override { return {}; }
  void Wait(Duration /*at_most*/) override {}
  void Wake() override {}
};

// One pipeline, `devices`, whose tables were never looked at; users vera (viewer), otto (operator), ada (admin), each
// with the password "<name>-password".
class World {
 public:
  explicit World(AppSettings settings = {}) {
    std::ofstream(folder / "pipeline.yaml") << "pipeline: devices\n"
                                               "sources: {devices: {table: t, partition: event_time}}\n"
                                               "steps: [{id: one, command: [\"true\"]}]\n";
    settings.ledger_id = "test";
    settings.log_root = folder / "logs";
    fleet.Scan(clock.Now());
    app =
        std::make_unique<App>(settings, clock, random, catalog, stores, fleet, hub,
                              AppHooks{.wake = [this](const std::string& id) { woken.push_back(id); },
                                       .ready = [this] { return ready; },
                                       .log = [](const std::string&) {}},
                              ClaimTools{.make_executor = [] { return std::make_unique<NoAttempts>(); },
                                         .probe_holder = [](const std::string&) { return engine::HolderState::kAlive; },
                                         .state_folder = folder.path()});
    application = std::make_unique<Application>(*app);
    for (const auto& [name, role] :
         {std::pair{"vera", ledger::Role::kViewer}, std::pair{"otto", ledger::Role::kOperator},
          std::pair{"ada", ledger::Role::kAdmin}}) {
      AddUser(name, role);
    }
  }

  void AddUser(const std::string& name, ledger::Role role) {
    const auto store = stores.Take();
    ASSERT_TRUE(store) << store.error().ToString();
    const auto hash = HashPassword(name + "-password");
    ASSERT_TRUE(hash);
    ASSERT_TRUE(
        (*store)->accounts->InsertUser({.name = name, .role = role, .password_hash = *hash, .created = clock.Now()}));
  }

  Response Ask(const std::string& method, const std::string& target, const std::string& body = "",
               std::map<std::string, std::string> headers = {}) {
    Request request;
    request.method = ParseMethod(method);
    request.headers = std::move(headers);
    if (!body.empty()) request.headers.try_emplace("content-type", "application/json");
    request.body = body;
    request.remote = "127.0.0.1";
    EXPECT_TRUE(ParseTarget(target, request)) << target;
    return application->Handle(request);
  }

  // Headers of a new session of the user.
  std::map<std::string, std::string> SignIn(const std::string& name) {
    const Response response =
        Ask("POST", "/api/v1/session", nlohmann::json{{"name", name}, {"password", name + "-password"}}.dump());
    EXPECT_EQ(response.status, 200) << response.Body();
    const auto session = nlohmann::json::parse(response.Body());
    std::string cookie;
    for (const auto& [header, value] : response.headers) {
      if (header == "Set-Cookie") cookie = value.substr(0, value.find(';'));
    }
    return {{"cookie", cookie}, {"x-csrf-token", session["csrf_token"].get<std::string>()}};
  }

  testing::TemporaryFolder folder;
  testing::FakeClock clock;
  SystemRandom random;
  NoTables catalog;
  StorePool stores{[this]() -> Result<std::unique_ptr<Store>> {
    auto store = std::make_unique<Store>();
    const std::string file = folder / "ledger.db";
    LATECOMER_ASSIGN_OR_RETURN(store->ledger, ledger::OpenSqliteLedger(file, ledger::OpenMode::kCreate, random));
    LATECOMER_ASSIGN_OR_RETURN(auto accounts, ledger::SqliteDatabase::Open(file, ledger::SqliteAccess::kReadWrite));
    store->accounts = ledger::MakeAccounts(std::move(accounts));
    LATECOMER_ASSIGN_OR_RETURN(auto activity, ledger::SqliteDatabase::Open(file, ledger::SqliteAccess::kReadWrite));
    store->activity = ledger::MakeActivity(std::move(activity));
    return store;
  }};
  Fleet fleet{folder.path()};
  EventHub hub;
  bool ready = true;
  std::vector<std::string> woken;
  std::unique_ptr<App> app;
  std::unique_ptr<Application> application;
};

inline std::string HeaderOf(const Response& response, const std::string& name) {
  for (const auto& [header, value] : response.headers) {
    if (header == name) return value;
  }
  return "";
}

}  // namespace latecomer::server
