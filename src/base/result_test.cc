#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>

namespace latecomer {
namespace {

TEST(Error, SaysWhatAndWhere) {
  EXPECT_EQ(Error(ErrorKind::kIo, "no").ToString(), "no");
  EXPECT_EQ(Error(ErrorKind::kIo, "no").In("a/b").ToString(), "a/b: no");
  EXPECT_EQ(Error(ErrorKind::kIo, "no").In("a/b").At(3).ToString(), "a/b:3: no");
  EXPECT_EQ(Error(ErrorKind::kIo, "no").In("a/b").At(3, 7).Hint("try").ToString(), "a/b:3:7: no");
}

TEST(Error, EveryKindHasItsOwnName) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::kCancelled); ++kind) {
    names.insert(ErrorKindName(static_cast<ErrorKind>(kind)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorKind::kCancelled) + 1);
  EXPECT_EQ(ErrorKindName(ErrorKind::kHistoryGone), "history_gone");
}

TEST(SystemError, HasTheKindACallerActsOn) {
  EXPECT_EQ(SystemError(ENOENT, "open", "x").kind, ErrorKind::kNotFound);
  EXPECT_EQ(SystemError(ENOTDIR, "open", "x").kind, ErrorKind::kNotFound);
  EXPECT_EQ(SystemError(EACCES, "open", "x").kind, ErrorKind::kPermission);
  EXPECT_EQ(SystemError(EROFS, "open", "x").kind, ErrorKind::kPermission);
  EXPECT_EQ(SystemError(EEXIST, "link", "x").kind, ErrorKind::kConflict);
  EXPECT_EQ(SystemError(ENOSPC, "write", "x").kind, ErrorKind::kIo);
  EXPECT_EQ(SystemError(EIO, "read", "x").kind, ErrorKind::kIo);
  EXPECT_EQ(SystemError(ENOENT, "open", "/t/x").ToString(), "/t/x: cannot open: No such file or directory");
  for (const int value : {ENOSPC, EDQUOT, EACCES, EPERM, EROFS, EMFILE, ENFILE}) {
    EXPECT_FALSE(SystemError(value, "write", "x").hint.empty()) << value;
  }
}

Result<int> Half(int value) {
  if (value % 2 != 0) return Fail(ErrorKind::kInvalidArgument, "odd");
  return value / 2;
}

Status CheckQuarter(int value, int& quarter) {
  LATECOMER_RETURN_IF_ERROR(Half(value));
  LATECOMER_ASSIGN_OR_RETURN(const int half, Half(value));
  LATECOMER_ASSIGN_OR_RETURN(quarter, Half(half));
  return {};
}

TEST(Result, MacrosPassTheErrorOn) {
  int quarter = -1;
  EXPECT_TRUE(CheckQuarter(8, quarter));
  EXPECT_EQ(quarter, 2);
  EXPECT_EQ(CheckQuarter(6, quarter).error().message, "odd");
  EXPECT_EQ(CheckQuarter(7, quarter).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(quarter, 2);
}

TEST(Result, MacrosTakeWhatCanOnlyBeMoved) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    LATECOMER_ASSIGN_OR_RETURN(const auto value, make());
    return *value;
  };
  EXPECT_EQ(use().value(), 7);
}

}  // namespace
}  // namespace latecomer
