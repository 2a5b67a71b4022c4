// Where a ledger lies in PostgreSQL: postgresql://USER@HOST:PORT/DATABASE?schema=NAME, in libpq's form for the rest.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace latecomer::ledger {

inline constexpr std::string_view kDefaultPostgresSchema = "latecomer";

struct PostgresAddress {
  // libpq's keywords and values, what the address names and what this program adds. May hold a password: never shown.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string schema;
  std::string shown;  // for people: without password and options
};

bool IsPostgresUrl(std::string_view url);

// kInvalidArgument when it can't be understood; the message holds nothing that could be a password.
Result<PostgresAddress> ParsePostgresUrl(const std::string& url);

}  // namespace latecomer::ledger
