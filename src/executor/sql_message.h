// What DuckDB said, in terms of the user's query.
#pragma once

#include <string>
#include <string_view>

namespace latecomer::executor {

struct SqlFailure {
  std::string_view output;  // what the program wrote
  std::string_view parsed;  // content of kSqlParseFile; empty when there is none
  std::string_view query;
  std::string_view query_file;  // empty when the query is inline
};

// "devices.sql:3:12: syntax error at or near "FORM"". Nothing of the wrapper is in it. Empty when the
// output holds no error.
std::string DescribeSqlFailure(const SqlFailure& failure);

}  // namespace latecomer::executor
