#include "delta/load_checkpoint.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "delta/checkpoint_reader.h"
#include "delta/commit_parser.h"
#include "delta/ordered_work.h"
#include "delta/partition_text.h"
#include "storage/object_key.h"

namespace latecomer::delta {
namespace {

// A footer may claim any number of rows.
constexpr std::int64_t kMostReserved = 16'000'000;
// Each in several requests at once, and held in memory.
constexpr std::size_t kStoreFilesAtOnce = 8;

// The actions of one file or of a piece of it. In a checkpoint their order means nothing.
class Gathered final : public ActionSink {
 public:
  explicit Gathered(Details details) : files_(details) {}

  LiveFileBatch& files() { return files_; }

  Status OnAdd(const FileAction& file) override {
    LATECOMER_RETURN_IF_ERROR(texts_.Keep(*file.partition_values));
    files_.Add(file);
    return {};
  }
  Status OnMetadata(Metadata&& metadata) override {
    metadata_ = std::move(metadata);
    return {};
  }
  Status OnProtocol(Protocol&& protocol) override {
    protocol_ = std::move(protocol);
    return {};
  }
  Status OnTransaction(Transaction&& transaction) override {
    transactions_.push_back(std::move(transaction));
    return {};
  }
  Status OnSidecar(Sidecar&& sidecar) override {
    sidecars_.push_back(std::move(sidecar));
    return {};
  }

  // Leaves it empty, to be used again.
  void MoveTo(LogState& state, std::vector<Sidecar>& sidecars) {
    state.files.Take(files_);
    if (metadata_) state.metadata = std::exchange(metadata_, std::nullopt);
    if (protocol_) state.protocol = std::exchange(protocol_, std::nullopt);
    for (Transaction& txn : transactions_) {
      state.transactions[std::move(txn.app_id)] = {txn.version, state.version};
    }
    std::move(sidecars_.begin(), sidecars_.end(), std::back_inserter(sidecars));
    transactions_.clear();
    sidecars_.clear();
  }

 private:
  LiveFileBatch files_;
  PartitionTexts texts_;  // those of a JSON file that were found to be right
  std::optional<Metadata> metadata_;
  std::optional<Protocol> protocol_;
  std::vector<Transaction> transactions_;
  std::vector<Sidecar> sidecars_;
};

std::string KeyOfCheckpoint(const LogFile& file) {
  switch (file.kind) {
    case LogFileKind::kMultiPartCheckpoint:
      return MultiPartCheckpointKey(file.version, static_cast<int>(file.part), static_cast<int>(file.parts));
    case LogFileKind::kUuidCheckpoint:
      return std::string(kLogFolder) + VersionDigits(file.version) + ".checkpoint." + file.uuid +
             (file.is_json ? ".json" : ".parquet");
    default: return ClassicCheckpointKey(file.version);
  }
}

// A Parquet file of the checkpoint and the store that holds it.
struct Source {
  const storage::ObjectStore* store;
  std::string key;
  std::string shown;
};

class CheckpointLoader {
 public:
  CheckpointLoader(const LogFolder& folder, const storage::StoreOpener& open_store, LogState& state)
      : folder_(folder),
        open_store_(open_store),
        state_(state),
        details_(state.depth == Depth::kFilesWithDetails ? Details::kKeep : Details::kDrop),
        wanted_(WantedFor(state.depth)) {
    wanted_.commit_info = false;
  }

  Status Load(const Checkpoint& checkpoint) {
    std::vector<Source> sources;
    for (const LogFile& file : checkpoint.files) {
      const std::string key = KeyOfCheckpoint(file);
      if (file.is_json) {
        LATECOMER_RETURN_IF_ERROR(ReadJson(key));
      } else {
        sources.push_back({&folder_.store(), key, folder_.PathOf(key)});
      }
    }
    LATECOMER_RETURN_IF_ERROR(ReadParquet(sources));
    if (!wanted_.files || sidecars_.empty()) return {};
    sources.clear();
    for (const Sidecar& sidecar : std::exchange(sidecars_, {})) {
      LATECOMER_ASSIGN_OR_RETURN(Source source, SourceOf(sidecar));
      sources.push_back(std::move(source));
    }
    return ReadParquet(sources);
  }

 private:
  Status ReadJson(const std::string& key) {
    LogBuffer buffer;
    CommitParser parser;
    Gathered gathered(details_);
    LATECOMER_RETURN_IF_ERROR(folder_.ReadKey(key, buffer));
    LATECOMER_RETURN_IF_ERROR(parser.Parse(buffer.text(), folder_.PathOf(key), wanted_, gathered));
    gathered.MoveTo(state_, sidecars_);
    return {};
  }

