#include "executor/process_executor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "executor/executor_test_support.h"
#include "executor/process_identity.h"

namespace latecomer::executor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class ProcessExecutorTest : public testing::Test {
 protected:
  AttemptSpec Shell(const std::string& script, const std::string& name = "1") {
    return AttemptIn(folder_, {"/bin/sh", "-c", script}, name);
  }
  std::string Log(const std::string& name = "1") { return ReadAll(folder_ / ("logs/" + name + ".log")); }

  // A named pipe: reading a line from it waits for a process to say that it has come so far.
  std::string MakeFifo(const std::string& name) {
    const std::string path = folder_ / name;
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  static std::string ReadLine(const std::string& fifo) {
    std::ifstream file(fifo);
    std::string line;
    std::getline(file, line);
    return line;
  }

  TemporaryFolder folder_;
  ProcessExecutor executor_{milliseconds(50)};
};

bool Lives(pid_t pid) {
  const auto state = ReadAll("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = state.rfind(')');
  return name_end != std::string::npos && state[name_end + 2] != 'Z' && state[name_end + 2] != 'X';
}

// Returns when the process is gone; false when it is still there after a long time.
bool AwaitEnd(pid_t pid) {
  const Descriptor end = OpenPidDescriptor(pid);
  if (!end) return !Lives(pid);
  pollfd polled{.fd = end.get(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 20'000) == 1;
}

TEST_F(ProcessExecutorTest, SuccessAndExitCodes) {
  const AttemptStatus good = RunToEnd(executor_, Shell("echo hello"));
  EXPECT_EQ(good.phase, Phase::kSucceeded);
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_EQ(good.message, "");
  EXPECT_EQ(Log(), "hello\n");
  const AttemptStatus bad = RunToEnd(executor_, Shell("exit 3", "2"));
  EXPECT_EQ(bad.phase, Phase::kFailed);
  EXPECT_EQ(bad.exit_code, 3);
  EXPECT_EQ(bad.message, "exit code 3");
  const AttemptStatus killed = RunToEnd(executor_, Shell("kill -KILL $$", "3"));
  EXPECT_EQ(killed.phase, Phase::kFailed);
  EXPECT_EQ(killed.exit_code, 137);
  EXPECT_EQ(killed.message, "killed by signal 9");
}

TEST_F(ProcessExecutorTest, TheEndIsToldAgain) {
  const auto handle = executor_.Start(Shell("exit 4"));
  ASSERT_TRUE(handle);
  EXPECT_EQ(Finish(executor_, *handle).exit_code, 4);
  EXPECT_EQ(executor_.Poll(*handle)->exit_code, 4);
  EXPECT_TRUE(executor_.Cancel(*handle, seconds(1)));
  EXPECT_EQ(executor_.Poll(*handle)->message, "exit code 4");
}

TEST(EndedAttemptsTest, TheNewestAreRemembered) {
  EndedAttempts ended(2);
  for (int code = 0; code < 4; ++code) {
    AttemptStatus status;
    status.exit_code = code;
    ended.Add(std::to_string(code), status);
    ended.Add(std::to_string(code), status);  // told again
  }
  EXPECT_EQ(ended.Find("1"), nullptr);
  ASSERT_NE(ended.Find("2"), nullptr);
  EXPECT_EQ(ended.Find("2")->exit_code, 2);
  EXPECT_EQ(ended.Find("3")->exit_code, 3);
}

TEST_F(ProcessExecutorTest, AnUnknownHandleIsNotFound) {
  EXPECT_EQ(executor_.Poll("17 /nowhere").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(executor_.Cancel("17 /nowhere", seconds(1)).error().kind, ErrorKind::kNotFound);
}

TEST_F(ProcessExecutorTest, BothOutputsGoToTheLogByteForByteAfterWhatIsThere) {
  ASSERT_EQ(RunToEnd(executor_, Shell("printf 'a\\000\\377b'; printf 'c\\n' >&2")).exit_code, 0);
  EXPECT_EQ(Log(), std::string("a\0\377bc\n", 6));
  ASSERT_EQ(RunToEnd(executor_, Shell("echo more")).exit_code, 0);
  EXPECT_EQ(Log(), std::string("a\0\377bc\nmore\n", 11));
}

TEST_F(ProcessExecutorTest, MuchOutputDoesNotBlock) {
  ASSERT_EQ(RunToEnd(executor_, Shell("head -c 20000000 /dev/zero")).exit_code, 0);
  EXPECT_EQ(std::filesystem::file_size(folder_ / "logs/1.log"), 20'000'000U);
}

TEST_F(ProcessExecutorTest, ArgumentsAreNotTouchedByAShell) {
  const std::vector<std::string> hostile{"$(touch evil)", "; touch evil", "`touch evil`", "*",           "",
                                         "a b",           "-n",           "'\"\\",        "line\nbreak", "ä\xff"};
  std::vector<std::string> argv{"/usr/bin/printf", "<%s>"};
  argv.insert(argv.end(), hostile.begin(), hostile.end());
  ASSERT_EQ(RunToEnd(executor_, AttemptIn(folder_, argv)).exit_code, 0);
  std::string expected;
  for (const std::string& argument : hostile) expected += "<" + argument + ">";
  EXPECT_EQ(Log(), expected);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "evil"));
}

TEST_F(ProcessExecutorTest, TheEnvironmentIsItsOwnAndTheGivenOne) {
  ::setenv("TEST_OWN", "own", 1);
  ::setenv("TEST_BOTH", "own", 1);
  AttemptSpec spec = Shell(
      "printf '%s|' \"$TEST_OWN\" \"$TEST_BOTH\" \"$GIVEN\" "
      "\"$LATECOMER_ATTEMPT_FOLDER\"; env -0 | tr '\\0' '\\n' | grep -c '^PATH='");
  spec.environment = {{"GIVEN", "line 1\nline 2=$(touch evil)"}, {"TEST_BOTH", "given"}};
  ASSERT_EQ(RunToEnd(executor_, spec).exit_code, 0);
  EXPECT_EQ(Log(), "own|given|line 1\nline 2=$(touch evil)|" + spec.folder + "|1\n");
}

// Programs write their environment into logs and crash reports: the ledger's password is none of theirs.
TEST_F(ProcessExecutorTest, WhatTheSchedulerReadsForItselfIsNotHandedOn) {
  const std::vector<std::string> own{"LATECOMER_LEDGER", "LATECOMER_AIRFLOW_PASSWORD", "LATECOMER_", "PGPASSWORD"};
  for (const std::string& name : own) ::setenv(name.c_str(), "s3cret", 1);
  ::setenv("PGHOST", "db.example", 1);
  AttemptSpec spec = Shell("env -0 | tr '\\0' '\\n' | grep -E '^(LATECOMER_|PG)' | sort");
  const AttemptStatus kept = RunToEnd(executor_, spec);
  spec.environment = {{"LATECOMER_LEDGER", "given"}, {"PGPASSWORD", "given too"}};
  const AttemptStatus given = RunToEnd(executor_, spec);
  for (const std::string& name : own) ::unsetenv(name.c_str());
  ::unsetenv("PGHOST");
  ASSERT_EQ(kept.exit_code, 0);
  ASSERT_EQ(given.exit_code, 0);
  const std::string folder = "LATECOMER_ATTEMPT_FOLDER=" + spec.folder + "\n";
  EXPECT_EQ(Log(), folder + "PGHOST=db.example\n" + folder +
                       "LATECOMER_LEDGER=given\nPGHOST=db.example\nPGPASSWORD=given too\n");
}

TEST_F(ProcessExecutorTest, ProgramsAreFoundInTheGivenPath) {
  std::filesystem::create_directories(folder_ / "bin");
  WriteAll(folder_ / "bin/latecomer-test-tool", "#!/bin/sh\necho found $0\n");
  std::filesystem::permissions(folder_ / "bin/latecomer-test-tool", std::filesystem::perms::owner_all);
  AttemptSpec spec = AttemptIn(folder_, {"latecomer-test-tool"});
  EXPECT_FALSE(executor_.Start(spec));
  spec.environment["PATH"] = "/nowhere:bin";  // relative to where the command runs
  ASSERT_EQ(RunToEnd(executor_, spec).exit_code, 0);
  EXPECT_EQ(Log(), "found " + (folder_ / "bin/latecomer-test-tool") + "\n");
}

TEST_F(ProcessExecutorTest, ItReadsNothingAndStandsInItsFolder) {
  ASSERT_EQ(RunToEnd(executor_, Shell("cat; pwd")).exit_code, 0);
  EXPECT_EQ(Log(), folder_.path() + "\n");
}

TEST_F(ProcessExecutorTest, WhatCannotBeStartedSaysWhy) {
  WriteAll(folder_ / "plain", "echo no interpreter named\n");
  const auto message = [&](const std::string& program, const std::string& folder) {
    AttemptSpec spec = AttemptIn(folder_, {program});
    spec.working_folder = folder;
    const auto handle = executor_.Start(spec);
    return handle ? "started" : handle.error().ToString();
  };
  EXPECT_EQ(message("latecomer-no-such-program", folder_.path()),
            "cannot start 'latecomer-no-such-program': No such file or directory");
  EXPECT_EQ(message("./missing", folder_.path()), "cannot start './missing': No such file or directory");
  EXPECT_EQ(message("./plain", folder_.path()), "cannot start './plain': Permission denied");
  EXPECT_EQ(message("./", folder_.path()), "cannot start './': Permission denied");
  EXPECT_EQ(message("", folder_.path()), "cannot start '': No such file or directory");
  std::filesystem::permissions(folder_ / "plain", std::filesystem::perms::owner_all);
  EXPECT_EQ(message("./plain", folder_.path()), "cannot start './plain': Exec format error");
  EXPECT_NE(message("/bin/true", folder_ / "gone").find("gone"), std::string::npos);
  EXPECT_EQ(executor_.Start(AttemptIn(folder_, {})).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(executor_.Start(AttemptIn(folder_, {std::string("a\0b", 3)})).error().kind, ErrorKind::kInvalidArgument);
  // Nothing of these is left as a zombie.
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(ProcessExecutorTest, NoFileOfOursIsOpenThere) {
  const Descriptor low(::open("/dev/null", O_RDONLY));  // without close-on-exec
  const Descriptor leak(::fcntl(low.get(), F_DUPFD, 100));
  ASSERT_GE(leak.get(), 100);
  const std::string there = "/proc/$$/fd/" + std::to_string(leak.get());
  ASSERT_EQ(RunToEnd(executor_, Shell("[ -e " + there + " ] && echo leaked; true")).exit_code, 0);
  EXPECT_EQ(Log(), "");
}

TEST_F(ProcessExecutorTest, SignalsAreAsUsualThere) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  const AttemptStatus status =
      RunToEnd(executor_, AttemptIn(folder_, {"/bin/grep", "-E", "SigBlk|SigIgn", "/proc/self/status"}));
  ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ASSERT_EQ(status.exit_code, 0);
  EXPECT_EQ(Log(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(ProcessExecutorTest, ATimeoutEndsIt) {
  AttemptSpec spec = Shell("exec sleep 1000");
  spec.timeout = milliseconds(40);
  const AttemptStatus status = RunToEnd(executor_, spec);
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(status.message, "timed out after 40ms");
  EXPECT_EQ(status.exit_code, 128 + SIGTERM);
}

TEST_F(ProcessExecutorTest, ATimeoutEndsAlsoWhoWillNotHear) {
  const std::string fifo = MakeFifo("ready");
  // The shell, and a child of it, ignore SIGTERM.
  AttemptSpec spec = Shell("trap '' TERM; sleep 1000 & echo $! >'" + fifo + "'; wait; sleep 1000");
  spec.timeout = milliseconds(300);
  const auto handle = executor_.Start(spec);
  ASSERT_TRUE(handle);
  const pid_t child = std::stoi(ReadLine(fifo));
  const AttemptStatus status = Finish(executor_, *handle);
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(status.message, "timed out after 300ms");
  EXPECT_EQ(status.exit_code, 137);
  EXPECT_FALSE(Lives(child));
}

TEST_F(ProcessExecutorTest, WhoEndsWellAfterATimeoutHasStillTimedOut) {
  const std::string fifo = MakeFifo("ready");
  AttemptSpec spec = Shell("trap 'exit 0' TERM; echo up >'" + fifo + "'; while :; do sleep 1000 & wait; done");
  spec.timeout = milliseconds(300);
  const auto handle = executor_.Start(spec);
  ASSERT_TRUE(handle);
  EXPECT_EQ(ReadLine(fifo), "up");
  const AttemptStatus status = Finish(executor_, *handle);
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(status.message, "timed out after 300ms");
}

TEST_F(ProcessExecutorTest, CancelEndsTheWholeGroupAlsoAStoppedOne) {
  const std::string fifo = MakeFifo("ready");
  const auto handle = executor_.Start(Shell("sleep 1000 & echo $! >'" + fifo + "'; kill -STOP $$; sleep 1000"));
  ASSERT_TRUE(handle);
  const pid_t child = std::stoi(ReadLine(fifo));
  ASSERT_TRUE(executor_.Cancel(*handle, seconds(20)));
  const AttemptStatus status = Finish(executor_, *handle);
  EXPECT_EQ(status.phase, Phase::kFailed);
  EXPECT_EQ(status.message, "cancelled");
  EXPECT_FALSE(Lives(child));
}

TEST_F(ProcessExecutorTest, CancelWithoutGraceKills) {
  const std::string fifo = MakeFifo("ready");
  const auto handle = executor_.Start(Shell("trap '' TERM; echo up >'" + fifo + "'; while :; do sleep 1000; done"));
  ASSERT_TRUE(handle);
  EXPECT_EQ(ReadLine(fifo), "up");
  ASSERT_TRUE(executor_.Cancel(*handle, seconds(1000)));
  EXPECT_EQ(executor_.Poll(*handle)->phase, Phase::kRunning);
  ASSERT_TRUE(executor_.Cancel(*handle, milliseconds(0)));  // a second Ctrl-C
  EXPECT_EQ(Finish(executor_, *handle).exit_code, 137);
}

TEST_F(ProcessExecutorTest, WhatTheLeaderLeavesBehindIsKilledBeforeTheEndIsTold) {
  const AttemptStatus status = RunToEnd(executor_, Shell("sleep 1000 & echo $!"));
  EXPECT_EQ(status.phase, Phase::kSucceeded);
  EXPECT_FALSE(Lives(std::stoi(Log())));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no zombie of ours
}

TEST_F(ProcessExecutorTest, WaitEndsWithAnAttemptAWakeOrTheTime) {
  const auto start = steady_clock::now();
  executor_.Wait(milliseconds(1));
  executor_.Wake();
  executor_.Wait(seconds(60));
  std::thread waker([&] { executor_.Wake(); });
  executor_.Wait(seconds(60));
  waker.join();
  const auto handle = executor_.Start(Shell("exit 0"));
  ASSERT_TRUE(handle);
  executor_.Wait(seconds(60));
  EXPECT_EQ(executor_.Poll(*handle)->phase, Phase::kSucceeded);
  EXPECT_LT(steady_clock::now() - start, seconds(60));
}

TEST_F(ProcessExecutorTest, ManyAtOnceWhileOtherThreadsAllocate) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) std::vector<std::string>(100, std::string(1000, 'x')).clear();
    });
  }
  std::vector<std::string> handles;
  for (int i = 0; i < 60; ++i) {
    const auto handle = executor_.Start(Shell("exit " + std::to_string(i), std::to_string(i)));
    ASSERT_TRUE(handle) << handle.error().ToString();
    handles.push_back(*handle);
  }
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(Finish(executor_, handles[static_cast<std::size_t>(i)]).exit_code, i);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ProcessExecutorTest, TheIdentityIsThereBeforeTheProgramRuns) {
  AttemptSpec spec = Shell("cat \"$LATECOMER_ATTEMPT_FOLDER/process\"; echo me $$");
  ASSERT_EQ(RunToEnd(executor_, spec).exit_code, 0);
  const auto identity = ReadIdentity(spec.folder);
  ASSERT_TRUE(identity && identity->has_value());
  EXPECT_NE(Log().find("pid " + std::to_string((*identity)->pid) + "\n"), std::string::npos);
  EXPECT_NE(Log().find("me " + std::to_string((*identity)->pid) + "\n"), std::string::npos);
}

TEST_F(ProcessExecutorTest, TheDestructorKills) {
  const std::string fifo = MakeFifo("ready");
  pid_t leader = 0;
  {
    ProcessExecutor other;
    ASSERT_TRUE(other.Start(Shell("trap '' TERM; echo $$ >'" + fifo + "'; sleep 1000; sleep 1000")));
    leader = std::stoi(ReadLine(fifo));
    EXPECT_TRUE(Lives(leader));
  }
  EXPECT_FALSE(Lives(leader));
}

// A scheduler that starts an attempt and is then killed at once.
TEST_F(ProcessExecutorTest, AfterItsSchedulerWasKilledNothingOfTheAttemptLives) {
  const std::string fifo = MakeFifo("ready");
  const AttemptSpec spec = Shell("sleep 1000 & echo $$ $! >'" + fifo + "'; setsid sleep 1000 & wait; sleep 1000");
  const pid_t scheduler = ::fork();
  if (scheduler == 0) {
    ProcessExecutor own;
    if (!own.Start(spec)) ::_exit(1);
    while (true) ::pause();
  }
  const std::string line = ReadLine(fifo);
  ::kill(scheduler, SIGKILL);
  ::waitpid(scheduler, nullptr, 0);
  const pid_t leader = std::stoi(line);
  const pid_t child = std::stoi(line.substr(line.find(' ')));
  EXPECT_TRUE(AwaitEnd(leader));  // without anybody's help
  EXPECT_TRUE(Lives(child));
  const Status dead = executor_.EnsureDead(spec.folder);
  EXPECT_TRUE(dead) << dead.error().ToString();
  EXPECT_FALSE(Lives(child));
  EXPECT_TRUE(executor_.EnsureDead(spec.folder));  // again
}

TEST_F(ProcessExecutorTest, EnsureDeadEndsAnAttemptOfItsOwn) {
  const AttemptSpec spec = Shell("trap '' TERM; sleep 1000; sleep 1000");
  const auto handle = executor_.Start(spec);
  ASSERT_TRUE(handle);
  EXPECT_TRUE(executor_.EnsureDead(spec.folder));
  const auto status = executor_.Poll(*handle);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->phase, Phase::kFailed);
  EXPECT_EQ(status->exit_code, 137);
}

TEST_F(ProcessExecutorTest, NothingWasStartedInAFolderWithoutIdentity) {
  EXPECT_TRUE(executor_.EnsureDead(folder_ / "never"));
}

// A process that has nothing to do with any attempt, in a group of its own.
class Bystander {
 public:
  Bystander() : pid_(::fork()) {
    if (pid_ == 0) {
      ::setpgid(0, 0);
      while (true) ::pause();
    }
    ::setpgid(pid_, pid_);
  }
  ~Bystander() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

TEST_F(ProcessExecutorTest, ARecycledPidIsNotKilled) {
  const Bystander bystander;
  ProcessIdentity forged = *IdentityOf(bystander.pid());
  forged.start_ticks -= 1;
  ASSERT_TRUE(WriteIdentity(folder_.path(), forged));
  EXPECT_TRUE(executor_.EnsureDead(folder_.path()));
  EXPECT_TRUE(Lives(bystander.pid()));
}

TEST_F(ProcessExecutorTest, TheNamedProcessIsKilled) {
  const Bystander bystander;
  ASSERT_TRUE(WriteIdentity(folder_.path(), *IdentityOf(bystander.pid())));
  EXPECT_TRUE(executor_.EnsureDead(folder_.path()));
  EXPECT_FALSE(Lives(bystander.pid()));
}

TEST_F(ProcessExecutorTest, AProcessOfAnotherBootIsGoneAndOneOfAnotherMachineUnknown) {
  const Bystander bystander;
  const ProcessIdentity real = *IdentityOf(bystander.pid());
  ProcessIdentity forged = real;
  forged.boot = "another";
  ASSERT_TRUE(WriteIdentity(folder_.path(), forged));
  EXPECT_TRUE(executor_.EnsureDead(folder_.path()));
  forged = real;
  forged.host = "elsewhere.example";
  ASSERT_TRUE(WriteIdentity(folder_.path(), forged));
  Status status = executor_.EnsureDead(folder_.path());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_NE(status.error().message.find("elsewhere.example"), std::string::npos);
  forged = real;
  forged.pid_namespace = "pid:[1]";
  ASSERT_TRUE(WriteIdentity(folder_.path(), forged));
  status = executor_.EnsureDead(folder_.path());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUnknownOutcome);
  EXPECT_TRUE(Lives(bystander.pid()));
}

TEST_F(ProcessExecutorTest, ADamagedIdentityIsNotTakenForNone) {
  for (const char* content : {"", "latecomer attempt 1\npid 1\n", "latecomer attempt 1\npid x\nstart 1\n",
                              "latecomer attempt 1\npid 0\nstart 1\nboot a\nnamespace b\nhost c\n",
                              "latecomer attempt 1\npid 1\nstart 1\nboot a\nnamespace b\nhost c\n"}) {
    WriteAll(folder_ / "process", content);
    const Status status = executor_.EnsureDead(folder_.path());
    ASSERT_FALSE(status) << content;
    EXPECT_EQ(status.error().kind, ErrorKind::kDamaged);
  }
}

}  // namespace
}  // namespace latecomer::executor
