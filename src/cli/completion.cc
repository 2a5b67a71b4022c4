// latecomer completion: shell functions made from the commands and options there are.
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"

namespace latecomer::cli {
namespace {

struct CommandWords {
  std::string name;
  std::string description;
  std::vector<std::pair<std::string, std::string>> options;  // with dashes, description
};

std::vector<CommandWords> Collect(const CLI::App& app) {
  std::vector<CommandWords> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;  // not for people
    CommandWords words{command->get_name(), command->get_description(), {}};
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames())
        words.options.emplace_back("--" + name, option->get_description());
    }
    for (const CLI::App* nested : command->get_subcommands([](const CLI::App*) { return true; })) {
      words.options.emplace_back(nested->get_name(), nested->get_description());
    }
    commands.push_back(std::move(words));
  }
  return commands;
}

std::string Joined(const CommandWords& words) {
  std::string text;
  for (const auto& [name, description] : words.options) text += (text.empty() ? "" : " ") + name;
  return text;
}

std::string Names(const std::vector<CommandWords>& commands) {
  std::string text;
  for (const CommandWords& words : commands) text += (text.empty() ? "" : " ") + words.name;
  return text;
}

// Inside single quotes of a shell.
std::string Quoted(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return "'" + out + "'";
}

std::string Bash(const std::vector<CommandWords>& commands) {
  std::string text =
      "_latecomer() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]}\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '" +
      Names(commands) +
      "' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  if [ \"${COMP_WORDS[COMP_CWORD-1]}\" = --output ]; then\n"
      "    COMPREPLY=($(compgen -W 'table json csv' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  local words=\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const CommandWords& words : commands) text += "    " + words.name + ") words='" + Joined(words) + "' ;;\n";
  return text +
         "  esac\n"
         "  case $word in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n"
         "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _latecomer latecomer\n";
}

std::string Zsh(const std::vector<CommandWords>& commands) {
  std::string text =
      "#compdef latecomer\n_latecomer() {\n  local -a words\n  if (( CURRENT == 2 )); then\n    words=(\n";
  const auto entry = [](const std::string& name, const std::string& description) {
    std::string escaped;
    for (const char c : description) escaped += c == ':' ? std::string("\\:") : std::string(1, c);
    return Quoted(name + ":" + escaped);
  };
  for (const CommandWords& words : commands) text += "      " + entry(words.name, words.description) + "\n";
  text += "    )\n    _describe command words\n    return\n  fi\n";
  text += "  case ${(Q)${(z)BUFFER}[2]} in\n";
  for (const CommandWords& words : commands) {
    text += "    " + words.name + ")\n      words=(\n";
    for (const auto& [name, description] : words.options) text += "        " + entry(name, description) + "\n";
    text += "      )\n      ;;\n";
  }
  return text + "  esac\n  _describe option words\n  _files\n}\ncompdef _latecomer latecomer\n";
}

std::string Fish(const std::vector<CommandWords>& commands) {
  std::string text;
  for (const CommandWords& words : commands) {
    text +=
        "complete -c latecomer -n __fish_use_subcommand -a " + words.name + " -d " + Quoted(words.description) + "\n";
    for (const auto& [name, description] : words.options) {
      const std::string condition = " -n '__fish_seen_subcommand_from " + words.name + "'";
      const std::string word = name.starts_with("--") ? " -l " + name.substr(2) : " -a " + name;
      text += "complete -c latecomer" + condition + word + " -d " + Quoted(description) + "\n";
    }
  }
  return text;
}

}  // namespace

void AddCompletionCommand(CommandLine& line) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = AddCommand(line, "completion", "Print a completion script for a shell",
                                 "latecomer completion bash > /etc/bash_completion.d/latecomer\n"
                                 "latecomer completion zsh > ~/.zfunc/_latecomer\n"
                                 "latecomer completion fish > ~/.config/fish/completions/latecomer.fish");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&line, shell] {
    line.chosen = [&line, shell]() -> Status {
      const std::vector<CommandWords> commands = Collect(line.app);
      line.context.out << (*shell == "bash" ? Bash(commands) : *shell == "zsh" ? Zsh(commands) : Fish(commands));
      return {};
    };
  });
}

}  // namespace latecomer::cli
