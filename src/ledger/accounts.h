// Who may use the server: users, their sessions and tokens; the audit log of what they did; and answers kept for
// requests that are repeated. Lies in the ledger's database, apart from what schedulers need.
//
// Secrets come in as hashes only; who can read the database can't sign in with what it holds. Each call is a
// transaction of its own. Not thread-safe: one object, one connection, one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/database.h"

namespace latecomer::ledger {

enum class Role { kViewer, kOperator, kAdmin };  // each may do what those before it may
std::string_view Name(Role role);                // "viewer", "operator", "admin"
Result<Role> ParseRole(std::string_view name);   // kInvalidArgument

struct UserRecord {
  std::string name;
  Role role = Role::kViewer;
  std::string password_hash;  // argon2id, with its salt and parameters, as libsodium writes it
  Instant created{};
  std::optional<Instant> last_sign_in;
};

struct SessionRecord {
  std::string hash;  // of the cookie's secret
  std::string user;
  Instant created{};
  Instant expires{};
};

struct TokenRecord {
  std::int64_t id = 0;  // given by InsertToken
  std::string user;
  std::string name;  // for people
  Role scope = Role::kViewer;
  std::string hash;  // of the secret
  Instant created{};
  Instant expires{};
  std::optional<Instant> last_used;
};

struct AuditRecord {
  std::int64_t id = 0;  // given by AppendAudit
  Instant at{};
  std::string user;  // as given; empty: nobody
  std::string role;
  std::string via;  // "session", "token", "cli", "none"
  std::string action;
  std::string pipeline, run_id, partition;  // what it is about; empty where it doesn't apply
  std::string outcome;                      // "ok", "refused", "failed"
  std::string detail;                       // one sentence
  std::string undo;                         // JSON of what undoes it; empty when nothing does
  std::optional<std::int64_t> undone_by;    // id of the action that undid it
};

struct AuditFilter {
  std::string user{}, action{}, pipeline{}, run_id{};  // empty: any
  std::optional<Instant> from{}, before_time{};
  std::optional<std::int64_t> before{};  // ids smaller than this
  int limit = 100;
};

// An answer that was given to a request with an Idempotency-Key.
struct ReplyRecord {
  std::string user;
  std::string key;
  std::string request_hash;
  int status = 0;
  std::string body;
  Instant at{};
};

class Accounts {
 public:
  virtual ~Accounts() = default;

  virtual Result<std::vector<UserRecord>> Users() = 0;  // by name
  virtual Result<std::optional<UserRecord>> FindUser(const std::string& name) = 0;
  virtual Status InsertUser(const UserRecord& user) = 0;  // kConflict when the name is taken
  // kNotFound; kConflict when no admin would be left.
  virtual Status UpdateUser(const UserRecord& user) = 0;
  // With their sessions and tokens. kNotFound; kConflict when no admin would be left.
  virtual Status RemoveUser(const std::string& name) = 0;
  virtual Status NoteSignIn(const std::string& name, Instant at) = 0;

  virtual Status InsertSession(const SessionRecord& session) = 0;
  virtual Result<std::optional<SessionRecord>> FindSession(const std::string& hash) = 0;
  virtual Status RemoveSession(const std::string& hash) = 0;
  virtual Status RemoveSessionsOf(const std::string& user, const std::string& except_hash) = 0;

  virtual Result<std::int64_t> InsertToken(const TokenRecord& token) = 0;
  virtual Result<std::optional<TokenRecord>> FindToken(const std::string& hash) = 0;
  virtual Result<std::vector<TokenRecord>> Tokens(const std::string& user) = 0;  // by id
  virtual Result<bool> RemoveToken(const std::string& user, std::int64_t id) = 0;
  virtual Status NoteTokenUse(std::int64_t id, Instant at) = 0;

  virtual Result<std::int64_t> AppendAudit(const AuditRecord& record) = 0;
  virtual Result<std::vector<AuditRecord>> Audit(const AuditFilter& filter) = 0;  // newest first
  virtual Result<std::optional<AuditRecord>> FindAudit(std::int64_t id) = 0;
  // False when it was undone before.
  virtual Result<bool> MarkUndone(std::int64_t id, std::int64_t by) = 0;

  virtual Result<std::optional<ReplyRecord>> FindReply(const std::string& user, const std::string& key) = 0;
  virtual Status PutReply(const ReplyRecord& reply) = 0;
  // What is out of date: sessions and tokens that expired, replies older than `replies_before`.
  virtual Status Prune(Instant now, Instant replies_before) = 0;
};

// On a connection to a ledger whose schema is up to date.
std::unique_ptr<Accounts> MakeAccounts(std::unique_ptr<Database> database);

}  // namespace latecomer::ledger
