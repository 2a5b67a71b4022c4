#include "base/lazy_library.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace latecomer {
namespace {

[[noreturn]] void EndLikeLoader() {
  constexpr int kLoaderFailed = 127;
  const char* problem = dlerror();
  std::fprintf(stderr, "latecomer: error while loading shared libraries: %s\n", problem == nullptr ? "?" : problem);
  std::_Exit(kLoaderFailed);
}

}  // namespace

void* LazyLibrary::Find(const char* function) {
  void* handle = handle_.load(std::memory_order_acquire);
  if (handle == nullptr) {
    handle = dlopen(name_, RTLD_NOW | RTLD_LOCAL);  // the same one for each thread that comes here
    if (handle == nullptr) EndLikeLoader();
    handle_.store(handle, std::memory_order_release);
  }
  void* const found = dlsym(handle, function);
  if (found == nullptr) EndLikeLoader();
  return found;
}

}  // namespace latecomer
