#include "engine/run_names.h"

#include <algorithm>

#include "base/text.h"
#include "table/commit.h"

namespace latecomer::engine {
namespace {

// "20240104T100000.123Z": sorts by time and stands in file names on every system.
std::string CompactTime(Instant at) {
  std::string text = FormatInstant(at);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// With several columns a dash stands between them, so one inside a value is encoded.
std::string ValueName(const table::PartitionValue& value, bool alone) {
  if (value.IsNull()) return "null";
  std::string name;
  for (const char c : PercentEncode(value.text(), "+:")) {
    if (c == '-' && !alone) {
      name += "%2D";
    } else {
      name += c;
    }
  }
  return name;
}

// "~2" of a cause that counts for the second time; a cause has no other tilde.
std::string TimesOf(const std::string& cause) {
  const std::size_t tilde = cause.rfind('~');
  return tilde == std::string::npos ? "" : cause.substr(tilde);
}

}  // namespace

std::string PartitionName(const table::PartitionKey& key) {
  constexpr std::size_t kLongest = 120;  // leaves room for the rest of a run id in a file name
  std::string name;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (i > 0) name += '-';
    name += ValueName(key.value(i), key.size() == 1);
  }
  if (name.empty()) return "all";
  // A name of dots alone would be a way out of the folder.
  if (name.find_first_not_of('.') == std::string::npos) return "%2E" + name.substr(1);
  if (name.size() <= kLongest) return name;
  return name.substr(0, 100) + "~" + std::to_string(table::IdentityOfFile(name, "").low);
}

std::string ScheduledRunId(const table::PartitionKey& key, const std::string& cause) {
  return "scheduled_" + PartitionName(key) + TimesOf(cause);
}

std::string BackfillRunId(const table::PartitionKey& key, const ledger::RunRecord* caused_by,
                          const lateness::PlanEntry& entry, Instant now) {
  const std::string prefix = "backfill_" + PartitionName(key);
  if (caused_by != nullptr) return prefix + "_from_" + caused_by->partition_display + "_" + CompactTime(now);
  Version newest = kBeforeFirst;
  for (const lateness::Change& change : entry.changes) newest = std::max(newest, change.version);
  if (newest == kBeforeFirst) return prefix + "_" + CompactTime(now);
  return prefix + "_v" + std::to_string(newest.value) + TimesOf(entry.cause);
}

std::string ManualRunId(const table::PartitionKey& key, Instant now) {
  return "manual_" + PartitionName(key) + "_" + CompactTime(now);
}

Result<std::string> FreeRunName(ledger::Reader& reader, const std::string& pipeline, const std::string& wanted,
                                Instant now) {
  std::string name = wanted;
  for (int others = 0;; ++others) {
    LATECOMER_ASSIGN_OR_RETURN(const auto taken, reader.FindRunByName(pipeline, name));
    if (!taken) return name;
    name = wanted + "_" + CompactTime(now) + (others == 0 ? "" : "_" + std::to_string(others + 1));
  }
}

namespace {

std::string RunFolder(const std::string& state_folder, const std::string& kind, const ledger::RunRecord& run) {
  std::string name;
  for (const char c : run.run_id) {
    if (c == ':') {  // ends a folder in PYTHONPATH and the like, and can't be quoted there
      name += "%3A";
    } else {
      name += c;
    }
  }
  return state_folder + "/" + kind + "/" + run.pipeline + "/" + name + "/";
}

}  // namespace

std::string WorkFolder(const std::string& state_folder, const ledger::RunRecord& run,
                       const ledger::AttemptRecord& attempt) {
  return RunFolder(state_folder, "work", run) + std::to_string(attempt.try_number) + "." + attempt.step + "." +
         std::to_string(attempt.number);
}

std::string LogFile(const std::string& state_folder, const ledger::RunRecord& run,
                    const ledger::AttemptRecord& attempt) {
  return RunFolder(state_folder, "logs", run) + std::to_string(attempt.try_number) + "/" + attempt.step + "/" +
         std::to_string(attempt.number) + ".log";
}

std::string TransactionAppId(const std::string& pipeline, const table::PartitionKey& key, const std::string& step) {
  return "latecomer/" + pipeline + "/" + table::HivePath(key) + "/" + step;
}

}  // namespace latecomer::engine
