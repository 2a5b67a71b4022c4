// A commit of any bytes: no crash, and the same answer whether its lines are read together or one by one; partition
// values that are handed on are either a map of strings or an error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "delta/commit_parser.h"
#include "delta/live_files.h"

namespace {

using latecomer::Status;
using latecomer::delta::FileAction;

class Sink final : public latecomer::delta::ActionSink {
 public:
  std::string seen;
  latecomer::delta::LiveFiles files{latecomer::delta::Details::kKeep};

  Status OnAdd(const FileAction& file) override {
    files.Add(file, latecomer::Version{1});
    return Note("add", file);
  }
  Status OnRemove(const FileAction& file) override {
    files.Remove(file, latecomer::Version{1});
    return Note("remove", file);
  }
  Status OnMetadata(latecomer::delta::Metadata&& metadata) override {
    seen += metadata.id + metadata.schema_json;
    return {};
  }
  Status OnCommitInfo(latecomer::delta::CommitInfo&& info) override {
    seen += info.operation + std::to_string(info.timestamp.value_or(-1)) +
            std::to_string(info.in_commit_timestamp.value_or(-1));
    return {};
  }

 private:
  Status Note(const char* action, const FileAction& file) {
    seen += action + std::string(file.path) + std::to_string(file.size_bytes.value_or(-1)) +
            std::to_string(file.records.value_or(-1)) + (file.data_change ? "!" : "");
    if (file.deletion_vector != nullptr) seen += latecomer::delta::DeletionVectorId(*file.deletion_vector);
    if (file.partition_values) {
      if (const auto map = latecomer::delta::ParseStringMap(*file.partition_values)) {
        for (const auto& [name, text] : *map) seen += name + text.value_or("");
      }
    }
    return {};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  text.append(latecomer::delta::kParserPadding, '}');
  const std::string_view commit = std::string_view(text).substr(0, size);
  static latecomer::delta::CommitParser together;
  static latecomer::delta::CommitParser one_by_one(latecomer::delta::LineReading::kOneByOne);
  latecomer::delta::Wanted wanted;
  for (const bool all : {true, false}) {
    wanted.commit_info = wanted.operation_metrics = wanted.transactions = all;
    Sink first;
    Sink second;
    const Status status = together.Parse(commit, "f", wanted, first);
    const Status again = one_by_one.Parse(commit, "f", wanted, second);
    if (first.seen != second.seen || status.has_value() != again.has_value()) std::abort();
    if (!status && status.error().ToString() != again.error().ToString()) std::abort();
  }
  (void)together.CommitInfoText(commit, "f");
  return 0;
}
