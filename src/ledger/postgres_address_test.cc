#include "ledger/postgres_address.h"

#include <gtest/gtest.h>

#include <map>

namespace latecomer::ledger {
namespace {

std::map<std::string, std::string> ParametersOf(const std::string& url) {
  const auto address = ParsePostgresUrl(url);
  EXPECT_TRUE(address) << address.error().ToString();
  if (!address) return {};
  return {address->parameters.begin(), address->parameters.end()};
}

TEST(PostgresAddress, NamesHostDatabaseAndUserAndShowsThemWithoutThePassword) {
  const std::string url = "postgresql://app%40corp:se%2Fcret@db.example:6543/ledgers?sslmode=require";
  auto parameters = ParametersOf(url);
  EXPECT_EQ(parameters["user"], "app@corp");
  EXPECT_EQ(parameters["password"], "se/cret");
  EXPECT_EQ(parameters["host"], "db.example");
  EXPECT_EQ(parameters["port"], "6543");
  EXPECT_EQ(parameters["dbname"], "ledgers");
  EXPECT_EQ(parameters["sslmode"], "require");
  EXPECT_EQ(parameters["client_encoding"], "UTF8");
  const auto address = ParsePostgresUrl(url);
  EXPECT_EQ(address->shown, "postgresql://app%40corp@db.example:6543/ledgers");
  EXPECT_EQ(address->schema, "latecomer");
}

TEST(PostgresAddress, ASchemaIsTakenOutAndShownWhenItIsAnother) {
  const auto address = ParsePostgresUrl("postgres://h/d?connect_timeout=3&schema=team_a&application_name=x");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->schema, "team_a");
  EXPECT_EQ(address->shown, "postgresql://h/d?schema=team_a");
  auto parameters = ParametersOf("postgres://h/d?connect_timeout=3&schema=team_a&application_name=x");
  EXPECT_EQ(parameters["connect_timeout"], "3");
  EXPECT_EQ(parameters["application_name"], "x");
  EXPECT_FALSE(parameters.contains("schema"));
}

TEST(PostgresAddress, SeveralHostsAndSocketsAreAddressesToo) {
  EXPECT_EQ(ParsePostgresUrl("postgresql://a,b:5433/d")->shown, "postgresql://a,b:,5433/d");
  auto parameters = ParametersOf("postgresql:///d?host=/var/run/postgresql");
  EXPECT_EQ(parameters["host"], "/var/run/postgresql");
}

TEST(PostgresAddress, AServerThatIsGoneIsNoticedUnlessTheAddressSaysOtherwise) {
  auto parameters = ParametersOf("postgresql://h/d?keepalives_idle=600");
  EXPECT_EQ(parameters["keepalives_idle"], "600");
  EXPECT_EQ(parameters["keepalives_interval"], "5");
  EXPECT_EQ(parameters["connect_timeout"], "10");
}

TEST(PostgresAddress, WhatIsWrongIsSaidWithoutThePassword) {
  for (const std::string url : {"postgresql://app:hunter2@[::1/d", "postgresql://app:hunter2@h:5432/d?nonsense=1",
                                "postgresql://app:hunter2@h/d?schema=Upper", "postgresql://app:hunter2@h/d?schema=pg_x",
                                "postgresql://app:hunter2@h/d?schema=", "postgresql://app:hunter2@h/%zz",
                                "postgresql://app:hunter2@h/d?x=hunter2", "mysql://app:hunter2@h/d",
                                "postgresql://app:hunter2@h/d?schema=a%22b",
                                "postgresql://app:1?hunter2@h/d?nonsense=1", "postgresql://app:1?/hunter2@h/d"}) {
    const auto address = ParsePostgresUrl(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ((address.error().ToString() + address.error().hint).find("hunter2"), std::string::npos)
        << address.error().ToString();
  }
}

}  // namespace
}  // namespace latecomer::ledger
