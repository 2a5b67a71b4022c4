// Users, sessions, tokens, the audit log and kept replies, on a ledger's database.
#include <gtest/gtest.h>

#include "ledger/accounts.h"
#include "ledger/activity.h"
#include "ledger/ledger_contract.h"

namespace latecomer::ledger {
namespace {

Instant Second(std::int64_t seconds) {
  return Instant(std::chrono::seconds(seconds));
}

TEST_P(AccountsContract, AUserIsThereOnceAndGoesWithSessionsAndTokens) {
  ASSERT_TRUE(Add("ada", Role::kAdmin));
  EXPECT_EQ(Add("ada", Role::kViewer).error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(Add("bob", Role::kOperator));
  ASSERT_TRUE(accounts_->InsertSession({.hash = "s", .user = "bob", .created = Second(1), .expires = Second(9)}));
  ASSERT_TRUE(
      accounts_->InsertToken({.user = "bob", .name = "t", .hash = "x", .created = Second(1), .expires = Second(9)}));
  ASSERT_TRUE(accounts_->RemoveUser("bob"));
  EXPECT_FALSE(*accounts_->FindSession("s"));
  EXPECT_FALSE(*accounts_->FindToken("x"));
  EXPECT_EQ(accounts_->RemoveUser("bob").error().kind, ErrorKind::kNotFound);
}

TEST_P(AccountsContract, TheLastAdminStaysAndNothingElseOfTheChangeHappens) {
  ASSERT_TRUE(Add("ada", Role::kAdmin));
  EXPECT_EQ(accounts_->RemoveUser("ada").error().kind, ErrorKind::kConflict);
  UserRecord ada = **accounts_->FindUser("ada");
  ada.role = Role::kViewer;
  ada.password_hash = "other";
  EXPECT_EQ(accounts_->UpdateUser(ada).error().kind, ErrorKind::kConflict);
  EXPECT_EQ((*accounts_->FindUser("ada"))->password_hash, "h");
  ASSERT_TRUE(Add("bob", Role::kAdmin));
  EXPECT_TRUE(accounts_->UpdateUser(ada));
}

TEST_P(AccountsContract, SessionsOfAUserEndButForOne) {
  ASSERT_TRUE(Add("ada", Role::kAdmin));
  for (const char* hash : {"a", "b", "c"}) {
    ASSERT_TRUE(accounts_->InsertSession({.hash = hash, .user = "ada", .created = Second(1), .expires = Second(5)}));
  }
  ASSERT_TRUE(accounts_->RemoveSessionsOf("ada", "b"));
  EXPECT_FALSE(*accounts_->FindSession("a"));
  EXPECT_EQ((*accounts_->FindSession("b"))->expires, Second(5));
  ASSERT_TRUE(accounts_->Prune(Second(5), Second(0)));
  EXPECT_FALSE(*accounts_->FindSession("b"));
}

TEST_P(AccountsContract, TheAuditLogIsFilteredAndUndoneOnce) {
  for (int i = 1; i <= 5; ++i) {
    AuditRecord record;
    record.at = Second(i);
    record.user = i % 2 == 0 ? "ada" : "'; DROP TABLE audit; --";
    record.action = "clear";
    record.outcome = "ok";
    EXPECT_EQ(*accounts_->AppendAudit(record), i);
  }
  EXPECT_EQ(accounts_->Audit({.user = "ada"})->size(), 2U);
  EXPECT_EQ(accounts_->Audit({.user = "'; DROP TABLE audit; --"})->size(), 3U);
  EXPECT_EQ(accounts_->Audit({.from = Second(2), .before_time = Second(4)})->size(), 2U);
  EXPECT_EQ(accounts_->Audit({.before = 3, .limit = 1})->front().id, 2);
  EXPECT_TRUE(*accounts_->MarkUndone(2, 5));
  EXPECT_FALSE(*accounts_->MarkUndone(2, 4));
  EXPECT_EQ((*accounts_->FindAudit(2))->undone_by, 5);
}

TEST_P(AccountsContract, TheFirstReplyIsKept) {
  ReplyRecord reply{.user = "ada", .key = "k", .request_hash = "r", .status = 200, .body = "one", .at = Second(1)};
  ASSERT_TRUE(accounts_->PutReply(reply));
  reply.body = "two";
  ASSERT_TRUE(accounts_->PutReply(reply));
  EXPECT_EQ((*accounts_->FindReply("ada", "k"))->body, "one");
  EXPECT_FALSE(*accounts_->FindReply("bob", "k"));
  ASSERT_TRUE(accounts_->Prune(Second(0), Second(2)));
  EXPECT_FALSE(*accounts_->FindReply("ada", "k"));
}

TEST_P(AccountsContract, EventsComeInPagesFromBothEnds) {
  ASSERT_TRUE(ledger_->Write([](Writer& writer) -> Status {
    for (int i = 1; i <= 5; ++i) {
      EventRecord event;
      event.pipeline = i % 2 == 0 ? "even" : "odd";
      event.partition = "p";
      event.run_id = "r" + std::to_string(i);
      event.what = "happened";
      event.detail = "{}";
      LATECOMER_RETURN_IF_ERROR(writer.AppendEvent(event));
    }
    return {};
  }));
  EXPECT_EQ(*activity_->NewestEvent(), 5);
  EXPECT_EQ(activity_->EventsAfter(2, 2)->back().sequence, 4);
  EXPECT_EQ(activity_->Events({.pipeline = "odd", .limit = 2})->back().sequence, 3);
  EXPECT_EQ(activity_->Events({.pipeline = "odd", .before = 3})->size(), 1U);
  EXPECT_EQ(activity_->Events({.run_id = "r4"})->size(), 1U);
  EXPECT_TRUE(activity_->Events({.pipeline = "none"})->empty());
}

}  // namespace
}  // namespace latecomer::ledger
