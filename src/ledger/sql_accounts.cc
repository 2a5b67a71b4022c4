// Accounts as SQL on a Database.
#include <initializer_list>
#include <span>
#include <utility>

#include "ledger/accounts.h"
#include "ledger/record_text.h"
#include "ledger/transaction.h"

namespace latecomer::ledger {
namespace {

#define LATECOMER_USER_COLUMNS "name, role, password_hash, created, last_sign_in"
#define LATECOMER_TOKEN_COLUMNS "id, user_name, name, scope, hash, created, expires, last_used"
#define LATECOMER_AUDIT_COLUMNS \
  "id, at, user_name, role, via, action, pipeline, run_id, partition_key, outcome, detail, undo, undone_by"

Result<UserRecord> ReadUser(const Row& row) {
  UserRecord user;
  user.name = Owned(row, 0);
  LATECOMER_ASSIGN_OR_RETURN(user.role, ParseRole(row.Text(1)));
  user.password_hash = Owned(row, 2);
  user.created = Time(row, 3);
  user.last_sign_in = OptionalTime(row, 4);
  return user;
}

Result<SessionRecord> ReadSession(const Row& row) {
  return SessionRecord{.hash = Owned(row, 0), .user = Owned(row, 1), .created = Time(row, 2), .expires = Time(row, 3)};
}

Result<TokenRecord> ReadToken(const Row& row) {
  TokenRecord token;
  token.id = row.Integer(0);
  token.user = Owned(row, 1);
  token.name = Owned(row, 2);
  LATECOMER_ASSIGN_OR_RETURN(token.scope, ParseRole(row.Text(3)));
  token.hash = Owned(row, 4);
  token.created = Time(row, 5);
  token.expires = Time(row, 6);
  token.last_used = OptionalTime(row, 7);
  return token;
}

Result<AuditRecord> ReadAudit(const Row& row) {
  AuditRecord record;
  record.id = row.Integer(0);
  record.at = Time(row, 1);
  record.user = Owned(row, 2);
  record.role = Owned(row, 3);
  record.via = Owned(row, 4);
  record.action = Owned(row, 5);
  record.pipeline = Owned(row, 6);
  record.run_id = Owned(row, 7);
  record.partition = Owned(row, 8);
  record.outcome = Owned(row, 9);
  record.detail = Owned(row, 10);
  record.undo = Owned(row, 11);
  record.undone_by = OptionalInteger(row, 12);
  return record;
}

Result<ReplyRecord> ReadReply(const Row& row) {
  return ReplyRecord{.user = Owned(row, 0),
                     .key = Owned(row, 1),
                     .request_hash = Owned(row, 2),
                     .status = Small(row, 3),
                     .body = Owned(row, 4),
                     .at = Time(row, 5)};
}

Error NoUser(const std::string& name) {
  return {ErrorKind::kNotFound, "there is no user `" + name + "`"};
}

class SqlAccounts final : public Accounts {
 public:
  explicit SqlAccounts(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::vector<UserRecord>> Users() override {
    return Select<UserRecord>("SELECT " LATECOMER_USER_COLUMNS " FROM users ORDER BY name", {}, ReadUser);
  }
  Result<std::optional<UserRecord>> FindUser(const std::string& name) override {
    return SelectOne<UserRecord>("SELECT " LATECOMER_USER_COLUMNS " FROM users WHERE name = $1",
                                 {std::string_view(name)}, ReadUser);
  }
  Status InsertUser(const UserRecord& user) override;
  Status UpdateUser(const UserRecord& user) override;
  Status RemoveUser(const std::string& name) override;
  Status NoteSignIn(const std::string& name, Instant at) override {
    return Change("UPDATE users SET last_sign_in = $1 WHERE name = $2", {Millis(at), std::string_view(name)});
  }

  Status InsertSession(const SessionRecord& session) override {
    return Change("INSERT INTO sessions (hash, user_name, created, expires) VALUES ($1, $2, $3, $4)",
                  {std::string_view(session.hash), std::string_view(session.user), Millis(session.created),
                   Millis(session.expires)});
  }
  Result<std::optional<SessionRecord>> FindSession(const std::string& hash) override {
    return SelectOne<SessionRecord>("SELECT hash, user_name, created, expires FROM sessions WHERE hash = $1",
                                    {std::string_view(hash)}, ReadSession);
  }
  Status RemoveSession(const std::string& hash) override {
    return Change("DELETE FROM sessions WHERE hash = $1", {std::string_view(hash)});
  }
  Status RemoveSessionsOf(const std::string& user, const std::string& except_hash) override {
    return Change("DELETE FROM sessions WHERE user_name = $1 AND hash <> $2",
                  {std::string_view(user), std::string_view(except_hash)});
  }

  Result<std::int64_t> InsertToken(const TokenRecord& token) override;
  Result<std::optional<TokenRecord>> FindToken(const std::string& hash) override {
    return SelectOne<TokenRecord>("SELECT " LATECOMER_TOKEN_COLUMNS " FROM tokens WHERE hash = $1",
                                  {std::string_view(hash)}, ReadToken);
  }
  Result<std::vector<TokenRecord>> Tokens(const std::string& user) override {
    return Select<TokenRecord>("SELECT " LATECOMER_TOKEN_COLUMNS " FROM tokens WHERE user_name = $1 ORDER BY id",
                               {std::string_view(user)}, ReadToken);
  }
  Result<bool> RemoveToken(const std::string& user, std::int64_t id) override {
    return Changed("DELETE FROM tokens WHERE user_name = $1 AND id = $2 RETURNING id", {std::string_view(user), id});
  }
  Status NoteTokenUse(std::int64_t id, Instant at) override {
    return Change("UPDATE tokens SET last_used = $1 WHERE id = $2", {Millis(at), id});
  }

  Result<std::int64_t> AppendAudit(const AuditRecord& record) override;
  Result<std::vector<AuditRecord>> Audit(const AuditFilter& filter) override;
  Result<std::optional<AuditRecord>> FindAudit(std::int64_t id) override {
    return SelectOne<AuditRecord>("SELECT " LATECOMER_AUDIT_COLUMNS " FROM audit WHERE id = $1", {id}, ReadAudit);
  }
  Result<bool> MarkUndone(std::int64_t id, std::int64_t by) override {
    return Changed("UPDATE audit SET undone_by = $1 WHERE id = $2 AND undone_by IS NULL RETURNING id", {by, id});
  }

  Result<std::optional<ReplyRecord>> FindReply(const std::string& user, const std::string& key) override {
    return SelectOne<ReplyRecord>(
        "SELECT user_name, request_key, request_hash, status, body, at FROM replies"
        " WHERE user_name = $1 AND request_key = $2",
        {std::string_view(user), std::string_view(key)}, ReadReply);
  }
  Status PutReply(const ReplyRecord& reply) override {
    return Change(
        "INSERT INTO replies (user_name, request_key, request_hash, status, body, at) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (user_name, request_key) DO NOTHING",
        {std::string_view(reply.user), std::string_view(reply.key), std::string_view(reply.request_hash),
         std::int64_t{reply.status}, std::string_view(reply.body), Millis(reply.at)});
  }
  Status Prune(Instant now, Instant replies_before) override {
    return InTransaction(Intent::kWrite, [&]() -> Status {
      LATECOMER_RETURN_IF_ERROR(Run("DELETE FROM sessions WHERE expires <= $1", {Millis(now)}));
      LATECOMER_RETURN_IF_ERROR(Run("DELETE FROM tokens WHERE expires <= $1", {Millis(now)}));
      return Run("DELETE FROM replies WHERE at < $1", {Millis(replies_before)});
    });
  }

 private:
  using Parameters = std::initializer_list<Parameter>;

  template <typename Body>
  Status InTransaction(Intent intent, const Body& body) {
    return RunTransaction(*database_, intent, body);
  }
  Status Run(std::string_view sql, std::span<const Parameter> parameters, const RowSink& sink) {
    return database_->Execute(sql, parameters, sink);
  }
  Status Run(std::string_view sql, Parameters parameters) {
    return Run(sql, std::span(parameters.begin(), parameters.size()), [](const Row&) { return Status(); });
  }
  Status Change(std::string_view sql, Parameters parameters) {
    return InTransaction(Intent::kWrite, [&] { return Run(sql, parameters); });
  }
  // Whether the statement, which returns the rows it changed, changed any.
  Result<bool> Changed(std::string_view sql, Parameters parameters) {
    bool any = false;
    LATECOMER_RETURN_IF_ERROR(InTransaction(Intent::kWrite, [&] {
      any = false;
      return Run(sql, std::span(parameters.begin(), parameters.size()), [&](const Row&) -> Status {
        any = true;
        return {};
      });
    }));
    return any;
  }

  template <typename T>
  Result<std::vector<T>> Rows(std::string_view sql, std::span<const Parameter> parameters,
                              Result<T> (*read)(const Row&)) {
    std::vector<T> records;
    LATECOMER_RETURN_IF_ERROR(Run(sql, parameters, [&](const Row& row) -> Status {
      LATECOMER_ASSIGN_OR_RETURN(T record, read(row));
      records.push_back(std::move(record));
      return {};
    }));
    return records;
  }
  template <typename T>
  Result<std::vector<T>> Select(std::string_view sql, std::span<const Parameter> parameters,
                                Result<T> (*read)(const Row&)) {
    std::vector<T> records;
    LATECOMER_RETURN_IF_ERROR(InTransaction(Intent::kRead, [&]() -> Status {
      LATECOMER_ASSIGN_OR_RETURN(records, Rows(sql, parameters, read));
      return {};
    }));
    return records;
  }
  template <typename T>
  Result<std::vector<T>> Select(std::string_view sql, Parameters parameters, Result<T> (*read)(const Row&)) {
    return Select(sql, std::span(parameters.begin(), parameters.size()), read);
  }
  template <typename T>
  Result<std::optional<T>> SelectOne(std::string_view sql, Parameters parameters, Result<T> (*read)(const Row&)) {
    LATECOMER_ASSIGN_OR_RETURN(std::vector<T> records, Select(sql, parameters, read));
    if (records.empty()) return std::optional<T>();
    return std::optional<T>(std::move(records.front()));
  }

  // Inside a transaction.
  Result<std::optional<UserRecord>> UserInTransaction(const std::string& name) {
    const Parameter parameters[] = {std::string_view(name)};
    LATECOMER_ASSIGN_OR_RETURN(
        std::vector<UserRecord> users,
        Rows<UserRecord>("SELECT " LATECOMER_USER_COLUMNS " FROM users WHERE name = $1", parameters, ReadUser));
    if (users.empty()) return std::optional<UserRecord>();
    return std::optional<UserRecord>(std::move(users.front()));
  }
  Status CheckAnAdminIsLeft() {
    bool any = false;
    LATECOMER_RETURN_IF_ERROR(Run("SELECT 1 FROM users WHERE role = 'admin' LIMIT 1", {}, [&](const Row&) -> Status {
      any = true;
      return {};
    }));
    if (any) return {};
    return Fail(Error(ErrorKind::kConflict, "this is the last admin").Hint("make another user admin first"));
  }

  std::unique_ptr<Database> database_;
};

Status SqlAccounts::InsertUser(const UserRecord& user) {
  return InTransaction(Intent::kWrite, [&]() -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto there, UserInTransaction(user.name));
    if (there) return Fail(Error(ErrorKind::kConflict, "there is a user `" + user.name + "` already"));
    return Run("INSERT INTO users (" LATECOMER_USER_COLUMNS ") VALUES ($1, $2, $3, $4, $5)",
               {std::string_view(user.name), Name(user.role), std::string_view(user.password_hash),
                Millis(user.created), Optional(user.last_sign_in)});
  });
}

Status SqlAccounts::UpdateUser(const UserRecord& user) {
  return InTransaction(Intent::kWrite, [&]() -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto there, UserInTransaction(user.name));
    if (!there) return Fail(NoUser(user.name));
    LATECOMER_RETURN_IF_ERROR(
        Run("UPDATE users SET role = $1, password_hash = $2 WHERE name = $3",
            {Name(user.role), std::string_view(user.password_hash), std::string_view(user.name)}));
    return there->role == Role::kAdmin ? CheckAnAdminIsLeft() : Status();
  });
}

