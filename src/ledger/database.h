// The seam below the ledger's SQL: one connection that runs statements in transactions.
//
// Statements are written once for SQLite and PostgreSQL: parameters are $1, $2, … in the order of their
// first use; types are integers of 64 bits, text and null. What differs between the two (how a
// transaction begins, names of types in the schema) stays behind this class.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace latecomer::ledger {

// Text is borrowed until the call it is given to returns.
using Parameter = std::variant<std::monostate, std::int64_t, std::string_view>;

// One row of an answer; valid only while the sink runs.
class Row {
 public:
  virtual ~Row() = default;
  virtual int columns() const = 0;
  virtual std::string_view ColumnName(int column) const = 0;
  virtual bool IsNull(int column) const = 0;
  // True for integers, false for text.
  virtual bool IsInteger(int column) const = 0;
  virtual std::int64_t Integer(int column) const = 0;   // 0 for null
  virtual std::string_view Text(int column) const = 0;  // empty for null
};
// Must not run statements on the same connection.
using RowSink = std::function<Status(const Row&)>;

// The words in which the schema differs.
struct Dialect {
  std::string_view integer;       // a 64-bit integer
  std::string_view identity;      // a key that the database counts up
  std::string_view table_suffix;  // after the closing parenthesis of CREATE TABLE
};

enum class Intent {
  kRead,   // one consistent view
  kWrite,  // and no other writer until the end
};

class Database {
 public:
  virtual ~Database() = default;

  virtual const Dialect& dialect() const = 0;

  virtual Status Begin(Intent intent) = 0;
  // Durable when this returns without error. After an error nothing of the transaction is there and
  // it has ended, except with kUnknownOutcome. Fails when a statement of the transaction has failed.
  virtual Status Commit() = 0;
  // Without effect when there is no transaction.
  virtual void Rollback() noexcept = 0;

  // Runs one statement; `sink` is called for each row and may end it by returning an error.
  virtual Status Execute(std::string_view sql, std::span<const Parameter> parameters, const RowSink& sink) = 0;
};

}  // namespace latecomer::ledger
