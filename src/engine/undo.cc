#include "engine/undo.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/accepted_since.h"
#include "engine/act_detail.h"
#include "engine/transitions.h"

namespace latecomer::engine {
namespace {

using ledger::EventRecord;
using ledger::RunRecord;
using ledger::RunState;
using nlohmann::ordered_json;

constexpr std::string_view kUndone = "action.undone";

Error Changed(const std::string& what) {
  return Error(ErrorKind::kConflict, what + " since; it can't be undone any more")
      .Hint("look at how it is now, and change that");
}

// What has to be put back how it was.
struct Taken {
  ledger::Writer& writer;
  const EventRecord& event;
  const ordered_json& detail;
  const Act& act;
};

Result<std::string> UndoPause(const Taken& taken) {
  const bool paused = taken.event.what == "pipeline.paused";
  LATECOMER_ASSIGN_OR_RETURN(auto record, taken.writer.FindPipeline(taken.event.pipeline));
  if (!record || record->paused != paused) {
    return Fail(Changed(taken.event.pipeline + (paused ? " was resumed" : " was paused")));
  }
  record->paused = !paused;
  LATECOMER_RETURN_IF_ERROR(taken.writer.PutPipeline(*record));
  return record->id + (paused ? " runs again" : " is paused again");
}

// Events on the same partition (of the run, when it is about one) that came after.
Result<std::vector<EventRecord>> Later(const Taken& taken) {
  const auto run =
      taken.event.run_id.empty() ? std::optional<std::string>() : std::optional<std::string>(taken.event.run_id);
  LATECOMER_ASSIGN_OR_RETURN(std::vector<EventRecord> events,
                             taken.writer.Events(taken.event.pipeline, run, taken.event.partition));
  std::erase_if(events, [&](const EventRecord& event) { return event.sequence <= taken.event.sequence; });
  return events;
}

Status NothingLater(const Taken& taken, const std::set<std::string>& kinds) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> later, Later(taken));
  for (const EventRecord& event : later) {
    if (!kinds.contains(event.what)) continue;
    const std::string subject = event.run_id.empty() ? "the partition" : event.run_id;
    return Fail(Changed(subject + " had `" + event.what + "`"));
  }
  return {};
}

Result<std::string> UndoHold(const Taken& taken) {
  LATECOMER_RETURN_IF_ERROR(NothingLater(taken, {"partition.held", "partition.released"}));
  const ordered_json& before = taken.detail.at("before");
  if (before.is_null()) {
    LATECOMER_RETURN_IF_ERROR(taken.writer.RemoveHold(taken.event.pipeline, taken.event.partition));
    return std::string("the partition is not held any more");
  }
  ledger::HoldRecord hold = HoldOf(before);
  hold.pipeline = taken.event.pipeline;
  hold.partition = taken.event.partition;
  LATECOMER_RETURN_IF_ERROR(taken.writer.PutHold(hold));
  return "the partition is held as before: " + hold.reason;
}

// Versions that were true before are put back only where nobody accepted something else since.
Status NothingAccepted(const Taken& taken) {
  LATECOMER_ASSIGN_OR_RETURN(const LastAccepted last, FindLastAccepted(taken.writer, taken.event.pipeline));
  if (last.newest() < taken.event.sequence) return {};
  return Fail(
      Changed("another definition of " + taken.event.pipeline + ", or another table that it reads, was accepted"));
}

Result<std::string> UndoRelease(const Taken& taken) {
  LATECOMER_RETURN_IF_ERROR(NothingLater(taken, {"partition.held", "partition.released"}));
  // What was started can't be held back any more.
  LATECOMER_RETURN_IF_ERROR(NothingLater(taken, {"run.created", "claim.granted"}));
  if (taken.detail.contains("hold")) {
    ledger::HoldRecord hold = HoldOf(taken.detail.at("hold"));
    hold.pipeline = taken.event.pipeline;
    hold.partition = taken.event.partition;
    LATECOMER_RETURN_IF_ERROR(taken.writer.PutHold(hold));
    return "the partition is held again: " + hold.reason;
  }
  LATECOMER_RETURN_IF_ERROR(NothingAccepted(taken));
  const ordered_json& before = taken.detail.at("before");
  if (before.is_null()) {
    LATECOMER_RETURN_IF_ERROR(taken.writer.RemoveRelease(taken.event.pipeline, taken.event.partition));
  } else {
    LATECOMER_RETURN_IF_ERROR(
        taken.writer.PutRelease({taken.event.pipeline, taken.event.partition, VectorOf(before), taken.act.now}));
  }
  return "the partition is held again by " + taken.detail.at("rule").get<std::string>();
}

