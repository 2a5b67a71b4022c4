#include "cli/fetch_inputs.h"

#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/small_file.h"
#include "executor/sql_inputs.h"
#include "storage/open_store.h"

extern char** environ;

namespace latecomer::cli {
namespace {

Status Become(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!executor::HoldsSecrets(*variable)) variables.push_back(*variable);
  }
  variables.push_back(nullptr);
  ::execve(argv.front(), argv.data(), variables.data());
  return Fail(SystemError(errno, "run", words.front()));
}

Status Run(const std::string& path) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
  auto list = executor::ParseInputList(text);
  if (!list) return Fail(std::move(list.error()).In(path));
  LATECOMER_RETURN_IF_ERROR(executor::FetchInputs(list->inputs, storage::ProcessStores()));
  return Become(std::move(list->then_run));
}

}  // namespace

void AddFetchInputsCommand(CommandLine& line) {
  const auto path = std::make_shared<std::string>();
  CLI::App* command =
      AddCommand(line, executor::kFetchCommand, "Fetch a SQL step's inputs, then run it (for latecomer itself)", "");
  command->add_option("list", *path, "What to fetch and what to run")->required()->type_name("LIST");
  command->group("");
  command->callback([&line, path] { line.chosen = [path] { return Run(*path); }; });
}

}  // namespace latecomer::cli
