// States of a log crossed with each other: kind of checkpoint × where it stands × which commits are still
// there × what _last_checkpoint says. Whatever the combination, the answer is the one of the plain log, or
// an error; never another answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta/delta_table.h"
#include "delta/log_path.h"
#include "storage/local_store.h"
#include "testing/delta_table_builder.h"

namespace latecomer::delta {
namespace {

using testing::AddLine;
using testing::CheckpointAdd;
using testing::DeltaTableBuilder;
using testing::FileSpec;

constexpr std::int64_t kLast = 6;

enum class Kind { kNone, kClassic, kMultiPart, kMultiPartIncomplete, kV2Json, kV2Parquet, kDamaged };
enum class Log { kWhole, kCleanedToCheckpoint, kCleanedWithCheckpointCommit };
enum class Hint { kNone, kRight, kStale, kAhead, kGarbage };

struct State {
  Kind kind;
  std::int64_t at;
  Log log;
  Hint hint;
};

std::string NameOf(const State& state) {
  static const char* const kKinds[] = {"none", "classic", "parts", "incomplete", "v2json", "v2parquet", "damaged"};
  static const char* const kLogs[] = {"whole", "cleaned", "cleanedtoo"};
  static const char* const kHints[] = {"nohint", "right", "stale", "ahead", "garbage"};
  return std::string(kKinds[static_cast<int>(state.kind)]) + std::to_string(state.at) +
         kLogs[static_cast<int>(state.log)] + kHints[static_cast<int>(state.hint)];
}

void PrintTo(const State& state, std::ostream* out) {
  *out << NameOf(state);
}

FileSpec FileOf(std::int64_t version) {
  FileSpec file;
  file.path = "f" + std::to_string(version);
  file.partition = R"({"day":"2024-01-0)" + std::to_string(1 + version % 3) + "\"}";
  file.rows = 10 + version;
  if (version == 2) file.vector = testing::VectorJson("0000000000000000000x", 3);
  return file;
}

std::vector<std::string> CheckpointRows(std::int64_t at, bool files) {
  std::vector<std::string> rows{testing::CheckpointProtocol(), testing::CheckpointMetadata("table-id", {"day date"})};
  for (std::int64_t v = 1; files && v <= at; ++v) rows.push_back(CheckpointAdd(FileOf(v)));
  return rows;
}

std::vector<std::string> FileRows(std::int64_t at, std::int64_t remainder) {
  std::vector<std::string> rows;
  for (std::int64_t v = 1; v <= at; ++v) {
    if (v % 2 == remainder) rows.push_back(CheckpointAdd(FileOf(v)));
  }
  return rows;
}

void WriteCheckpoint(DeltaTableBuilder& table, const State& state) {
  const Version version{state.at};
  const std::string start = std::string(kLogFolder) + VersionDigits(version) + ".checkpoint.";
  const std::string uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
  switch (state.kind) {
    case Kind::kNone: break;
    case Kind::kClassic: table.CheckpointFile(ClassicCheckpointKey(version), CheckpointRows(state.at, true)); break;
    case Kind::kDamaged: table.Write(ClassicCheckpointKey(version), "PAR1 and then nothing of use PAR1"); break;
    case Kind::kMultiPart:
    case Kind::kMultiPartIncomplete:
      table.CheckpointFile(MultiPartCheckpointKey(version, 1, 2), CheckpointRows(state.at, true));
      if (state.kind == Kind::kMultiPart) table.CheckpointFile(MultiPartCheckpointKey(version, 2, 2), FileRows(0, 0));
      break;
    case Kind::kV2Json:
      table.Write(start + uuid + ".json", R"({"checkpointMetadata":{"version":1}})"
                                          "\n" +
                                              testing::ProtocolLine() + "\n" +
                                              testing::MetadataLine("table-id", {"day date"}) + "\n" +
                                              testing::CheckpointSidecar("one.parquet") + "\n" +
                                              testing::CheckpointSidecar("two.parquet") + "\n");
      break;
    case Kind::kV2Parquet: {
      std::vector<std::string> rows = CheckpointRows(state.at, false);
      rows.push_back(testing::CheckpointSidecar("one.parquet"));
      rows.push_back(testing::CheckpointSidecar("two.parquet"));
      table.CheckpointFile(start + uuid + ".parquet", rows);
      break;
    }
  }
  if (state.kind == Kind::kV2Json || state.kind == Kind::kV2Parquet) {
    table.CheckpointFile("_delta_log/_sidecars/one.parquet", FileRows(state.at, 0));
    table.CheckpointFile("_delta_log/_sidecars/two.parquet", FileRows(state.at, 1));
  }
}

void WriteHint(DeltaTableBuilder& table, const State& state) {
  const auto hint = [&](std::int64_t version) {
    table.Write(kLastCheckpointKey, "{\"version\":" + std::to_string(version) + ",\"size\":1}");
  };
  switch (state.hint) {
    case Hint::kNone: break;
    case Hint::kRight: hint(state.at); break;
    case Hint::kStale: hint(0); break;
    case Hint::kAhead: hint(kLast + 5); break;
    case Hint::kGarbage:
      table.Write(kLastCheckpointKey,
                  "\x7F"
                  "ELF");
      break;
  }
}

class CheckpointStates : public ::testing::TestWithParam<State> {
 protected:
  CheckpointStates() {
    table_.Create({"day date"});
    for (std::int64_t v = 1; v <= kLast; ++v) table_.Commit({testing::CommitInfoLine(v, "WRITE"), AddLine(FileOf(v))});
    WriteCheckpoint(table_, GetParam());
    WriteHint(table_, GetParam());
    if (GetParam().log == Log::kWhole) return;
    const bool too = GetParam().log == Log::kCleanedWithCheckpointCommit;
    for (std::int64_t v = 0; v < GetParam().at + (too ? 1 : 0); ++v) table_.RemoveCommit(v);
  }

