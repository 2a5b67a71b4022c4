// The OpenAPI file and the registered routes say the same, in both directions.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <string>

#include "lateness/plan_names.h"
#include "server/app.h"
#include "server/openapi_text.h"

namespace latecomer::server {
namespace {

const YAML::Node& File() {
  static const YAML::Node file = YAML::Load(std::string(OpenApiText()));
  return file;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// "GET /me" → the operation, with the path's own parameters.
std::map<std::string, YAML::Node> Operations() {
  std::map<std::string, YAML::Node> operations;
  for (const auto& path : File()["paths"]) {
    for (const auto& operation : path.second) {
      const std::string method = operation.first.as<std::string>();
      if (method == "parameters") continue;
      operations[Upper(method) + " " + path.first.as<std::string>()] = operation.second;
    }
  }
  return operations;
}

TEST(OpenApi, DescribesExactlyTheRegisteredRoutesWithTheirRoles) {
  std::map<std::string, std::string> described, registered;
  for (const auto& [name, operation] : Operations()) described[name] = operation["x-role"].as<std::string>("missing");
  for (const Route& route : ApiRoutes()) {
    const bool added = registered
                           .emplace(std::string(Name(route.method)) + " " + std::string(route.pattern),
                                    std::string(Name(route.access)))
                           .second;
    EXPECT_TRUE(added) << route.pattern << " is registered twice";
  }
  EXPECT_EQ(described, registered);
}

TEST(OpenApi, NamesTheRulesOfThePlanner) {
  std::vector<std::string> described;
  for (const auto& rule : File()["components"]["schemas"]["Rule"]["enum"]) described.push_back(rule.as<std::string>());
  EXPECT_EQ(described, std::vector<std::string>(std::begin(lateness::kRuleNames), std::end(lateness::kRuleNames)));
}

// Every "$ref" below the node.
void CollectReferences(const YAML::Node& node, std::set<std::string>& references) {
  if (node.IsMap()) {
    for (const auto& member : node) {
      if (member.first.as<std::string>() == "$ref") references.insert(member.second.as<std::string>());
      CollectReferences(member.second, references);
    }
  } else if (node.IsSequence()) {
    for (const auto& item : node) CollectReferences(item, references);
  }
}

TEST(OpenApi, ReferencesLeadSomewhereAndNothingIsUnused) {
  std::set<std::string> used, defined;
  CollectReferences(File(), used);
  for (const auto& group : File()["components"]) {
    const std::string name = group.first.as<std::string>();
    if (name == "securitySchemes") continue;
    for (const auto& item : group.second) defined.insert("#/components/" + name + "/" + item.first.as<std::string>());
  }
  for (const std::string& reference : used) EXPECT_TRUE(defined.contains(reference)) << reference << " is nowhere";
  for (const std::string& definition : defined) EXPECT_TRUE(used.contains(definition)) << definition << " is unused";
}

TEST(OpenApi, EachOperationHasItsPathsParametersAndAnId) {
  std::set<std::string> ids;
  for (const auto& [name, operation] : Operations()) {
    EXPECT_TRUE(ids.insert(operation["operationId"].as<std::string>("")).second) << name;
    const bool is_public = operation["x-role"].as<std::string>() == "public";
    EXPECT_EQ(static_cast<bool>(operation["security"]), is_public) << name;
    EXPECT_TRUE(operation["responses"]["default"] || operation["responses"]["200"]) << name;
  }
}

}  // namespace
}  // namespace latecomer::server
