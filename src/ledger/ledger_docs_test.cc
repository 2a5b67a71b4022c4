// docs/formats/ledger.md says what the code does.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ledger/sql_ledger.h"
#include "ledger/sqlite_ledger.h"
#include "ledger/states.h"

namespace latecomer::ledger {
namespace {

std::string Page() {
  std::ifstream file(LATECOMER_SOURCE_DIR "/docs/formats/ledger.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

// The table of transitions, in the page's form.
template <typename State>
std::string TransitionsTo(State last, const std::vector<State>& order) {
  std::string text = "| from | to |\n| --- | --- |\n";
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const State from = static_cast<State>(i);
    std::string next;
    for (const State to : order) {
      if (to == from || !MayFollow(from, to)) continue;
      next += (next.empty() ? " `" : ", `") + std::string(Name(to)) + "`";
    }
    text += "| `" + std::string(Name(from)) + "` |" + next + " |\n";
  }
  return text;
}

template <typename State>
std::vector<State> InOrder(State last) {
  std::vector<State> states;
  for (int i = 0; i <= static_cast<int>(last); ++i) states.push_back(static_cast<State>(i));
  return states;
}

void ExpectOnPage(const std::string& name, const std::string& table) {
  const std::string expected = "<!-- states: " + name + " -->\n" + table + "<!-- end -->";
  EXPECT_NE(Page().find(expected), std::string::npos) << "docs/formats/ledger.md lacks this:\n" << expected;
}

TEST(LedgerDocs, TransitionsAreThoseOfTheCode) {
  ExpectOnPage("run", TransitionsTo(RunState::kCancelled, InOrder(RunState::kCancelled)));
  ExpectOnPage("try", TransitionsTo(TryState::kLost, InOrder(TryState::kLost)));
  ExpectOnPage("step", TransitionsTo(StepState::kCancelled, InOrder(StepState::kCancelled)));
  ExpectOnPage("attempt", TransitionsTo(AttemptState::kLost, InOrder(AttemptState::kLost)));
}

TEST(LedgerDocs, EveryColumnIsDescribedUnderItsTable) {
  SystemRandom random;
  const auto ledger = OpenSqliteLedger(":memory:", OpenMode::kCreate, random);
  ASSERT_TRUE(ledger);
  std::vector<std::pair<std::string, std::string>> columns;
  ASSERT_TRUE(dynamic_cast<SqlLedger&>(**ledger).database().Execute(
      "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
      "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'",
      {}, [&](const Row& row) -> Status {
        columns.emplace_back(row.Text(0), row.Text(1));
        return {};
      }));
  ASSERT_GT(columns.size(), 50U);
  const std::string page = Page();
  for (const auto& [table, column] : columns) {
    const std::size_t start = page.find("\n### " + table + "\n");
    ASSERT_NE(start, std::string::npos) << table;
    const std::string section = page.substr(start, page.find("\n#", start + 2) - start);
    EXPECT_NE(section.find("`" + column + "`"), std::string::npos) << table << "." << column;
  }
}

}  // namespace
}  // namespace latecomer::ledger