// The record of what the partition was built from, as it was before the mark.
Status PutProcessedBack(const Taken& taken) {
  if (!taken.detail.contains("processed_before")) return {};
  const ordered_json& before = taken.detail.at("processed_before");
  const ordered_json& after = taken.detail.at("processed_after");
  LATECOMER_ASSIGN_OR_RETURN(const auto now, taken.writer.FindProcessed(taken.event.pipeline, taken.event.partition));
  const ordered_json there = now ? ProcessedJson(*now) : ordered_json();
  if (there != after) return Fail(Changed("the partition was processed"));
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> events,
                             taken.writer.Events(taken.event.pipeline, std::nullopt, taken.event.partition));
  for (const EventRecord& event : events) {  // what got that far may have written older versions
    if (event.sequence <= taken.event.sequence || event.what != "claim.granted") continue;
    return Fail(Changed(event.run_id + " has begun to process the partition"));
  }
  if (before.is_null()) return taken.writer.RemoveProcessed(taken.event.pipeline, taken.event.partition);
  ledger::ProcessedRecord record = ProcessedOf(before);
  record.pipeline = taken.event.pipeline;
  record.partition = taken.event.partition;
  return taken.writer.PutProcessed(record);
}

Status PutStepsBack(const Taken& taken, const RunRecord& run) {
  if (taken.detail.at("mark") != "failed") return {};  // marked success they are only noted for the next try
  const auto marked = taken.detail.at("steps").get<std::set<std::string>>();
  LATECOMER_ASSIGN_OR_RETURN(std::vector<ledger::StepRecord> steps, taken.writer.Steps(run.id, run.tries));
  for (ledger::StepRecord& step : steps) {
    if (!marked.contains(step.step) || step.map_index >= 0) continue;
    LATECOMER_RETURN_IF_ERROR(
        MoveStep(taken.writer, run, step, ledger::StepState::kSuccess, "its mark was undone", taken.act.now));
  }
  return {};
}

Result<std::string> UndoMark(const Taken& taken) {
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<EventRecord> later, Later(taken));
  for (const EventRecord& event : later) {
    if (event.what == "run.noted" || event.what == kUndone) continue;
    return Fail(Changed(taken.event.run_id + " had `" + event.what + "`"));
  }
  LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> run,
                             taken.writer.FindRunByName(taken.event.pipeline, taken.event.run_id));
  if (!run) return Fail(ErrorKind::kNotFound, "the run " + taken.event.run_id + " is gone");
  LATECOMER_RETURN_IF_ERROR(NothingAccepted(taken));
  LATECOMER_RETURN_IF_ERROR(PutProcessedBack(taken));
  LATECOMER_RETURN_IF_ERROR(PutStepsBack(taken, *run));
  RunRecord before = *run;
  LATECOMER_ASSIGN_OR_RETURN(const RunState state, RunStateOf(taken.detail.at("before"), before));
  const std::optional<Instant> ended = before.ended;
  LATECOMER_RETURN_IF_ERROR(MoveRun(taken.writer, before, state, before.message, taken.act.now));
  before.ended = ended;
  LATECOMER_RETURN_IF_ERROR(taken.writer.UpdateRun(before));
  return before.run_id + " is " + std::string(Name(state)) + " again";
}

Result<std::string> UndoNote(const Taken& taken) {
  LATECOMER_RETURN_IF_ERROR(NothingLater(taken, {"run.noted"}));
  LATECOMER_ASSIGN_OR_RETURN(std::optional<RunRecord> run,
                             taken.writer.FindRunByName(taken.event.pipeline, taken.event.run_id));
  if (!run) return Fail(ErrorKind::kNotFound, "the run " + taken.event.run_id + " is gone");
  run->note = taken.detail.at("before").get<std::string>();
  LATECOMER_RETURN_IF_ERROR(taken.writer.UpdateRun(*run));
  return run->run_id + (run->note.empty() ? " has no note" : " has its note of before");
}

struct Way {
  std::string_view what;
  Result<std::string> (*undo)(const Taken&);
};
constexpr std::array kWays{
    Way{"pipeline.paused", UndoPause},      Way{"pipeline.resumed", UndoPause}, Way{"partition.held", UndoHold},
    Way{"partition.released", UndoRelease}, Way{"run.marked", UndoMark},        Way{"run.noted", UndoNote},
};

