#include "cli/act_text.h"

#include <pwd.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "lateness/key_interval.h"

namespace latecomer::cli {
namespace {

std::string UserName() {
  const uid_t id = ::geteuid();
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  if (::getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return "uid " + std::to_string(id);
}

// "2024-01-01", or "event_time=2024-01-01": where an output partition's interval begins.
Result<LocalTime> StartOf(Workspace& workspace, const table::PartitionSchema& schema, const std::string& text) {
  LATECOMER_ASSIGN_OR_RETURN(const table::PartitionKey key, workspace.ParsePartition(schema, text));
  const pipeline::Pipeline& pipeline = workspace.pipeline();
  const auto start = lateness::StartOfKey(key, pipeline.output.partition, pipeline.rules.calendar);
  if (start) return *start;
  return Fail(ErrorKind::kInvalidArgument,
              "`" + Printable(text) + "` belongs to no interval, so no range begins there");
}

}  // namespace

engine::Act ActNow(Context& context, const std::string& note) {
  return {.now = context.clock.Now(), .by = UserName(), .note = note};
}

void AddActOptions(CLI::App* command, ActOptions& options) {
  command->add_flag("--dry-run", options.dry_run, "Only show what it would affect");
  command->add_flag("--yes,-y", options.yes, "Don't ask");
  command->add_option("--note", options.note, "Kept with each run")->type_name("TEXT");
}

bool MayAct(Context& context, const ActOptions& options, const std::string& question) {
  if (options.yes || !context.err_is_terminal || ::isatty(STDIN_FILENO) == 0) return true;
  context.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "yes";
}

void AddRangeOptions(CLI::App* command, SelectionOptions& options) {
  command->add_option("--from", options.from, "Of each partition from this one on its newest run")
      ->type_name("PARTITION");
  command->add_option("--to", options.to, "Of each partition up to this one its newest run")->type_name("PARTITION");
  command->add_flag("--past", options.past, "Also the newest run of each partition before");
  command->add_flag("--future", options.future, "Also the newest run of each partition after");
}

void AddStepOptions(CLI::App* command, SelectionOptions& options) {
  command->add_option("--step", options.steps, "Only this step; may be repeated")
      ->type_name("ID")
      ->allow_extra_args(false);
  command->add_flag("--upstream", options.upstream, "Also the steps that it needs");
  command->add_flag("--downstream,!--no-downstream", options.downstream,
                    "Also the steps that need it (on unless --no-downstream)");
  command->add_flag("--only-failed", options.only_failed, "Only what failed or was cancelled");
}

Result<engine::RunSelection> SelectionOf(Workspace& workspace, const SelectionOptions& options) {
  engine::RunSelection selection{.runs = options.runs,
                                 .past = options.past,
                                 .future = options.future,
                                 .older_definition = options.older_definition,
                                 .only_failed = options.only_failed,
                                 .steps = options.steps,
                                 .upstream = options.upstream,
                                 .downstream = options.downstream};
  if (options.steps.empty() && options.upstream) {
    return Fail(
        Error(ErrorKind::kInvalidArgument, "--upstream is about steps").Hint("name them: --step ID --upstream"));
  }
  if (options.from.empty() && options.to.empty()) return selection;
  LATECOMER_RETURN_IF_ERROR(workspace.ledger().Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto schema, engine::KnownOutputSchema(reader, workspace.pipeline()));
    if (!options.from.empty()) {
      LATECOMER_ASSIGN_OR_RETURN(selection.from, StartOf(workspace, schema, options.from));
    }
    if (!options.to.empty()) {
      LATECOMER_ASSIGN_OR_RETURN(selection.to, StartOf(workspace, schema, options.to));
    }
    return {};
  }));
  return selection;
}

Status RefusedWhenNothing(const SelectionOptions& options, std::size_t affected,
                          const std::vector<engine::Untouched>& untouched, const std::string& action) {
  const bool by_range =
      !options.from.empty() || !options.to.empty() || options.past || options.future || options.older_definition;
  if (affected > 0 || by_range || untouched.empty()) return {};
  return Fail(Error(ErrorKind::kConflict, untouched.front().run_id + " " + untouched.front().why + "; nothing was done")
                  .Hint("`latecomer show` tells how it is; there is nothing to " + action));
}

void PrintUntouched(Context& context, OutputFormat format, const std::vector<engine::Untouched>& untouched) {
  for (const engine::Untouched& one : untouched) {
    if (format == OutputFormat::kJson) {
      context.out << nlohmann::ordered_json{{"run_id", one.run_id}, {"untouched", one.why}}.dump() << '\n';
    } else {
      context.out << "left alone: " << Printable(one.run_id) << " " << Printable(one.why) << '\n';
    }
  }
}

}  // namespace latecomer::cli
