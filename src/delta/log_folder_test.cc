#include "delta/log_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace latecomer::delta {
namespace {

int OpenAny() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool IsOpen(int file) {
  return fcntl(file, F_GETFD) >= 0;
}

// Of the first thousand, which is far more than a test has.
int CountOpen() {
  int count = 0;
  for (int file = 0; file < 1000; ++file) count += IsOpen(file) ? 1 : 0;
  return count;
}

TEST(FilesToClose, ClosesWhatItWasGivenAndNothingElse) {
  constexpr int kMany = 200;  // more than are closed at once
  const int before = CountOpen();
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
  EXPECT_EQ(CountOpen() - before, static_cast<int>(others.size()));
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
