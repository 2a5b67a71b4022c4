// The Python files that a Spark step's job gets: made from src/executor/spark by CMake.
#pragma once

#include <string_view>

namespace latecomer::executor {

// latecomer.py, which jobs may import.
std::string_view SparkHelperText();
// run_sql.py, the application of a step whose own is a query.
std::string_view SparkSqlRunnerText();

}  // namespace latecomer::executor
