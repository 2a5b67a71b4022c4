#include "cli/ledger_copy.h"

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/ledger_place.h"
#include "cli/text_table.h"
#include "ledger/postgres_ledger.h"
#include "ledger/sqlite_database.h"

namespace latecomer::cli {
namespace {

struct CopyOptions {
  std::string ledger;
  std::string target;
};

Result<LedgerPlace> Source(const CopyOptions& options) {
  std::error_code failed;
  const std::string here = std::filesystem::current_path(failed).string();
  if (failed) return Fail(SystemError(failed.value(), "find the current folder", "."));
  LATECOMER_ASSIGN_OR_RETURN(LedgerPlace place, FindLedger(options.ledger, here));
  if (place.postgres) {
    return Fail(
        Error(ErrorKind::kUnsupported, "a ledger is copied from a file into PostgreSQL; this one is there already")
            .In(place.shown)
            .Hint("from one database to another: pg_dump and pg_restore"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const bool exists, LedgerExists(place));
  if (exists) return place;
  return Fail(Error(ErrorKind::kNotFound, "there is no ledger here").In(place.file).Hint("--ledger names the file"));
}

void Print(Context& context, OutputFormat format, const LedgerPlace& source, const ledger::PostgresAddress& target,
           const std::vector<ledger::CopiedRows>& copied) {
  if (format == OutputFormat::kJson) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::object();
    for (const ledger::CopiedRows& table : copied) rows[std::string(table.table)] = table.rows;
    const nlohmann::ordered_json json{{"ledger", source.shown}, {"copy", target.shown}, {"rows", rows}};
    context.out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  std::int64_t total = 0;
  for (const ledger::CopiedRows& table : copied) total += table.rows;
  context.out << "copied " << GroupDigits(total) << " rows of " << copied.size() << " tables from "
              << Printable(source.shown) << " to " << Printable(target.shown) << '\n'
              << "it is the same ledger, so only one may be used from now on: name the new one with --ledger or "
                 "LATECOMER_LEDGER, and move the file away\n";
}

Status Copy(Context& context, OutputFormat format, const CopyOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const LedgerPlace source, Source(options));
  if (!ledger::IsPostgresUrl(options.target)) {
    return Fail(
        Error(ErrorKind::kInvalidArgument, "a ledger is copied into PostgreSQL")
            .Hint("name the target as postgresql://USER@HOST/DATABASE; `latecomer ledger backup` copies to a file"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const ledger::PostgresAddress target, ledger::ParsePostgresUrl(options.target));
  LATECOMER_ASSIGN_OR_RETURN(const auto from,
                             ledger::SqliteDatabase::Open(source.file, ledger::SqliteAccess::kReadOnly));
  LATECOMER_ASSIGN_OR_RETURN(const auto copied,
                             ledger::CopyToPostgres(*from, source.shown, target, context.random, context.clock.Now()));
  Print(context, format, source, target, copied);
  return {};
}

}  // namespace

void AddLedgerCopy(CommandLine& line, CLI::App* ledger) {
  CLI::App* command = ledger->add_subcommand("copy", "Move a ledger from its file into PostgreSQL");
  auto options = std::make_shared<CopyOptions>();
  command->add_option("target", options->target, "postgresql://USER@HOST/DATABASE, where there is no ledger yet")
      ->required()
      ->type_name("URL");
  command->add_option("--ledger", options->ledger, "The file: sqlite:FILE (default: .latecomer/ledger.db)")
      ->type_name("URL");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return Copy(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
