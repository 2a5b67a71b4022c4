// Shared by the executors' tests: a temporary folder, attempts in it, and waiting for their end.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "executor/executor.h"
#include "table/catalog.h"

namespace latecomer::executor {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::canonical(testing::TempDir()).string() + "/executor-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

inline void WriteAll(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

// For work that declares no output and reads no source.
class NoTables final : public table::Catalog {
 public:
  Result<std::shared_ptr<table::TableHistory>> OpenHistory(const std::string&) override {
    return Fail(ErrorKind::kUnexpected, "no table is declared");
  }
  Result<std::shared_ptr<table::TableWriter>> OpenWriter(const std::string&) override {
    return Fail(ErrorKind::kUnexpected, "no table is declared");
  }
};

inline AttemptSpec AttemptIn(const TemporaryFolder& folder, std::vector<std::string> argv,
                             const std::string& name = "1") {
  AttemptSpec spec;
  spec.folder = folder / ("work/" + name);
  spec.log = folder / ("logs/" + name + ".log");
  spec.working_folder = folder.path();
  spec.work = CommandWork{std::move(argv)};
  return spec;
}

// Waits for the end as the engine does. A test that hangs is ended by ctest.
inline AttemptStatus Finish(Executor& executor, const std::string& handle) {
  while (true) {
    const auto status = executor.Poll(handle);
    if (!status) {
      ADD_FAILURE() << status.error().ToString();
      return {};
    }
    if (status->phase != Phase::kRunning) return *status;
    executor.Wait(std::chrono::minutes(1));
  }
}

inline AttemptStatus RunToEnd(Executor& executor, const AttemptSpec& spec) {
  const auto handle = executor.Start(spec);
  if (!handle) {
    ADD_FAILURE() << handle.error().ToString();
    return {};
  }
  return Finish(executor, *handle);
}

}  // namespace latecomer::executor
