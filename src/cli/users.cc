// `latecomer users`: who may sign in to the server.
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/server_ledger.h"
#include "cli/text_table.h"
#include "cli/workspace.h"
#include "server/secrets.h"

namespace latecomer::cli {
namespace {

struct UsersOptions {
  std::string pipelines = ".";
  std::string ledger;
  std::string name;
  std::string role = "viewer";
  bool password_stdin = false;
};

constexpr std::size_t kShortestPassword = 8;

// Keeps what is typed from being shown.
class SilentTerminal {
 public:
  SilentTerminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    silent_ = true;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~SilentTerminal() {
    if (silent_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  termios before_{};
  bool silent_ = false;
};

Result<std::string> ReadPassword(Context& context, bool from_stdin) {
  std::string password;
  if (!from_stdin) {
    if (::isatty(STDIN_FILENO) == 0) {
      return Fail(Error(ErrorKind::kInvalidArgument, "there is no terminal to ask for the password")
                      .Hint("give it on standard input: --password-stdin"));
    }
    std::string again;
    const SilentTerminal silent;
    context.err << "Password: " << std::flush;
    std::getline(std::cin, password);
    context.err << "\nOnce more: " << std::flush;
    std::getline(std::cin, again);
    context.err << '\n';
    if (again != password) return Fail(ErrorKind::kInvalidArgument, "the two passwords differ");
  } else {
    std::getline(std::cin, password);
  }
  if (password.size() < kShortestPassword || password.size() > 1024) {
    return Fail(ErrorKind::kInvalidArgument, "a password has 8 to 1024 characters");
  }
  return password;
}

Result<std::unique_ptr<server::Store>> Open(Context& context, const UsersOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string folder, AbsoluteFolder(options.pipelines));
  LATECOMER_ASSIGN_OR_RETURN(const LedgerPlace place, FindLedger(options.ledger, folder));
  return OpenStore(place, context.random);
}

Status NoteDone(Context& context, server::Store& store, const std::string& action, const std::string& detail) {
  ledger::AuditRecord record;
  record.at = context.clock.Now();
  record.via = "cli";
  record.action = action;
  record.outcome = "ok";
  record.detail = detail;
  LATECOMER_RETURN_IF_ERROR(store.accounts->AppendAudit(record));
  return {};
}

Status Add(Context& context, const UsersOptions& options) {
  ledger::UserRecord user;
  user.name = options.name;
  const bool fits = !user.name.empty() && user.name.size() <= 100 &&
                    std::all_of(user.name.begin(), user.name.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '@' || c == '-';
                    });
  if (!fits) return Fail(ErrorKind::kInvalidArgument, "a user's name has letters, digits and _ . @ -");
  LATECOMER_ASSIGN_OR_RETURN(user.role, ledger::ParseRole(options.role));
  LATECOMER_ASSIGN_OR_RETURN(const std::string password, ReadPassword(context, options.password_stdin));
  LATECOMER_ASSIGN_OR_RETURN(user.password_hash, server::HashPassword(password));
  user.created = context.clock.Now();
  LATECOMER_ASSIGN_OR_RETURN(const auto store, Open(context, options));
  LATECOMER_RETURN_IF_ERROR(store->accounts->InsertUser(user));
  LATECOMER_RETURN_IF_ERROR(NoteDone(context, *store, "create_user", "`" + user.name + "` as " + options.role));
  context.out << user.name << " may sign in as " << options.role << '\n';
  return {};
}

Status ChangePassword(Context& context, const UsersOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto store, Open(context, options));
  LATECOMER_ASSIGN_OR_RETURN(auto user, store->accounts->FindUser(options.name));
  if (!user) return Fail(ErrorKind::kNotFound, "there is no user `" + Printable(options.name) + "`");
  LATECOMER_ASSIGN_OR_RETURN(const std::string password, ReadPassword(context, options.password_stdin));
  LATECOMER_ASSIGN_OR_RETURN(user->password_hash, server::HashPassword(password));
  LATECOMER_RETURN_IF_ERROR(store->accounts->UpdateUser(*user));
  LATECOMER_RETURN_IF_ERROR(store->accounts->RemoveSessionsOf(user->name, ""));
  LATECOMER_RETURN_IF_ERROR(NoteDone(context, *store, "change_password", "of `" + user->name + "`"));
  context.out << "changed; sessions of " << user->name << " have ended\n";
  return {};
}

Status Remove(Context& context, const UsersOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto store, Open(context, options));
  LATECOMER_RETURN_IF_ERROR(store->accounts->RemoveUser(options.name));
  LATECOMER_RETURN_IF_ERROR(NoteDone(context, *store, "delete_user", "`" + options.name + "`"));
  context.out << Printable(options.name) << " may not sign in any more\n";
  return {};
}