Status SqlAccounts::RemoveUser(const std::string& name) {
  return InTransaction(Intent::kWrite, [&]() -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto there, UserInTransaction(name));
    if (!there) return Fail(NoUser(name));
    for (const char* sql : {"DELETE FROM sessions WHERE user_name = $1", "DELETE FROM tokens WHERE user_name = $1",
                            "DELETE FROM users WHERE name = $1"}) {
      LATECOMER_RETURN_IF_ERROR(Run(sql, {std::string_view(name)}));
    }
    return there->role == Role::kAdmin ? CheckAnAdminIsLeft() : Status();
  });
}

Result<std::int64_t> SqlAccounts::InsertToken(const TokenRecord& token) {
  std::int64_t id = 0;
  const Parameter values[] = {std::string_view(token.user), std::string_view(token.name), Name(token.scope),
                              std::string_view(token.hash), Millis(token.created),        Millis(token.expires)};
  LATECOMER_RETURN_IF_ERROR(InTransaction(Intent::kWrite, [&] {
    return Run(
        "INSERT INTO tokens (user_name, name, scope, hash, created, expires) VALUES ($1, $2, $3, $4, $5, $6)"
        " RETURNING id",
        values, [&](const Row& row) -> Status {
          id = row.Integer(0);
          return {};
        });
  }));
  return id;
}

