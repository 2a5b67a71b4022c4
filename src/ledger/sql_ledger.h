// Ledger over a Database whose schema is up to date.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "ledger/concurrent_database.h"
#include "ledger/database.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_writes.h"
#include "ledger/stamp.h"

namespace latecomer::ledger {

class SqlLedger final : public Ledger, public PipelineWrites, public CountsWrites {
 public:
  SqlLedger(std::unique_ptr<Database> database, std::string id, std::string location)
      : database_(std::move(database)),
        concurrent_(dynamic_cast<ConcurrentDatabase*>(database_.get())),
        id_(std::move(id)),
        location_(std::move(location)) {}

  const std::string& id() const override { return id_; }
  const std::string& location() const override { return location_; }
  std::int64_t writes() const override { return writes_; }
  Status Read(const std::function<Status(Reader&)>& body) override;
  Status Write(const std::function<Status(Writer&)>& body) override;
  Status WriteFor(const std::string& pipeline, WhenBusy when_busy, const std::function<Status(Writer&)>& body) override;

  Database& database() { return *database_; }

 private:
  template <typename Begin, typename Body>
  Status InTransaction(const Begin& begin, const Body& body);

  std::unique_ptr<Database> database_;
  ConcurrentDatabase* concurrent_;  // the same; null when it has one writer at a time
  std::string id_;
  std::string location_;
  std::int64_t writes_ = 0;
  bool busy_ = false;  // inside a Read or Write
};

}  // namespace latecomer::ledger
