// Reads the newest page of a grid as the server does. usage: read_grid LEDGER PIPELINE LIMIT TIMES
// Prints the median of so many reads in microseconds, and how many steps the page had.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/ids.h"
#include "ledger/sqlite_ledger.h"

int main(int count, char** arguments) {
  using namespace latecomer;
  if (count != 5) return 2;
  SystemRandom random;
  const auto opened = ledger::OpenSqliteLedger(arguments[1], ledger::OpenMode::kReadOnly, random);
  if (!opened) {
    std::fprintf(stderr, "read_grid: %s\n", opened.error().ToString().c_str());
    return 1;
  }
  std::vector<double> times;
  std::size_t steps = 0;
  for (int i = 0; i < std::atoi(arguments[4]); ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const Status read = (*opened)->Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(const auto page,
                                 reader.Grid({.pipeline = arguments[2], .limit = std::atoi(arguments[3])}));
      steps = 0;
      for (const ledger::GridRun& run : page.runs) steps += run.steps.size();
      return {};
    });
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
    if (!read) {
      std::fprintf(stderr, "read_grid: %s\n", read.error().ToString().c_str());
      return 1;
    }
    times.push_back(spent.count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%.0f %zu\n", times[times.size() / 2], steps);
}
