// The PostgreSQL flavour of the contract that every ledger keeps.
#include "ledger/ledger_contract.h"
#include "ledger/postgres_test_schema.h"

namespace latecomer::ledger {
namespace {

class SchemaPlace final : public LedgerPlace {
 public:
  std::unique_ptr<Ledger> Open() override { return schema_.Open(); }
  std::unique_ptr<Database> Connect() override { return schema_.Connect(); }

 private:
  TestSchema schema_;
};

LedgerFlavour InASchema() {
  return {.name = "Schema", .many_connections = true, .shares_server = true, .make = [] {
            return std::make_unique<SchemaPlace>();
          }};
}

INSTANTIATE_TEST_SUITE_P(OnPostgres, LedgerContract, testing::Values(InASchema()), NameOfParameter);
INSTANTIATE_TEST_SUITE_P(OnPostgres, AccountsContract, testing::Values(InASchema()), NameOfParameter);

}  // namespace
}  // namespace latecomer::ledger
