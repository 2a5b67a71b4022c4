// For tests: schemas of their own on the PostgreSQL server that ctest starts (tests/services/postgres.py).
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ledger/postgres_ledger.h"

namespace latecomer::ledger {

// The server's address; empty, and the test has failed, when there is none.
inline std::string TestServerUrl() {
  const char* file = std::getenv("LATECOMER_TEST_POSTGRES");
  std::string url;
  if (file != nullptr) std::getline(std::ifstream(file) >> std::ws, url);
  if (url.empty()) {
    ADD_FAILURE()
        << "no PostgreSQL server: run this by ctest, which starts one. By hand: tests/services/postgres.py "
           "start FILE, then LATECOMER_TEST_POSTGRES=FILE. PostgreSQL itself comes by script/bootstrap --test";
  }
  return url;
}

// Removed with this object, with all that is in it.
class TestSchema {
 public:
  TestSchema() {
    static std::atomic<int> count{0};
    const std::string url = TestServerUrl();
    if (url.empty()) return;
    url_ = url + "&schema=t" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    address_ = *ParsePostgresUrl(url_);
  }
  TestSchema(const TestSchema&) = delete;
  TestSchema& operator=(const TestSchema&) = delete;
  ~TestSchema() {
    if (!url_.empty()) Query("DROP SCHEMA IF EXISTS \"" + address_.schema + "\" CASCADE");
  }

  const std::string& url() const { return url_; }
  const PostgresAddress& address() const { return address_; }

  std::unique_ptr<PostgresDatabase> Connect(const PostgresPatience& patience = {}) const {
    auto database = PostgresDatabase::Open(address_, patience);
    EXPECT_TRUE(database) << database.error().ToString();
    return database ? std::move(*database) : nullptr;
  }
  std::unique_ptr<Ledger> Open(OpenMode mode = OpenMode::kCreate, const PostgresPatience& patience = {}) const {
    if (url_.empty()) return nullptr;
    SystemRandom random;
    auto ledger = OpenPostgresLedger(address_, mode, random, patience);
    EXPECT_TRUE(ledger) << ledger.error().ToString();
    return ledger ? std::move(*ledger) : nullptr;
  }

  // The first column of each row, past the ledger.
  std::vector<std::string> Query(const std::string& sql) const {
    std::vector<std::string> values;
    const auto database = Connect();
    if (!database) return values;
    const Status done = database->Execute(sql, {}, [&](const Row& row) -> Status {
      values.emplace_back(row.Text(0));
      return {};
    });
    EXPECT_TRUE(done) << sql << ": " << done.error().ToString();
    return values;
  }

 private:
  std::string url_;
  PostgresAddress address_;
};

}  // namespace latecomer::ledger
