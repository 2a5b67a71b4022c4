#include "base/lazy_library.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace latecomer {
namespace {

// Functions of glibc, which is there in any case.
constinit LazyLibrary libc("libc.so.6");
constinit LazyFunction<long (*)(long)> lazy_labs{libc, "labs"};
constinit LazyFunction<int (*)(char*, std::size_t, const char*, ...)> lazy_snprintf{libc, "snprintf"};

TEST(LazyLibrary, CallsAFunction) {
  EXPECT_EQ(lazy_labs(-3), 3);
  EXPECT_EQ(lazy_labs(4), 4) << "and again";
}

TEST(LazyLibrary, PassesAnyNumberOfArguments) {
  char text[40];
  EXPECT_EQ(lazy_snprintf(text, sizeof text, "%s %d %ld", "a", 7, 8L), 5);
  EXPECT_STREQ(text, "a 7 8");
}

TEST(LazyLibraryDeathTest, AMissingLibraryEndsTheProgramAsTheLoaderWould) {
  static constinit LazyLibrary none("libnone-of-this-name.so.1");
  static constinit LazyFunction<int (*)()> function{none, "any"};
  EXPECT_EXIT(function(), ::testing::ExitedWithCode(127), "error while loading shared libraries: libnone-of-this-name");
}

TEST(LazyLibraryDeathTest, AMissingFunctionToo) {
  static constinit LazyFunction<int (*)()> function{libc, "none_of_this_name"};
  EXPECT_EXIT(function(), ::testing::ExitedWithCode(127), "none_of_this_name");
}

}  // namespace
}  // namespace latecomer
