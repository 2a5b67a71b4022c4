#include "ledger/postgres_errors.h"

#include <algorithm>

#include "base/text.h"

namespace latecomer::ledger {
namespace {

std::string_view Field(const PGresult* result, int field) {
  const char* text = result == nullptr ? nullptr : PQresultErrorField(result, field);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// What libpq says in several lines, in one.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const std::string_view part : Split(text, '\n')) {
    const std::string_view trimmed = Trim(part);
    if (!trimmed.empty()) line.append(line.empty() ? "" : "; ").append(trimmed);
  }
  return Printable(line);
}

// No message of libpq has a password in it; should one of a later version, it is taken out.
std::string WithoutPassword(std::string text, const PostgresAddress& address) {
  for (const auto& [keyword, value] : address.parameters) {
    if ((keyword != "password" && keyword != "sslpassword") || value.empty()) continue;
    for (std::size_t at = text.find(value); at != std::string::npos; at = text.find(value, at))
      text.replace(at, value.size(), "…");
  }
  return text;
}

bool IsServerGone(std::string_view code) {
  return code.starts_with("08") || code == "57P01" || code == "57P02" || code == "57P03" || code == "57P05" ||
         code == "25P03";
}

ErrorKind KindOfCode(std::string_view code) {
  if (code == "55P03" || code == "57014") return ErrorKind::kConflict;
  if (code.starts_with("53") || code.starts_with("58")) return ErrorKind::kIo;
  if (code == "42501" || code == "25006") return ErrorKind::kPermission;
  if (code.starts_with("XX")) return ErrorKind::kDamaged;
  return ErrorKind::kUnexpected;
}

std::string HintOfCode(std::string_view code, const PostgresAddress& address) {
  if (code == "55P03") return "`SELECT * FROM pg_locks WHERE locktype = 'advisory'` shows which session holds it";
  if (code == "57014") return "the database is overloaded, or a statement was cancelled; try again";
  if (code == "42501")
    return "give this user the right to use, and the first time to create, the schema " + address.schema;
  if (code == "25006") return "this server only reads (a standby?); name the one that writes";
  if (code == "53100") return "free space on the database's disk; nothing was changed";
  if (code.starts_with("XX")) return "the database's log says more; put back a copy that pg_dump made";
  return "";
}

}  // namespace

PostgresFailure FailureOf(const PGconn* connection, const PGresult* result, const PostgresAddress& address) {
  const std::string_view code = Field(result, PG_DIAG_SQLSTATE);
  if (PQstatus(connection) == CONNECTION_BAD || IsServerGone(code)) {
    return {Error(ErrorKind::kIo, "the connection to the ledger's database is lost")
                .In(address.shown)
                .Hint("is the server up? What was under way is done again once it is"),
            Remedy::kReconnect};
  }
  const bool again = code == "40001" || code == "40P01";
  std::string message = "the ledger's database says: " + OneLine(Field(result, PG_DIAG_MESSAGE_PRIMARY));
  if (code.empty()) message = "the ledger's database gave no answer";
  if (code == "55P03") message = "another process holds the ledger for too long";
  const ErrorKind kind = again ? ErrorKind::kConflict : KindOfCode(code);
  return {Error(kind, WithoutPassword(std::move(message), address)).In(address.shown).Hint(HintOfCode(code, address)),
          again ? Remedy::kRunAgain : Remedy::kNone};
}

// libpq gives no code here, only the server's words.
ConnectFailure ConnectFailureOf(const PGconn* connection, const PostgresAddress& address) {
  const std::string said = connection == nullptr ? "" : OneLine(PQerrorMessage(connection));
  const auto has = [&](std::string_view words) { return said.find(words) != std::string::npos; };
  const auto fail = [&](ErrorKind kind, const std::string& what, const std::string& hint) {
    return Error(kind, WithoutPassword(what + ": " + said, address)).In(address.shown).Hint(hint);
  };
  if (connection != nullptr && PQconnectionNeedsPassword(connection) != 0) {
    return {fail(ErrorKind::kPermission, "the ledger's database wants a password",
                 "put it into PGPASSWORD or ~/.pgpass (mode 0600), or into LATECOMER_LEDGER")};
  }
  if (has("password authentication failed") || has("no pg_hba.conf entry") || has("is not permitted to log in") ||
      (has("role \"") && has("does not exist")) || has("authentication failed") ||
      has("permission denied for database")) {
    return {fail(ErrorKind::kPermission, "the ledger's database refuses this user",
                 "check user and password, and the server's pg_hba.conf")};
  }
  if (has("database \"") && has("does not exist")) {
    return {fail(ErrorKind::kNotFound, "the server has no such database",
                 "`createdb` makes it; the tables come by themselves")};
  }
  if (has("too many") || has("remaining connection slots")) {
    return {fail(ErrorKind::kIo, "the ledger's database takes no more connections",
                 "raise max_connections, or start fewer schedulers"),
            true};
  }
  return {fail(ErrorKind::kIo, "the ledger's database can't be reached", "is the server up, and is the address right?"),
          !has("could not translate host name") && !has("SSL") && !has("certificate")};
}

}  // namespace latecomer::ledger
