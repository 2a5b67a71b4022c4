// The pipelines of a folder: found, read, and read again when they change. A file that broke keeps its last good
// definition.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "pipeline/pipeline.h"

namespace latecomer::server {

struct FileProblem {
  std::string file;
  std::optional<std::int64_t> line;
  std::string message;
  std::string hint;
  Instant at{};
};

struct Loaded {
  std::shared_ptr<const pipeline::Pipeline> pipeline;
  std::optional<FileProblem> file_problem;  // the file is broken now; `pipeline` is what it was before
  std::string trouble;                      // why the scheduler can't go on; empty: it can
  bool looked_at = false;                   // the scheduler has been through it once
};

// Everything at one moment.
struct FleetView {
  std::map<std::string, Loaded> pipelines;  // by id
  std::vector<FileProblem> files;           // that never gave a pipeline
};

class Fleet {
 public:
  // A folder, with those below it, or one file.
  explicit Fleet(std::string path) : path_(std::move(path)) {}

  // Looks for new, changed and vanished files; returns the ids of pipelines that are other than before. One thread.
  std::vector<std::string> Scan(Instant now);
  // What the scheduler ran into; empty: nothing.
  void SetTrouble(const std::string& id, const std::string& trouble);

  std::shared_ptr<const FleetView> View() const;
  // The present definition. kNotFound, with the nearest id.
  Result<Loaded> Find(const std::string& id) const;

 private:
  // What a file was like when it was read.
  struct Stamp {
    std::int64_t modified_ns = 0;
    std::int64_t size = -1;
    std::uint64_t inode = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct File {
    std::map<std::string, Stamp> stamps;  // of it and of the SQL files it names
    std::string id;                       // of the pipeline it gave; empty: none
  };

  static Stamp StampOf(const std::string& path);
  std::vector<std::string> FindFiles() const;
  void Read(const std::string& path, File& file, FleetView& view, Instant now, std::vector<std::string>& changed);

  std::string path_;
  std::map<std::string, File> files_;  // by path; of the scanning thread

  mutable std::mutex mutex_;
  std::shared_ptr<const FleetView> view_ = std::make_shared<FleetView>();
};

}  // namespace latecomer::server