  // A sidecar lies in its folder unless its path is absolute.
  Result<Source> SourceOf(const Sidecar& sidecar) {
    const std::string key = SidecarKey(PercentDecode(sidecar.path));
    if (key.starts_with(kSidecarFolder) && !storage::CheckKey(key)) {
      return Fail(Error(ErrorKind::kDamaged, "a sidecar's path leads out of its folder").In(folder_.PathOf(key)));
    }
    if (key.starts_with(kSidecarFolder)) return Source{&folder_.store(), key, folder_.PathOf(key)};
    if (!open_store_) {
      return Fail(Error(ErrorKind::kUnsupported, "a sidecar outside the table can't be opened here").In(key));
    }
    const std::size_t slash = key.rfind('/');
    LATECOMER_ASSIGN_OR_RETURN(auto store, open_store_(key.substr(0, slash + 1)));
    stores_.push_back(std::move(store));
    return Source{stores_.back().get(), key.substr(slash + 1), key};
  }

  Status Open(const std::vector<Source>& sources, std::vector<CheckpointFile>& files) {
    const auto open = [&](std::size_t, std::size_t i, Result<CheckpointFile>& file) {
      file = CheckpointFile::Open(*sources[i].store, sources[i].key, sources[i].shown, wanted_);
    };
    const auto keep = [&](Result<CheckpointFile>& file) -> Status {
      if (!file) return Fail(std::move(file).error());
      files.push_back(std::move(*file));
      return {};
    };
    return RunInOrder<Result<CheckpointFile>>(sources.size(), folder_.is_local() ? MachineThreads() : kStoreFilesAtOnce,
                                              open, keep);
  }

  Status ReadParquet(const std::vector<Source>& sources) {
    std::vector<CheckpointFile> files;
    LATECOMER_RETURN_IF_ERROR(Open(sources, files));
    struct Piece {
      Status status;
      std::optional<Gathered> actions;
    };
    std::vector<std::pair<std::size_t, int>> pieces;  // the file and its piece
    std::vector<std::atomic<int>> unread(files.size());
    std::int64_t rows = 0;
    for (std::size_t file = 0; file < files.size(); ++file) {
      unread[file] = files[file].pieces();
      for (int i = 0; i < unread[file]; ++i) pieces.emplace_back(file, i);
      rows += files[file].rows();
    }
    const auto read = [&](std::size_t, std::size_t i, Piece& piece) {
      if (!piece.actions) piece.actions.emplace(details_);
      const auto [file, number] = pieces[i];
      piece.status = files[file].ReadPiece(number, *piece.actions, piece.actions->files());
      if (--unread[file] == 0) files[file] = CheckpointFile();  // what it holds is given back by all threads
    };
    const auto take = [&](Piece& piece) -> Status {
      LATECOMER_RETURN_IF_ERROR(std::move(piece.status));
      // With the first piece, because the other threads read while the room for all of them is filled with zeros.
      const std::int64_t room = std::clamp<std::int64_t>(std::exchange(rows, 0), 0, kMostReserved);
      if (wanted_.files && room > 0) state_.files.Reserve(static_cast<std::size_t>(room));
      piece.actions->MoveTo(state_, sidecars_);
      return {};
    };
    return RunInOrder<Piece>(pieces.size(), MachineThreads(), read, take);
  }

  const LogFolder& folder_;
  const storage::StoreOpener& open_store_;
  LogState& state_;
  Details details_;
  Wanted wanted_;
  std::vector<Sidecar> sidecars_;
  std::vector<std::shared_ptr<storage::ObjectStore>> stores_;  // of sidecars outside the table
};

}  // namespace

Status LoadCheckpoint(const LogFolder& folder, const storage::StoreOpener& open_store, const Checkpoint& checkpoint,
                      LogState& state) {
  state.version = checkpoint.version;
  LATECOMER_RETURN_IF_ERROR(CheckpointLoader(folder, open_store, state).Load(checkpoint));
  if (!state.metadata || !state.protocol) {
    return Fail(
        Error(ErrorKind::kDamaged, std::string("the checkpoint has no ") + (state.metadata ? "protocol" : "metaData"))
            .In(folder.PathOf(KeyOfCheckpoint(checkpoint.files.front()))));
  }
  return {};
}

}  // namespace latecomer::delta
