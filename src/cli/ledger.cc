// `latecomer ledger check | backup | restore | export`: looking after the ledger itself.
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/ledger_copy.h"
#include "cli/ledger_place.h"
#include "cli/ledger_rebuild.h"
#include "cli/text_table.h"
#include "ledger/postgres_ledger.h"
#include "ledger/sqlite_ledger.h"

namespace latecomer::cli {
namespace {

struct LedgerOptions {
  std::string ledger;
  std::string copy;  // that backup makes and restore puts back
};

Result<LedgerPlace> Place(const LedgerOptions& options) {
  std::error_code failed;
  const std::string here = std::filesystem::current_path(failed).string();
  if (failed) return Fail(SystemError(failed.value(), "find the current folder", "."));
  return FindLedger(options.ledger, here);
}

// Copies of files are made of files.
Result<std::string> File(const LedgerOptions& options, const std::string& doing, const std::string& instead) {
  LATECOMER_ASSIGN_OR_RETURN(const LedgerPlace place, Place(options));
  if (!place.postgres) return place.file;
  return Fail(Error(ErrorKind::kUnsupported, doing + " a ledger in PostgreSQL is the database's own work")
                  .In(place.shown)
                  .Hint(instead));
}

std::string Plural(std::int64_t count, const std::string& one, const std::string& many) {
  return GroupDigits(count) + " " + (count == 1 ? one : many);
}

void PrintCheck(Context& context, const std::string& file, const ledger::LedgerCheck& check) {
  context.out << Printable(file) << ": " << Plural(check.runs, "run", "runs") << ", "
              << Plural(check.tries, "try", "tries") << ", "
              << Plural(check.partitions, "processed partition", "processed partitions") << ", "
              << Plural(check.events, "event", "events") << "\n";
  for (const std::string& problem : check.problems) {
    context.out << "  " << Printable(problem) << "\n";
  }
  if (check.problems.empty()) context.out << "sound\n";
}

Status Check(Context& context, OutputFormat format, const LedgerOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const LedgerPlace place, Place(options));
  const std::string& file = place.shown;
  LATECOMER_ASSIGN_OR_RETURN(const ledger::LedgerCheck check, place.postgres
                                                                  ? ledger::CheckPostgresLedger(*place.postgres)
                                                                  : ledger::CheckSqliteLedger(place.file));
  if (format == OutputFormat::kJson) {
    nlohmann::ordered_json json{{"ledger", file},         {"runs", check.runs},
                                {"tries", check.tries},   {"partitions", check.partitions},
                                {"events", check.events}, {"problems", check.problems}};
    context.out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    PrintCheck(context, file, check);
  }
  if (check.problems.empty()) return {};
  const auto count = static_cast<std::int64_t>(check.problems.size());
  return Fail(Error(ErrorKind::kDamaged, "the ledger has " + Plural(count, "problem", "problems"))
                  .In(file)
                  .Hint(place.postgres ? "put back a copy that pg_dump made"
                                       : "put back a copy that `latecomer ledger backup` made"));
}

Status Backup(Context& context, OutputFormat format, const LedgerOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(
      const std::string file,
      File(options, "copying", "`pg_dump --schema NAME --format custom` copies it at one moment, while others write"));
  LATECOMER_RETURN_IF_ERROR(ledger::BackupSqliteLedger(file, options.copy));
  if (format == OutputFormat::kJson) {
    const nlohmann::ordered_json json{{"ledger", file}, {"backup", options.copy}};
    context.out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    context.out << "copied " << Printable(file) << " to " << Printable(options.copy) << "\n";
  }
  return {};
}

// Beside the ledger, with the time in its name: "ledger.db.before-restore-20240104T101500.000Z".
std::string AsideName(const std::string& file, Instant now) {
  std::string name = file + ".before-restore-";
  for (const char c : FormatInstant(now)) {
    if (c != '-' && c != ':') name += c;
  }
  return name;
}

Status Restore(Context& context, OutputFormat format, const LedgerOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(
      const std::string file,
      File(options, "putting back",
           "stop the schedulers, then `pg_restore --clean --if-exists` a copy that pg_dump made"));
  const Instant now = context.clock.Now();
  const std::string aside = AsideName(file, now);
  LATECOMER_RETURN_IF_ERROR(ledger::RestoreSqliteLedger(file, options.copy, aside, now));
  std::error_code failed;
  const bool kept = std::filesystem::exists(aside, failed);
  if (format == OutputFormat::kJson) {
    nlohmann::ordered_json json{{"ledger", file}, {"restored", options.copy}, {"kept", nullptr}};
    if (kept) json["kept"] = aside;
    context.out << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return {};
  }
  context.out << "put " << Printable(options.copy) << " back as " << Printable(file) << "\n";
  if (kept) context.out << "what was there is kept as " << Printable(aside) << "\n";
  context.out << "`latecomer ledger rebuild PIPELINE` adds what the outputs tell of runs since the copy\n";
  return {};
}

Status Export(Context& context, const LedgerOptions& options) {
  LATECOMER_ASSIGN_OR_RETURN(const LedgerPlace place, Place(options));
  const auto print = [&](std::string_view line) -> Status {
    context.out << line << '\n';
    if (context.out) return {};
    return Fail(ErrorKind::kIo, "the output can't be written to");
  };
  return place.postgres ? ledger::ExportPostgresLedger(*place.postgres, print)
                        : ledger::ExportSqliteLedger(place.file, print);
}

CLI::App* AddPart(CommandLine& line, CLI::App* command, const std::string& name, const std::string& description,
                  const std::shared_ptr<LedgerOptions>& options) {
  CLI::App* part = command->add_subcommand(name, description);
  part->add_option("--ledger", options->ledger, kLedgerOptionHelp)->type_name("URL");
  if (name != "export") AddOutputOption(line, part);
  return part;
}

}  // namespace

void AddLedgerCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "ledger", "Check, copy, put back, move, rebuild or export the ledger",
                                 "latecomer ledger check\n"
                                 "latecomer ledger backup ledger-2024-01-04.db\n"
                                 "latecomer ledger restore ledger-2024-01-04.db\n"
                                 "latecomer ledger rebuild pipeline.yaml   # from what its outputs tell\n"
                                 "latecomer ledger copy postgresql://latecomer@db.example/ledgers\n"
                                 "latecomer ledger export --ledger sqlite:/srv/ledger.db > ledger.jsonl");
  command->require_subcommand(1);
  auto options = std::make_shared<LedgerOptions>();
  AddPart(line, command, "check", "Look for damage and contradictions", options)->callback([&line, options] {
    line.chosen = [&line, options] { return Check(line.context, line.format, *options); };
  });
  CLI::App* backup = AddPart(line, command, "backup", "Copy it while others use it", options);
  backup->add_option("copy", options->copy, "The file to make")->required()->type_name("FILE");
  backup->callback(
      [&line, options] { line.chosen = [&line, options] { return Backup(line.context, line.format, *options); }; });
  CLI::App* restore = AddPart(line, command, "restore", "Put a copy back in the ledger's place", options);
  restore->add_option("copy", options->copy, "A file that `ledger backup` made")->required()->type_name("FILE");
  restore->callback(
      [&line, options] { line.chosen = [&line, options] { return Restore(line.context, line.format, *options); }; });
  AddLedgerRebuild(line, command);
  AddLedgerCopy(line, command);
  AddPart(line, command, "export", "Write every record as one JSON object per line", options)
      ->callback([&line, options] { line.chosen = [&line, options] { return Export(line.context, *options); }; });
}

}  // namespace latecomer::cli
