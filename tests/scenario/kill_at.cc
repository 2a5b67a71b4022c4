// Preloaded into `latecomer`: ends it by SIGKILL at its KILL_AT-th call that makes something durable or visible to
// others, before the call or after it (KILL_AFTER=1). So a kill strikes inside a ledger transaction or an output
// commit as often as between them. KILL_COUNT=FILE writes how many such calls a whole run makes.
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<long> calls{0};
// A process that it is about to start runs in its memory until it runs its own program; its calls count as made by
// `latecomer`, which is who is killed.
pid_t self = 0;
long kill_at = 0;
bool kill_after = false;
const char* count_file = nullptr;

__attribute__((constructor)) void Begin() {
  // Programs that this one starts are not to be killed.
  unsetenv("LD_PRELOAD");
  if (strcmp(program_invocation_short_name, "latecomer") != 0) return;
  self = getpid();
  if (const char* at = getenv("KILL_AT")) kill_at = atol(at);
  kill_after = getenv("KILL_AFTER") != nullptr;
  count_file = getenv("KILL_COUNT");
}

__attribute__((destructor)) void End() {
  if (count_file == nullptr) return;
  if (FILE* file = fopen(count_file, "w")) {
    fprintf(file, "%ld", calls.load());
    fclose(file);
  }
}

template <typename Function>
Function Real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

template <typename Call>
auto Strike(const Call& call) {
  const bool now = ++calls == kill_at;
  if (now && !kill_after) kill(self, SIGKILL);
  const auto result = call();
  if (now) kill(self, SIGKILL);
  return result;
}

}  // namespace

extern "C" {

int fsync(int fd) {
  static const auto real = Real<int (*)(int)>("fsync");
  return Strike([&] { return real(fd); });
}
int fdatasync(int fd) {
  static const auto real = Real<int (*)(int)>("fdatasync");
  return Strike([&] { return real(fd); });
}
int link(const char* from, const char* to) noexcept {
  static const auto real = Real<int (*)(const char*, const char*)>("link");
  return Strike([&] { return real(from, to); });
}
int unlink(const char* path) noexcept {
  static const auto real = Real<int (*)(const char*)>("unlink");
  return Strike([&] { return real(path); });
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return Strike([&] { return real(fd, bytes, size, at); });
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return Strike([&] { return real(fd, bytes, size, at); });
}
ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = Real<ssize_t (*)(int, const void*, size_t)>("write");
  return Strike([&] { return real(fd, bytes, size); });
}

}  // extern "C"
