#include "server/fleet.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "base/text.h"

namespace latecomer::server {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 4;

bool IsYaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// Other YAML files may lie beside pipeline files: those without a `pipeline:` at the top are none of ours.
bool LooksLikePipeline(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  for (int i = 0; i < 1000 && std::getline(file, line); ++i) {
    if (line.starts_with("pipeline:") || line.starts_with("\"pipeline\"") || line.starts_with("'pipeline'"))
      return true;
  }
  return !file.good() && !file.eof();  // can't be read: then that is said
}

FileProblem ToProblem(const Error& error, const std::string& path, Instant now) {
  return {.file = error.file.empty() ? path : error.file,
          .line = error.line,
          .message = error.message,
          .hint = error.hint,
          .at = now};
}

}  // namespace

Fleet::Stamp Fleet::StampOf(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {.modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec,
          .size = info.st_size,
          .inode = info.st_ino};
}

std::vector<std::string> Fleet::FindFiles() const {
  std::error_code error;
  if (fs::is_regular_file(path_, error)) return {path_};
  std::vector<std::string> found;
  fs::recursive_directory_iterator at(path_, fs::directory_options::skip_permission_denied, error);
  while (!error && at != fs::recursive_directory_iterator()) {
    const bool hidden = at->path().filename().string().starts_with('.');
    std::error_code unseen;
    if (at->is_directory(unseen) && (hidden || at.depth() >= kDeepest)) at.disable_recursion_pending();
    if (!hidden && IsYaml(at->path()) && at->is_regular_file(unseen)) found.push_back(at->path().string());
    at.increment(error);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void Fleet::Read(const std::string& path, File& file, FleetView& view, Instant now, std::vector<std::string>& changed) {
  file.stamps = {{path, StampOf(path)}};
  std::erase_if(view.files, [&](const FileProblem& problem) { return problem.file == path; });
  if (!LooksLikePipeline(path) && file.id.empty()) return;
  Result<pipeline::Pipeline> read = pipeline::LoadPipeline(path);
  if (read) {
    for (const pipeline::Step& step : read->steps) {
      const std::optional<pipeline::StepFile> named = pipeline::FileOf(step);
      if (named) file.stamps[named->path] = StampOf(named->path);
    }
    const auto other = view.pipelines.find(read->id);
    if (other != view.pipelines.end() && other->second.pipeline->file != read->file) {
      read = Fail(Error(ErrorKind::kInvalidFile, "its id `" + read->id + "` is that of " + other->second.pipeline->file)
                      .In(path)
                      .Hint("give it an `id:` of its own"));
    }
  }
  if (!read) {
    // A file that an error is about may be one that a step names: it is looked at again when that changes.
    if (!read.error().file.empty()) file.stamps[read.error().file] = StampOf(read.error().file);
    FileProblem problem = ToProblem(read.error(), path, now);
    if (file.id.empty()) {
      problem.file = path;
      view.files.push_back(std::move(problem));
      changed.emplace_back();
    } else {
      view.pipelines.at(file.id).file_problem = std::move(problem);
      changed.push_back(file.id);
    }
    return;
  }
  if (!file.id.empty() && file.id != read->id) {
    view.pipelines.erase(file.id);
    changed.push_back(file.id);
  }
  file.id = read->id;
  Loaded& loaded = view.pipelines[read->id];
  loaded.pipeline = std::make_shared<const pipeline::Pipeline>(std::move(*read));
  loaded.file_problem.reset();
  changed.push_back(file.id);
}

std::vector<std::string> Fleet::Scan(Instant now) {
  const std::vector<std::string> found = FindFiles();
  std::vector<std::string> changed;
  std::shared_ptr<FleetView> next;
  const auto view = [&]() -> FleetView& {
    if (!next) next = std::make_shared<FleetView>(*View());
    return *next;
  };
  const std::set<std::string> present(found.begin(), found.end());
  for (auto it = files_.begin(); it != files_.end();) {
    if (present.contains(it->first)) {
      ++it;
      continue;
    }
    if (!it->second.id.empty()) {
      view().pipelines.erase(it->second.id);
      changed.push_back(it->second.id);
    }
    std::erase_if(view().files, [&](const FileProblem& problem) { return problem.file == it->first; });
    it = files_.erase(it);
  }
  for (const std::string& path : found) {
    const auto [it, added] = files_.try_emplace(path);
    const bool same = !added && std::all_of(it->second.stamps.begin(), it->second.stamps.end(),
                                            [](const auto& stamp) { return StampOf(stamp.first) == stamp.second; });
    if (!same) Read(path, it->second, view(), now, changed);
  }
  if (next) {
    const std::lock_guard lock(mutex_);
    view_ = std::move(next);
  }
  return changed;
}

void Fleet::SetTrouble(const std::string& id, const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  const auto it = view_->pipelines.find(id);
  if (it == view_->pipelines.end() || (it->second.looked_at && it->second.trouble == trouble)) return;
  auto next = std::make_shared<FleetView>(*view_);
  next->pipelines.at(id).trouble = trouble;
  next->pipelines.at(id).looked_at = true;
  view_ = std::move(next);
}

std::shared_ptr<const FleetView> Fleet::View() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

Result<Loaded> Fleet::Find(const std::string& id) const {
  const auto view = View();
  if (const auto it = view->pipelines.find(id); it != view->pipelines.end()) return it->second;
  std::vector<std::string> ids;
  for (const auto& [known, loaded] : view->pipelines) ids.push_back(known);
  const auto nearest = NearestWord(id, ids);
  return Fail(Error(ErrorKind::kNotFound, "there is no pipeline `" + Printable(id) + "`")
                  .Hint(nearest ? "did you mean `" + *nearest + "`?" : "/api/v1/pipelines lists them"));
}

}  // namespace latecomer::server
