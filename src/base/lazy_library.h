// Shared libraries that few commands use, loaded when something of them is called: a program that names them is held up
// by them, and by all that they need in turn, at each start.
//
//   LazyLibrary libz("libz.so.1");
//   LATECOMER_LAZY_FUNCTION(libz, zlibVersion);
//
// In its namespace the object stands before the library's function of that name, so callers are written as ever.
#pragma once

#include <atomic>

namespace latecomer {

// One for the whole program, never destroyed. All calls may be made from several threads.
class LazyLibrary {
 public:
  // As a program would name it that is linked against it.
  constexpr explicit LazyLibrary(const char* name) : name_(name) {}
  LazyLibrary(const LazyLibrary&) = delete;
  LazyLibrary& operator=(const LazyLibrary&) = delete;

  // The address of a function. A library that isn't there, or not the one the program was built with, ends the program
  // with the loader's message and its exit code, 127, as it would have at the start.
  void* Find(const char* function);

 private:
  const char* name_;
  std::atomic<void*> handle_{nullptr};
};

// A function of such a library. `Function` is a pointer to it, which may take a variable number of arguments.
template <typename Function>
class LazyFunction {
 public:
  constexpr LazyFunction(LazyLibrary& library, const char* name) : library_(library), name_(name) {}
  LazyFunction(const LazyFunction&) = delete;
  LazyFunction& operator=(const LazyFunction&) = delete;

  template <typename... Arguments>
  auto operator()(Arguments... arguments) {
    Function function = function_.load(std::memory_order_acquire);
    if (function == nullptr) {
      function = reinterpret_cast<Function>(library_.Find(name_));
      function_.store(function, std::memory_order_release);
    }
    return function(arguments...);
  }

 private:
  LazyLibrary& library_;
  const char* name_;
  std::atomic<Function> function_{nullptr};
};

}  // namespace latecomer

// The function `name` of `library`, in the namespace at hand, and as the library's own header has it.
#define LATECOMER_LAZY_FUNCTION(library, name)                         \
  inline constinit ::latecomer::LazyFunction<decltype(&::name)> name { \
    library, #name                                                     \
  }
