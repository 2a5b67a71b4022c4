// One prepared statement of an SQLite connection, run again and again. Past SQLiteCpp, whose columns count references
// and whose connection is locked for each value: reading rows is what the ledger does most.
#pragma once

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "ledger/database.h"

namespace latecomer::ledger {

// Throws SQLite::Exception. The connection must outlive it.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* connection, std::string_view sql) : connection_(connection) {
    const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement_, nullptr);
    if (code != SQLITE_OK) throw SQLite::Exception(connection, code);
  }
  SqliteStatement(SqliteStatement&& other) noexcept
      : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  SqliteStatement& operator=(SqliteStatement&&) = delete;
  ~SqliteStatement() { sqlite3_finalize(statement_); }

  // Texts are borrowed until the statement is rewound.
  void Bind(std::span<const Parameter> parameters) {
    if (sqlite3_bind_parameter_count(statement_) != static_cast<int>(parameters.size())) {
      throw SQLite::Exception("wrong number of parameters", SQLITE_RANGE);
    }
    int index = 0;
    for (const Parameter& parameter : parameters) {
      ++index;
      int code = SQLITE_OK;
      if (const auto* integer = std::get_if<std::int64_t>(&parameter)) {
        code = sqlite3_bind_int64(statement_, index, *integer);
      } else if (const auto* text = std::get_if<std::string_view>(&parameter)) {
        const char* bytes = text->data() == nullptr ? "" : text->data();  // a null pointer would bind a null
        code = sqlite3_bind_text(statement_, index, bytes, static_cast<int>(text->size()), SQLITE_STATIC);
      } else {
        code = sqlite3_bind_null(statement_, index);
      }
      if (code != SQLITE_OK) throw SQLite::Exception(connection_, code);
    }
  }

  // True when there is a row.
  bool Step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) throw SQLite::Exception(connection_, code);
    return false;
  }

  // Ready to be run again; what the last run said of its failure is said already.
  void Rewind() noexcept { sqlite3_reset(statement_); }

  sqlite3_stmt* get() const { return statement_; }

 private:
  sqlite3* connection_;
  sqlite3_stmt* statement_ = nullptr;
};

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(const SqliteStatement& statement) : statement_(statement.get()) {}
  int columns() const override { return sqlite3_column_count(statement_); }
  std::string_view ColumnName(int column) const override { return sqlite3_column_name(statement_, column); }
  bool IsNull(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  bool IsInteger(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_INTEGER; }
  std::int64_t Integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  std::string_view Text(int column) const override {
    const unsigned char* text = sqlite3_column_text(statement_, column);  // before the size: it may convert
    if (text == nullptr) return {};
    return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3_stmt* statement_;
};

// Gives a statement back in a state to be run again, whatever happens.
class RewindAtEnd {
 public:
  explicit RewindAtEnd(SqliteStatement& statement) : statement_(statement) {}
  RewindAtEnd(const RewindAtEnd&) = delete;
  RewindAtEnd& operator=(const RewindAtEnd&) = delete;
  ~RewindAtEnd() { statement_.Rewind(); }

 private:
  SqliteStatement& statement_;
};

}  // namespace latecomer::ledger
