#include "ledger/postgres_address.h"

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "ledger/postgres_libpq.h"

namespace latecomer::ledger {
namespace {

// Where the address says nothing else: a server that is gone is noticed within about half a minute.
constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"connect_timeout", "10"},        {"keepalives", "1"},       {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},     {"keepalives_count", "3"}, {"tcp_user_timeout", "30000"},
    {"application_name", "latecomer"}};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

Error NoAddress(const std::string& why) {
  return Error(ErrorKind::kInvalidArgument, "the ledger's PostgreSQL address can't be understood: " + why)
      .Hint("postgresql://USER@HOST:PORT/DATABASE; a special character in a part is written %XX");
}

bool IsSchemaName(std::string_view name) {
  constexpr std::size_t kLongest = 63;
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz_";
  return !name.empty() && name.size() <= kLongest && kFirst.find(name.front()) != std::string_view::npos &&
         std::ranges::all_of(
             name, [&](char c) { return kFirst.find(c) != std::string_view::npos || (c >= '0' && c <= '9'); }) &&
         !name.starts_with("pg_");
}

bool IsKeyword(const std::string& key) {
  const Options known(PQconndefaults());
  for (const PQconninfoOption* option = known.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (key == option->keyword) return true;
  }
  return key == "ssl" || known == nullptr;  // an alias; without a list libpq decides
}

// Takes `schema` out of the options behind '?', which libpq doesn't know.
Status TakeSchema(std::string& url, std::string& schema) {
  // As libpq reads it, a password may hold a question mark.
  const std::size_t authority = url.find("://") + 3;
  const std::size_t credentials = url.find_first_of("@/", authority);
  const bool named = credentials != std::string::npos && url[credentials] == '@';
  const std::size_t question = url.find('?', named ? credentials : authority);
  if (question == std::string::npos) return {};
  std::string rest;
  for (const std::string_view option : Split(std::string_view(url).substr(question + 1), '&')) {
    const std::string key(option.substr(0, option.find('=')));
    if (key == "schema") {
      schema = option.find('=') == std::string_view::npos ? "" : std::string(option.substr(key.size() + 1));
      if (IsSchemaName(schema)) continue;
      return Fail(NoAddress("`schema` is a name of small letters, digits and _, of at most 63"));
    }
    if (!IsKeyword(key)) return Fail(NoAddress(IsSchemaName(key) ? "there is no option `" + key + "`" : "an option"));
    rest.append(rest.empty() ? "?" : "&").append(option);
  }
  url = url.substr(0, question) + rest;
  return {};
}

std::string ValueOf(const PostgresAddress& address, std::string_view key) {
  for (const auto& [keyword, value] : address.parameters) {
    if (keyword == key) return value;
  }
  return "";
}

std::string Shown(const PostgresAddress& address) {
  std::string shown = "postgresql://";
  if (const std::string user = ValueOf(address, "user"); !user.empty()) shown += PercentEncode(user) + "@";
  std::string host = ValueOf(address, "host");
  if (host.empty()) host = ValueOf(address, "hostaddr");
  shown += PercentEncode(host, ",:[]");
  if (const std::string port = ValueOf(address, "port"); !port.empty()) shown += ":" + PercentEncode(port, ",");
  shown += "/" + PercentEncode(ValueOf(address, "dbname"));
  if (address.schema != kDefaultPostgresSchema) shown += "?schema=" + address.schema;
  return shown;
}

}  // namespace

bool IsPostgresUrl(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

Result<PostgresAddress> ParsePostgresUrl(const std::string& url) {
  if (!IsPostgresUrl(url)) return Fail(NoAddress("it doesn't begin with postgresql://"));
  if (url.find('\0') != std::string::npos) return Fail(NoAddress("it has a zero byte"));
  PostgresAddress address;
  address.schema = kDefaultPostgresSchema;
  std::string plain = url;
  LATECOMER_RETURN_IF_ERROR(TakeSchema(plain, address.schema));
  char* message = nullptr;
  const Options options(PQconninfoParse(plain.c_str(), &message));
  PQfreemem(message);  // it may quote the password
  if (options == nullptr) return Fail(NoAddress("libpq doesn't take it"));
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) address.parameters.emplace_back(option->keyword, option->val);
  }
  address.shown = Shown(address);
  for (const auto& [keyword, value] : kDefaults) {
    if (ValueOf(address, keyword).empty()) address.parameters.emplace_back(keyword, value);
  }
  std::erase_if(address.parameters, [](const auto& parameter) { return parameter.first == "client_encoding"; });
  address.parameters.emplace_back("client_encoding", "UTF8");
  return address;
}

}  // namespace latecomer::ledger
