// Logs of attempts: pieces, search, download. What a log holds is untrusted: it leaves as JSON text or as a plain file.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/text.h"
#include "server/routes.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

constexpr std::int64_t kLongestPiece = 1024 * 1024;
constexpr std::int64_t kMostOffset = 9007199254740991;  // 2^53 - 1: what JavaScript counts exactly
constexpr std::size_t kLongestLine = 1000;
constexpr std::int64_t kMostSearched = 32 * 1024 * 1024;  // bytes of one request

// An open file that is closed again.
class File {
 public:
  explicit File(const std::string& path) : handle_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {}
  ~File() {
    if (handle_ >= 0) ::close(handle_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool IsOpen() const { return handle_ >= 0; }
  std::int64_t Size() const {
    struct stat info {};
    return ::fstat(handle_, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : 0;
  }
  std::string Read(std::int64_t offset, std::int64_t size) const {
    std::string text(static_cast<std::size_t>(std::max<std::int64_t>(size, 0)), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t got =
          ::pread(handle_, text.data() + done, text.size() - done, offset + static_cast<std::int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      done += static_cast<std::size_t>(got);
    }
    text.resize(done);
    return text;
  }

 private:
  int handle_;
};

struct Chosen {
  ledger::RunRecord run;
  int try_number = 0;
  std::optional<ledger::AttemptRecord> attempt;
};

// The attempt that the parameters name. kNotFound when the run never had such a step.
Result<Chosen> ChooseAttempt(Call& call, QueryFields& query) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, call.app.fleet.Find(call.Path("pipeline")));
  const std::string step = query.Required("step", 100);
  const auto try_number = query.Integer("try", 1, 1000000);
  const auto number = query.Integer("attempt", 1, 1000000);
  Chosen chosen;
  LATECOMER_RETURN_IF_ERROR(call.store.ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(chosen.run, FindRun(reader, loaded.pipeline->id, call.Path("run")));
    chosen.try_number = static_cast<int>(try_number.value_or(chosen.run.tries));
    LATECOMER_ASSIGN_OR_RETURN(const auto attempts, reader.Attempts(chosen.run.id, chosen.try_number));
    for (const ledger::AttemptRecord& attempt : attempts) {
      if (attempt.step != step || (number && attempt.number != *number)) continue;
      if (!chosen.attempt || attempt.number > chosen.attempt->number) chosen.attempt = attempt;
    }
    return {};
  }));
  if (!chosen.attempt && !step.empty()) {
    return Fail(Error(ErrorKind::kNotFound, "step `" + Printable(step) + "` of " + chosen.run.run_id +
                                                " has no such attempt, and so no log"));
  }
  return chosen;
}

// Only what lies in the folder of logs is ever shown, whatever the ledger says.
Result<std::string> SafePath(const Call& call, const std::string& log) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path root = fs::weakly_canonical(call.app.settings.log_root, error);
  const fs::path path = fs::weakly_canonical(log, error);
  const fs::path below = path.lexically_relative(root);
  if (error || below.empty() || *below.begin() == ".." || below == ".") {
    return Fail(ErrorKind::kNotFound, "the log isn't in the folder of this server's logs");
  }
  return path.string();
}

// Cut behind the last line's end, so that pieces hold whole lines; one long line is cut where a character ends.
void EndAtLine(std::string& text) {
  const std::size_t end = text.rfind('\n');
  if (end != std::string::npos) {
    text.resize(end + 1);
    return;
  }
  for (int i = 0; i < 4 && !text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0; ++i) {
    const bool lead = (static_cast<unsigned char>(text.back()) & 0xC0) == 0xC0;
    text.pop_back();
    if (lead) break;
  }
}

bool HasEnded(ledger::AttemptState state) {
  return state != ledger::AttemptState::kStarting && state != ledger::AttemptState::kRunning;
}

std::string Folded(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folded;
}

}  // namespace

