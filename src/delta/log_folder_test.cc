#include "delta/log_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace latecomer::delta {
namespace {

int OpenAny() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool IsOpen(int file) {
  return fcntl(file, F_GETFD) >= 0;
}

// Every number that is given is one of a file that was opened, so those that are open at the end can be counted.
TEST(FilesToClose, ClosesWhatItWasGivenAndNothingElse) {
  constexpr int kMany = 200;  // more than are closed at once
  std::vector<int> others;
  {
    FilesToClose files;
    for (int i = 0; i < kMany; ++i) {
      const int file = OpenAny();
      ASSERT_GE(file, 0);
      if (i % 7 == 3) {  // in the middle of a run
        others.push_back(file);
      } else {
        files.Add(file);
      }
    }
  }
  int open_now = 0;
  for (int file = *std::min_element(others.begin(), others.end()); file < others.front() + kMany; ++file) {
    open_now += IsOpen(file) ? 1 : 0;
  }
  EXPECT_EQ(open_now, static_cast<int>(others.size()));
  for (const int file : others) {
    EXPECT_TRUE(IsOpen(file)) << file;
    close(file);
  }
}

TEST(FilesToClose, ClosesTheRestAtItsEnd) {
  int file = -1;
  {
    FilesToClose files;
    file = OpenAny();
    files.Add(file);
    EXPECT_TRUE(IsOpen(file)) << "it waits for others";
  }
  EXPECT_FALSE(IsOpen(file));
}

}  // namespace
}  // namespace latecomer::delta
