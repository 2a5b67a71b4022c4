// What several groups of routes show alike.
#pragma once

#include <memory>
#include <string>

#include "server/app.h"
#include "server/fields.h"
#include "server/json.h"

namespace latecomer::server {

// A table's id in the API: a hash of its location.
std::string TableId(const std::string& location);

// The rows of a pipeline's grid: what every run has, and the user's steps between.
Json StepDefinitionsJson(const pipeline::Pipeline& pipeline);

Json FileProblemJson(const FileProblem& problem);

struct Summary {
  Json json;  // PipelineSummary
  std::string health;
  std::int64_t late = 0;
  std::int64_t running = 0;
};
Result<Summary> SummaryOf(Call& call, const Loaded& loaded);

// A run by its id, or `latest`: the newest scheduled or manual one. kNotFound. In time that doesn't follow the number
// of runs, unlike the search for the nearest name that commands do.
Result<ledger::RunRecord> FindRun(ledger::Reader& reader, const std::string& pipeline, const std::string& word);

// What the planner would do if it were asked again now, waited for and held things included.
Result<std::shared_ptr<const PlanView>> PlanOf(Call& call, const pipeline::Pipeline& pipeline,
                                               Scope scope = Scope::kOpen);
// What it says of one partition, also of one that an open plan leaves out. nullopt when there is none.
Result<std::optional<lateness::PlanEntry>> EntryOf(ledger::Reader& reader, const pipeline::Pipeline& pipeline,
                                                   const PlanView& plan, const table::PartitionKey& key, Instant now);

// How late data stands, as pipelines and metrics show it.
struct Backlog {
  std::int64_t versions_behind = 0;          // data-changing commits that some partition has not been built from
  std::optional<Duration> oldest_waiting{};  // since the oldest of them that isn't held came
};
Backlog BacklogOf(const PlanView& plan, Instant now);

// The key that a request names, as the output's columns type it. kInvalidArgument; kNotFound when its tables were never
// looked at.
Result<table::PartitionKey> ParseKey(const pipeline::Pipeline& pipeline, const PlanView& plan, const std::string& text);

// "n|…": a cursor that is a number. False when it is none.
std::optional<std::int64_t> ParseCursor(QueryFields& query);

}  // namespace latecomer::server