  // Which versions can be built by right.
  bool Reachable(std::int64_t version) const {
    const State& state = GetParam();
    if (state.log == Log::kWhole) return true;
    const bool usable =
        state.kind != Kind::kNone && state.kind != Kind::kDamaged && state.kind != Kind::kMultiPartIncomplete;
    // A log cleaned up to version 0 lost nothing.
    if (state.at == 0 && state.log == Log::kCleanedToCheckpoint) return true;
    return usable && version >= state.at;
  }

  DeltaTableBuilder table_;
};

TEST_P(CheckpointStates, EverySnapshotIsRightOrAnError) {
  const auto history = *OpenDeltaTable(storage::MakeLocalStore(table_.path()), {});
  for (std::int64_t at = 0; at <= kLast; ++at) {
    const auto snapshot = history->ReadSnapshot(Version{at});
    ASSERT_EQ(snapshot.has_value(), Reachable(at)) << at << ": " << (snapshot ? "" : snapshot.error().ToString());
    if (!snapshot) continue;
    std::int64_t files = 0;
    std::int64_t rows = 0;
    for (const table::PartitionState& state : snapshot->partitions) {
      files += state.files;
      ASSERT_TRUE(state.rows);
      rows += *state.rows;
    }
    EXPECT_EQ(files, at) << at;
    EXPECT_EQ(rows, 10 * at + at * (at + 1) / 2 - (at >= 2 ? 3 : 0)) << at;
    EXPECT_EQ(snapshot->info.id, "table-id");
  }
}

TEST_P(CheckpointStates, CommitsThatAreThereAreReadWithTypedKeys) {
  const auto history = *OpenDeltaTable(storage::MakeLocalStore(table_.path()), {});
  if (!Reachable(kLast)) return;
  const auto ranges = history->CommitRanges();
  ASSERT_TRUE(ranges) << ranges.error().ToString();
  std::int64_t seen = 0;
  for (const VersionRange& range : *ranges) {
    const Status read = history->ReadCommits(range, [&](table::Commit&& commit) -> Status {
      ++seen;
      for (const table::PartitionChange& change : commit.partitions) EXPECT_TRUE(change.key.value(0).AsCivil());
      return {};
    });
    ASSERT_TRUE(read) << read.error().ToString();
  }
  const State& state = GetParam();
  const std::int64_t gone =
      state.log == Log::kWhole ? 0 : state.at + (state.log == Log::kCleanedWithCheckpointCommit ? 1 : 0);
  EXPECT_EQ(seen, kLast + 1 - gone);
}

std::vector<State> AllStates() {
  std::vector<State> states;
  for (const Kind kind : {Kind::kNone, Kind::kClassic, Kind::kMultiPart, Kind::kMultiPartIncomplete, Kind::kV2Json,
                          Kind::kV2Parquet, Kind::kDamaged}) {
    for (const std::int64_t at : {std::int64_t{0}, std::int64_t{3}, kLast}) {
      for (const Log log : {Log::kWhole, Log::kCleanedToCheckpoint, Log::kCleanedWithCheckpointCommit}) {
        for (const Hint hint : {Hint::kNone, Hint::kRight, Hint::kStale, Hint::kAhead, Hint::kGarbage}) {
          states.push_back({kind, at, log, hint});
        }
      }
    }
  }
  return states;
}

INSTANTIATE_TEST_SUITE_P(Crossed, CheckpointStates, ::testing::ValuesIn(AllStates()),
                         [](const auto& state) { return NameOf(state.param); });

}  // namespace
}  // namespace latecomer::delta