Result<std::int64_t> SqlAccounts::AppendAudit(const AuditRecord& record) {
  std::int64_t id = 0;
  const Parameter values[] = {
      Millis(record.at),
      std::string_view(record.user),
      std::string_view(record.role),
      std::string_view(record.via),
      std::string_view(record.action),
      std::string_view(record.pipeline),
      std::string_view(record.run_id),
      std::string_view(record.partition),
      std::string_view(record.outcome),
      std::string_view(record.detail),
      std::string_view(record.undo),
  };
  LATECOMER_RETURN_IF_ERROR(InTransaction(Intent::kWrite, [&] {
    return Run(
        "INSERT INTO audit (at, user_name, role, via, action, pipeline, run_id, partition_key, outcome, detail, undo)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        values, [&](const Row& row) -> Status {
          id = row.Integer(0);
          return {};
        });
  }));
  return id;
}

Result<std::vector<AuditRecord>> SqlAccounts::Audit(const AuditFilter& filter) {
  std::string sql = "SELECT " LATECOMER_AUDIT_COLUMNS " FROM audit WHERE 1 = 1";
  std::vector<Parameter> parameters;
  const auto require = [&](std::string_view condition, Parameter value) {
    parameters.push_back(value);
    sql += " AND " + std::string(condition) + " $" + std::to_string(parameters.size());
  };
  const std::pair<std::string_view, const std::string*> texts[] = {{"user_name =", &filter.user},
                                                                   {"action =", &filter.action},
                                                                   {"pipeline =", &filter.pipeline},
                                                                   {"run_id =", &filter.run_id}};
  for (const auto& [condition, value] : texts) {
    if (!value->empty()) require(condition, std::string_view(*value));
  }
  if (filter.from) require("at >=", Millis(*filter.from));
  if (filter.before_time) require("at <", Millis(*filter.before_time));
  if (filter.before) require("id <", *filter.before);
  parameters.emplace_back(std::int64_t{filter.limit});
  sql += " ORDER BY id DESC LIMIT $" + std::to_string(parameters.size());
  return Select<AuditRecord>(sql, std::span<const Parameter>(parameters), ReadAudit);
}

}  // namespace

std::string_view Name(Role role) {
  switch (role) {
    case Role::kViewer: return "viewer";
    case Role::kOperator: return "operator";
    case Role::kAdmin: return "admin";
  }
  return "viewer";
}

Result<Role> ParseRole(std::string_view name) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin}) {
    if (Name(role) == name) return role;
  }
  return Fail(Error(ErrorKind::kInvalidArgument, "there is no role `" + std::string(name) + "`")
                  .Hint("it is viewer, operator or admin"));
}

std::unique_ptr<Accounts> MakeAccounts(std::unique_ptr<Database> database) {
  return std::make_unique<SqlAccounts>(std::move(database));
}

}  // namespace latecomer::ledger
