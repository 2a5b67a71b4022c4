// Values and rows in libpq's binary form.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/database.h"
#include "ledger/postgres_libpq.h"

namespace latecomer::ledger {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PostgresResult = std::unique_ptr<PGresult, ClearResult>;

// The values of one call. Texts are borrowed from the parameters it is made of.
class PostgresValues {
 public:
  explicit PostgresValues(std::span<const Parameter> parameters);

  int size() const { return static_cast<int>(values_.size()); }
  const Oid* types() const { return types_.data(); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }
  // The same for values of the same types: one letter each.
  const std::string& signature() const { return signature_; }

 private:
  std::vector<Oid> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::string signature_;
  std::vector<std::uint64_t> integers_;  // in network order
  std::deque<std::string> texts_;        // that couldn't be borrowed
};

class PostgresRow final : public Row {
 public:
  explicit PostgresRow(const PGresult* result) : result_(result) {}
  void MoveTo(int row) {
    row_ = row;
    texts_.clear();
  }

  int columns() const override { return PQnfields(result_); }
  std::string_view ColumnName(int column) const override { return PQfname(result_, column); }
  bool IsNull(int column) const override { return PQgetisnull(result_, row_, column) != 0; }
  bool IsInteger(int column) const override;
  std::int64_t Integer(int column) const override;
  std::string_view Text(int column) const override;

 private:
  const PGresult* result_;
  int row_ = 0;
  mutable std::deque<std::string> texts_;  // of this row, that aren't kept as they are
};

}  // namespace latecomer::ledger
