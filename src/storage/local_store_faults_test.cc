// Disks that are full or may not be written, and processes that race or die.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "storage/local_store.h"
#include "testing/temporary_folder.h"

namespace latecomer::storage {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

// Limits and identities belong to a process: `work` runs in one of its own; what it returns is the exit code.
pid_t Start(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

int ExitCode(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int RunInChild(const std::function<int()>& work) {
  return ExitCode(Start(work));
}

// Writes past the limit fail with EFBIG, as those on a full disk do with ENOSPC.
void LimitFileSize(rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

std::size_t FilesIn(const std::string& folder) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) files += entry.is_regular_file();
  return files;
}

TEST(LocalStoreFaults, AWriteThatDoesntFitLeavesNothing) {
  const TemporaryFolder folder;
  const auto store = MakeLocalStore(folder.path());
  ASSERT_TRUE(store->PutIfAbsent("_delta_log/0.json", "x"));
  EXPECT_EQ(RunInChild([&] {
              LimitFileSize(1000);
              const auto put = store->PutIfAbsent("_delta_log/1.json", std::string(5000, 'x'));
              if (put || put.error().kind != ErrorKind::kIo) return 1;
              if (put.error().file != folder / "_delta_log/1.json") return 2;
              auto writer = store->OpenForWrite("part.parquet");
              if (!writer) return 3;
              if (!(*writer)->Write(std::string(900, 'x'))) return 4;
              if ((*writer)->Write(std::string(900, 'x'))) return 5;
              writer->reset();
              return FilesIn(folder.path()) == 1 ? 0 : 6;
            }),
            0);
  EXPECT_EQ(*store->PutIfAbsent("_delta_log/1.json", "later"), PutOutcome::kCreated);
}

TEST(LocalStoreFaults, AFullDiskSaysWhatToDo) {
  const Error error = SystemError(ENOSPC, "write", "/t/a");
  EXPECT_EQ(error.kind, ErrorKind::kIo);
  EXPECT_THAT(error.hint, HasSubstr("free some space"));
}

// Permissions don't bind root, so the child becomes nobody.
TEST(LocalStoreFaults, WithoutPermission) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const TemporaryFolder folder;
  const auto store = MakeLocalStore(folder / "table");
  ASSERT_TRUE(store->PutIfAbsent("_delta_log/0.json", "x"));
  ASSERT_TRUE(store->PutIfAbsent("secret", "x"));
  ASSERT_TRUE(store->PutIfAbsent("closed/a", "x"));
  ASSERT_EQ(::chmod((folder / "table/secret").c_str(), 0), 0);
  ASSERT_EQ(::chmod((folder / "table/closed").c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  EXPECT_EQ(RunInChild([&] {
              if (::seteuid(65534) != 0) return 99;
              const auto is_denied = [](const auto& result) {
                return !result && result.error().kind == ErrorKind::kPermission && !result.error().file.empty() &&
                       !result.error().hint.empty();
              };
              if (store->Read("_delta_log/0.json").value_or("?") != "x") return 1;
              if (!is_denied(store->Read("secret"))) return 2;
              if (!is_denied(store->List("closed/", {}))) return 3;
              // A folder that can't be looked into must not look like an empty one.
              if (!is_denied(store->List("", {.direct_only = false}))) return 4;
              if (!is_denied(store->PutIfAbsent("_delta_log/1.json", "x"))) return 5;
              if (!is_denied(store->OpenForWrite("new/part.parquet"))) return 6;
              if (!is_denied(store->Remove("_delta_log/0.json"))) return 7;
              if (!is_denied(store->Stat("closed/a"))) return 8;
              return 0;
            }),
            0);
  EXPECT_TRUE(store->Read("_delta_log/0.json"));
}

TEST(LocalStoreFaults, OfManyProcessesOneIsFirst) {
  const TemporaryFolder folder;
  const auto store = MakeLocalStore(folder / "table");
  constexpr int kProcesses = 6;
  constexpr int kVersions = 20;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    children.push_back(Start([&, p] {
      int won = 0;
      for (int v = 0; v < kVersions; ++v) {
        const auto put = store->PutIfAbsent("_delta_log/" + std::to_string(v), std::string(3000, char('a' + p)));
        if (!put) return 200;
        won += *put == PutOutcome::kCreated;
      }
      return won;
    }));
  }
  int won = 0;
  for (const pid_t child : children) won += ExitCode(child);
  EXPECT_EQ(won, kVersions);
  EXPECT_EQ(FilesIn(folder.path()), static_cast<std::size_t>(kVersions));
}

TEST(LocalStoreFaults, AWriterThatIsKilledShowsNothing) {
  const TemporaryFolder folder;
  const auto store = MakeLocalStore(folder.path());
  EXPECT_EQ(RunInChild([&] {
              const auto writer = store->OpenForWrite("a");
              if (!writer || !(*writer)->Write("half")) return 1;
              ::raise(SIGKILL);
              return 2;
            }),
            128 + SIGKILL);
  EXPECT_EQ(FilesIn(folder.path()), 1U) << "this test wants a left-over";
  EXPECT_EQ(store->Stat("a").error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(store->List("", {})->empty());
  EXPECT_EQ(*store->PutIfAbsent("a", "whole"), PutOutcome::kCreated);
  EXPECT_EQ(store->Read("a").value_or("?"), "whole");
}

TEST(LocalStoreFaults, TooManyOpenFilesSaysSo) {
  const TemporaryFolder folder;
  const auto store = MakeLocalStore(folder.path());
  ASSERT_TRUE(store->PutIfAbsent("a", "x"));
  EXPECT_EQ(RunInChild([&] {
              const rlimit limit{0, 0};
              ::setrlimit(RLIMIT_NOFILE, &limit);
              const auto read = store->Read("a");
              if (read || read.error().hint.find("ulimit") == std::string::npos) return 1;
              const auto listed = store->List("", {});
              return !listed && listed.error().kind == ErrorKind::kIo ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace latecomer::storage
