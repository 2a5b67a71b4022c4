// `latecomer undo`: takes back a pause, hold, release, mark or note.
#include "engine/undo.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/act_text.h"
#include "cli/commands.h"
#include "cli/text_table.h"

namespace latecomer::cli {
namespace {

struct UndoOptions {
  WorkspaceOptions workspace;
  std::int64_t event = 0;
  bool list = false;
};

std::string WhoDid(const ledger::EventRecord& event) {
  const auto detail = nlohmann::ordered_json::parse(event.detail, nullptr, false);
  return detail.is_object() ? detail.value("by", std::string()) : std::string();
}

void List(Context& context, OutputFormat format, const std::vector<ledger::EventRecord>& events) {
  TextTable table({{"EVENT", Align::kRight}, {"WHEN"}, {"WHO"}, {"WHAT"}});
  for (const ledger::EventRecord& event : events) {
    if (format == OutputFormat::kJson) {
      const nlohmann::ordered_json json{{"event", event.sequence}, {"at", FormatInstant(event.at)},
                                        {"by", WhoDid(event)},     {"what", event.what},
                                        {"run_id", event.run_id},  {"description", engine::Describe(event)}};
      context.out << json.dump() << '\n';
      continue;
    }
    table.Add({std::to_string(event.sequence), FormatInstant(event.at).substr(0, 19) + "Z", WhoDid(event),
               engine::Describe(event)});
  }
  if (format == OutputFormat::kJson) return;
  if (table.Empty()) {
    context.out << "nothing to undo\n";
  } else {
    table.Print(context.out, context.color);
  }
}

Status UndoIt(Context& context, OutputFormat format, const UndoOptions& options) {
  constexpr std::size_t kListed = 20;
  LATECOMER_ASSIGN_OR_RETURN(const auto workspace, Workspace::Open(context, options.workspace, LedgerUse::kExisting));
  const std::string& pipeline = workspace->pipeline().id;
  std::int64_t sequence = options.event;
  if (options.list || sequence == 0) {
    std::vector<ledger::EventRecord> events;
    LATECOMER_RETURN_IF_ERROR(workspace->ledger().Read([&](ledger::Reader& reader) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(events, engine::Undoable(reader, pipeline, options.list ? kListed : 1));
      return {};
    }));
    if (options.list) {
      List(context, format, events);
      return {};
    }
    if (events.empty()) {
      return Fail(Error(ErrorKind::kNotFound, "there is nothing to undo in pipeline " + pipeline)
                      .Hint("pause and resume, hold and release, mark, and notes can be undone"));
    }
    sequence = events.front().sequence;
  }
  LATECOMER_ASSIGN_OR_RETURN(const engine::Undone undone,
                             engine::Undo(workspace->ledger(), pipeline, sequence, ActNow(context)));
  if (format == OutputFormat::kJson) {
    const nlohmann::ordered_json json{{"event", sequence}, {"what", undone.event.what}, {"now", undone.now}};
    context.out << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  } else {
    context.out << "undone: " << Printable(engine::Describe(undone.event)) << "; " << Printable(undone.now) << '\n';
  }
  return {};
}

}  // namespace

void AddUndoCommand(CommandLine& line) {
  CLI::App* command = AddCommand(line, "undo", "Take back a pause, hold, release, mark or note",
                                 "latecomer undo examples/devices/pipeline.yaml\n"
                                 "latecomer undo examples/devices/pipeline.yaml --list\n"
                                 "latecomer undo examples/devices/pipeline.yaml 41");
  auto options = std::make_shared<UndoOptions>();
  AddWorkspaceOptions(command, options->workspace);
  command->add_option("event", options->event, "Its number in --list; default: the newest")
      ->type_name("EVENT")
      ->check(CLI::PositiveNumber);
  command->add_flag("--list", options->list, "Show what can be undone, newest first");
  AddOutputOption(line, command);
  command->callback(
      [&line, options] { line.chosen = [&line, options] { return UndoIt(line.context, line.format, *options); }; });
}

}  // namespace latecomer::cli