Result<Response> GetLog(Call& call) {
  QueryFields query(call.request);
  LATECOMER_ASSIGN_OR_RETURN(const Chosen chosen, ChooseAttempt(call, query));
  std::int64_t offset = query.Integer("offset", 0, kMostOffset, 0);
  const std::int64_t limit = query.Integer("limit", 1, kLongestPiece, 262144);
  const auto tail = query.Integer("tail", 1, kLongestPiece);
  if (auto problem = query.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const std::string path, SafePath(call, chosen.attempt->log));
  const File file(path);
  const std::int64_t size = file.IsOpen() ? file.Size() : 0;
  if (tail) offset = std::max<std::int64_t>(0, size - *tail);
  offset = std::min(offset, size);
  std::string text;
  if (file.IsOpen()) text = file.Read(offset, std::min(tail.value_or(limit), size - offset));
  if (tail && offset > 0) {  // begin at a line
    const std::size_t line = text.find('\n');
    if (line != std::string::npos && line + 1 < text.size()) {
      text.erase(0, line + 1);
      offset += static_cast<std::int64_t>(line) + 1;
    }
  }
  const bool ended = HasEnded(chosen.attempt->state);
  const bool to_end = offset + static_cast<std::int64_t>(text.size()) >= size;
  if (!to_end || !ended) EndAtLine(text);
  Json json;
  json["text"] = text;
  json["offset"] = offset;
  json["next_offset"] = offset + static_cast<std::int64_t>(text.size());
  json["size"] = size;
  json["complete"] = ended && to_end;
  json["try"] = chosen.try_number;
  json["attempt"] = chosen.attempt->number;
  return JsonResponse(json);
}

Result<Response> SearchLog(Call& call) {
  QueryFields query(call.request);
  LATECOMER_ASSIGN_OR_RETURN(const Chosen chosen, ChooseAttempt(call, query));
  const std::string wanted = Folded(query.Required("q", 200));
  const std::int64_t from = query.Integer("offset", 0, kMostOffset, 0);
  const auto limit = static_cast<std::size_t>(query.Integer("limit", 1, 500, 100));
  if (auto problem = query.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const std::string path, SafePath(call, chosen.attempt->log));
  const File file(path);
  const std::int64_t size = file.IsOpen() ? file.Size() : 0;
  Json items = Json::array();
  std::int64_t offset = std::min(from, size);  // of the next line
  const std::int64_t stop = std::min(size, offset + kMostSearched);
  while (offset < stop && items.size() < limit) {
    std::string piece = file.Read(offset, std::min<std::int64_t>(kLongestPiece, size - offset));
    if (piece.empty()) break;
    if (offset + static_cast<std::int64_t>(piece.size()) < size) EndAtLine(piece);
    std::size_t begin = 0;
    while (begin < piece.size() && items.size() < limit) {
      std::size_t end = piece.find('\n', begin);
      if (end == std::string::npos) end = piece.size();
      const std::string_view line(piece.data() + begin, end - begin);
      if (Folded(line).find(wanted) != std::string::npos) {
        items.push_back({{"offset", offset + static_cast<std::int64_t>(begin)},
                         {"text", std::string(line.substr(0, kLongestLine))}});
      }
      begin = std::min(end + 1, piece.size());
    }
    offset += static_cast<std::int64_t>(begin);
  }
  Json json;
  json["items"] = std::move(items);
  json["next_offset"] = offset < size ? Json(offset) : Json();
  json["size"] = size;
  return JsonResponse(json);
}

Result<Response> DownloadLog(Call& call) {
  QueryFields query(call.request);
  LATECOMER_ASSIGN_OR_RETURN(const Chosen chosen, ChooseAttempt(call, query));
  if (auto problem = query.Problem()) return std::move(*problem);
  LATECOMER_ASSIGN_OR_RETURN(const std::string path, SafePath(call, chosen.attempt->log));
  if (!File(path).IsOpen()) return Fail(ErrorKind::kNotFound, "the log is not there (any more)");
  // Characters that could end the header's text are not in it.
  std::string name = chosen.run.run_id + "-" + chosen.attempt->step + "-" + std::to_string(chosen.try_number) + "-" +
                     std::to_string(chosen.attempt->number) + ".log";
  for (char& c : name) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.file = path;
  return std::move(response).With("Content-Disposition", "attachment; filename=\"" + name + "\"");
}

}  // namespace latecomer::server
