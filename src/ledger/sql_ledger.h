// Ledger over a Database whose schema is up to date.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "ledger/database.h"
#include "ledger/ledger.h"

namespace latecomer::ledger {

class SqlLedger final : public Ledger {
 public:
  SqlLedger(std::unique_ptr<Database> database, std::string id, std::string location)
      : database_(std::move(database)), id_(std::move(id)), location_(std::move(location)) {}

  const std::string& id() const override { return id_; }
  const std::string& location() const override { return location_; }
  Status Read(const std::function<Status(Reader&)>& body) override;
  Status Write(const std::function<Status(Writer&)>& body) override;

  Database& database() { return *database_; }

 private:
  template <typename Body>
  Status InTransaction(Intent intent, const Body& body);

  std::unique_ptr<Database> database_;
  std::string id_;
  std::string location_;
  bool busy_ = false;  // inside a Read or Write
};

}  // namespace latecomer::ledger