const Way* WayOf(const std::string& what) {
  const auto found = std::find_if(kWays.begin(), kWays.end(), [&](const Way& way) { return way.what == what; });
  return found == kWays.end() ? nullptr : &*found;
}

ordered_json DetailOf(const EventRecord& event) {
  ordered_json detail = ordered_json::parse(event.detail, nullptr, false);
  return detail.is_object() ? detail : ordered_json::object();
}

// Sequences of the pipeline's actions that were undone.
std::set<std::int64_t> UndoneOf(const std::vector<EventRecord>& events) {
  std::set<std::int64_t> undone;
  for (const EventRecord& event : events) {
    if (event.what == kUndone) undone.insert(DetailOf(event).value("event", std::int64_t{0}));
  }
  return undone;
}

Result<std::string> UndoInTransaction(const Taken& taken, const Way& way) {
  const auto run = taken.event.run_id.empty() ? std::optional<std::string>() : std::optional(taken.event.run_id);
  const auto partition =
      taken.event.partition.empty() ? std::optional<std::string>() : std::optional(taken.event.partition);
  LATECOMER_ASSIGN_OR_RETURN(const auto events, taken.writer.Events(taken.event.pipeline, run, partition));
  if (UndoneOf(events).contains(taken.event.sequence)) {
    return Fail(ErrorKind::kConflict, "it was undone already");
  }
  try {
    return way.undo(taken);
  } catch (const nlohmann::json::exception& error) {
    return Fail(Error(ErrorKind::kDamaged,
                      "event " + std::to_string(taken.event.sequence) + " doesn't say what was before: " + error.what())
                    .Hint("`latecomer ledger check` looks the ledger over"));
  }
}

}  // namespace

Result<Undone> Undo(ledger::Ledger& ledger, const std::string& pipeline, std::int64_t event, const Act& act) {
  Undone undone;
  LATECOMER_RETURN_IF_ERROR(ledger.Write([&](ledger::Writer& writer) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(std::optional<EventRecord> found, writer.FindEvent(event));
    if (!found || found->pipeline != pipeline) {
      return Fail(Error(ErrorKind::kNotFound, "pipeline " + pipeline + " has no event " + std::to_string(event))
                      .Hint("`latecomer undo PIPELINE --list` shows what can be undone"));
    }
    const Way* way = WayOf(found->what);
    if (way == nullptr) {
      return Fail(Error(ErrorKind::kInvalidArgument, "`" + found->what + "` can't be undone")
                      .Hint("pause and resume, hold and release, mark, and notes can"));
    }
    const ordered_json detail = DetailOf(*found);
    LATECOMER_ASSIGN_OR_RETURN(undone.now, UndoInTransaction({writer, *found, detail, act}, *way));
    undone.event = *found;
    EventRecord note = *found;
    note.what = kUndone;
    return AppendActEvent(writer, act, note, {{"event", found->sequence}, {"what", found->what}}).map([](auto) {});
  }));
  return undone;
}

Result<std::vector<EventRecord>> Undoable(ledger::Reader& reader, const std::string& pipeline, std::size_t limit) {
  LATECOMER_ASSIGN_OR_RETURN(std::vector<EventRecord> events, reader.Events(pipeline, std::nullopt, std::nullopt));
  const std::set<std::int64_t> undone = UndoneOf(events);
  std::vector<EventRecord> found;
  for (auto event = events.rbegin(); event != events.rend() && found.size() < limit; ++event) {
    if (WayOf(event->what) == nullptr || undone.contains(event->sequence)) continue;
    found.push_back(std::move(*event));
  }
  return found;
}

std::string Describe(const EventRecord& event) {
  const ordered_json detail = DetailOf(event);
  if (event.what == "pipeline.paused") return "paused " + event.pipeline;
  if (event.what == "pipeline.resumed") return "resumed " + event.pipeline;
  if (event.what == "partition.held") return "held " + event.partition;
  if (event.what == "partition.released") return "released " + event.partition;
  if (event.what == "run.noted") return "noted something on " + event.run_id;
  if (event.what == "run.marked") return "marked " + event.run_id + " " + detail.value("mark", std::string("?"));
  return event.what;
}

}  // namespace latecomer::engine
