#include "executor/sql_inputs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

namespace latecomer::executor {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kPartBytes = 8 << 20;
constexpr std::size_t kPartsAtOnce = 16;

Error CantFetch(Error error, const std::string& from) {
  error.message = kSqlInputError + error.message;
  if (error.file.empty()) error.file = from;
  return error;
}

Error Gone(std::string message, const std::string& from) {
  return CantFetch(Error(ErrorKind::kHistoryGone, std::move(message))
                       .In(from)
                       .Hint("clear the run: its next try takes the newest version"),
                   from);
}

// A file being written, at several places at once.
class Target {
 public:
  static Result<std::unique_ptr<Target>> Create(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return Fail(SystemError(errno, "create", path));
    return std::unique_ptr<Target>(new Target(fd, path));
  }
  ~Target() { ::close(fd_); }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  Status WriteAt(std::int64_t offset, std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return Fail(SystemError(errno, "write", path_));
      offset += written;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

 private:
  Target(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

struct OpenInput {
  const RemoteInput* input = nullptr;
  std::shared_ptr<storage::ObjectStore> store;
  std::string key;
  std::unique_ptr<Target> target;
};

struct Part {
  const OpenInput* of = nullptr;
  std::int64_t offset = 0;
};

Status FetchPart(const Part& part) {
  const RemoteInput& input = *part.of->input;
  const std::int64_t wanted = std::min(kPartBytes, input.size_bytes - part.offset);
  const bool is_last = part.offset + wanted == input.size_bytes;
  // One byte beyond the end shows a file that is longer than the log says.
  auto bytes = part.of->store->ReadRange(part.of->key, part.offset, wanted + (is_last ? 1 : 0));
  if (!bytes && bytes.error().kind == ErrorKind::kNotFound) {
    return Fail(Gone("this data file of the pinned version is gone", input.from));
  }
  if (!bytes) return Fail(CantFetch(std::move(bytes).error(), input.from));
  if (static_cast<std::int64_t>(bytes->size()) != wanted) {
    return Fail(Gone("this data file isn't of the size that the table's log says", input.from));
  }
  Status written = part.of->target->WriteAt(part.offset, *bytes);
  if (!written) return Fail(CantFetch(std::move(written).error(), input.from));
  return {};
}

Status FetchAll(const std::vector<Part>& parts) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::optional<Error> problem;
  const auto work = [&] {
    for (std::size_t i = next++; i < parts.size() && !stop; i = next++) {
      Status fetched = FetchPart(parts[i]);
      if (fetched) continue;
      stop = true;
      const std::lock_guard lock(mutex);
      if (!problem) problem = std::move(fetched).error();
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(kPartsAtOnce, parts.size()); ++i) threads.emplace_back(work);
  work();
  threads.clear();
  if (problem) return Fail(std::move(*problem));
  return {};
}

std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

bool HoldsSecrets(std::string_view variable) {
  for (const std::string_view prefix : {"AWS_", "AZURE_", "GOOGLE_", "LATECOMER_"}) {
    if (variable.starts_with(prefix)) return true;
  }
  return false;
}

std::vector<RemoteInput> PlaceRemoteInputs(const std::string& folder, std::vector<SqlSource>& sources) {
  std::vector<RemoteInput> inputs;
  std::map<std::string, std::string> places;
  for (SqlSource& source : sources) {
    for (table::DataFile& file : source.files) {
      if (file.path.starts_with("/")) continue;
      const auto [place, is_new] = places.try_emplace(file.path);
      if (is_new) {
        place->second = folder + "/" + kSqlInputFolder + "/" + std::to_string(inputs.size()) + ".parquet";
        inputs.push_back({file.path, place->second, file.size_bytes});
      }
      file.path = place->second;
    }
  }
  return inputs;
}

std::string InputListText(const std::vector<RemoteInput>& inputs, const std::vector<std::string>& then_run) {
  Json list = {{"then_run", then_run}, {"inputs", Json::array()}};
  for (const RemoteInput& input : inputs) {
    list["inputs"].push_back({{"from", input.from}, {"to", input.to}, {"size", input.size_bytes}});
  }
  return list.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<InputList> ParseInputList(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  InputList list;
  const auto damaged = [] { return Fail(ErrorKind::kInvalidFile, "this is no list of a step's inputs"); };
  if (!json.is_object() || !json.contains("inputs") || !json.contains("then_run")) return damaged();
  for (const Json& word : json["then_run"]) {
    if (!word.is_string()) return damaged();
    list.then_run.push_back(word.get<std::string>());
  }
  for (const Json& one : json["inputs"]) {
    if (!one.is_object() || !one.contains("size") || !one["size"].is_number_integer()) return damaged();
    list.inputs.push_back({TextOf(one, "from"), TextOf(one, "to"), one["size"].get<std::int64_t>()});
  }
  if (list.then_run.empty()) return damaged();
  return list;
}

Status FetchInputs(const std::vector<RemoteInput>& inputs, const storage::StoreOpener& open_store) {
  std::vector<OpenInput> open;
  std::map<std::string, std::shared_ptr<storage::ObjectStore>> stores;
  for (const RemoteInput& input : inputs) {
    std::error_code failed;
    std::filesystem::create_directories(std::filesystem::path(input.to).parent_path(), failed);
    if (failed) return Fail(CantFetch(SystemError(failed.value(), "create", input.to), input.from));
    const std::size_t slash = input.from.rfind('/');
    auto& store = stores[input.from.substr(0, slash)];
    if (!store) {
      auto opened = open_store(input.from.substr(0, slash));
      if (!opened) return Fail(CantFetch(std::move(opened).error(), input.from));
      store = std::move(*opened);
    }
    auto target = Target::Create(input.to);
    if (!target) return Fail(CantFetch(std::move(target).error(), input.from));
    open.push_back({&input, store, input.from.substr(slash + 1), std::move(*target)});
  }
  std::vector<Part> parts;
  for (const OpenInput& one : open) {
    for (std::int64_t at = 0; at < one.input->size_bytes; at += kPartBytes) parts.push_back({&one, at});
  }
  return FetchAll(parts);
}

}  // namespace latecomer::executor