Status List(Context& context, OutputFormat format, const UsersOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const auto store, Open(context, options));
  LATECOMER_ASSIGN_OR_RETURN(const auto users, store->accounts->Users());
  const auto time = [](const std::optional<Instant>& at) { return at ? FormatInstant(*at) : std::string("-"); };
  TextTable table({{"NAME"}, {"ROLE"}, {"CREATED"}, {"LAST SIGN-IN"}});
  for (const ledger::UserRecord& user : users) {
    if (format == OutputFormat::kJson) {
      context.out << nlohmann::ordered_json{{"name", user.name},
                                            {"role", std::string(Name(user.role))},
                                            {"created", FormatInstant(user.created)},
                                            {"last_sign_in", user.last_sign_in
                                                                 ? nlohmann::ordered_json(time(user.last_sign_in))
                                                                 : nlohmann::ordered_json()}}
                         .dump()
                  << '\n';
    } else {
      table.Add({user.name, std::string(Name(user.role)), time(user.created), time(user.last_sign_in)});
    }
  }
  if (format != OutputFormat::kJson && !table.Empty()) table.Print(context.out, context.color);
  if (format != OutputFormat::kJson && table.Empty()) context.out << "there are no users yet\n";
  return {};
}

CLI::App* AddOne(CLI::App* parent, const std::string& name, const std::string& description, UsersOptions& options,
                 bool with_password) {
  CLI::App* command = parent->add_subcommand(name, description);
  if (name != "list") command->add_option("name", options.name, "The user's name")->required()->type_name("NAME");
  command->add_option("--pipelines", options.pipelines, "The folder that `latecomer serve` serves")->type_name("DIR");
  command->add_option("--ledger", options.ledger, kLedgerOptionHelp)->type_name("URL");
  if (with_password) {
    command->add_flag("--password-stdin", options.password_stdin, "Read the password from standard input");
  }
  return command;
}

}  // namespace

void AddUsersCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "users", "Add, change, remove or list those who may sign in to the server",
                                 "latecomer users add ada --role admin --pipelines pipelines\n"
                                 "latecomer users passwd ada --pipelines pipelines\n"
                                 "latecomer users list --ledger sqlite:/var/lib/latecomer/ledger.db\n"
                                 "latecomer users remove ada");
  command->require_subcommand(1);
  auto options = std::make_shared<UsersOptions>();
  CLI::App* add = AddOne(command, "add", "A new user", *options, true);
  add->add_option("--role", options->role, "viewer, operator or admin")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->capture_default_str();
  CLI::App* passwd = AddOne(command, "passwd", "Another password; the user's sessions end", *options, true);
  CLI::App* remove = AddOne(command, "remove", "Remove a user, with sessions and tokens", *options, false);
  CLI::App* list = AddOne(command, "list", "All users", *options, false);
  AddOutputOption(line, list);
  add->callback([&line, options] { line.chosen = [&line, options] { return Add(line.context, *options); }; });
  passwd->callback(
      [&line, options] { line.chosen = [&line, options] { return ChangePassword(line.context, *options); }; });
  remove->callback([&line, options] { line.chosen = [&line, options] { return Remove(line.context, *options); }; });
  list->callback(
      [&line, options] { line.chosen = [&line, options] { return List(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
