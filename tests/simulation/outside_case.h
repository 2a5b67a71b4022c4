// Cases in which workers outside claim partitions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/outside_claims.h"
#include "engine_case.h"
#include "peoples_catalog.h"

namespace latecomer::simulation {

inline constexpr Day kFirst = kDay - 4;  // all of them are over
inline const std::string kOutside = "schedule: {workers: outside}\n";

class OutsideCase : public EngineCase {
 protected:
  // What `latecomer claim` gives; one process for each.
  engine::OutsideClaim Claim(const std::string& rest) {
    const auto claimer = Start(0, rest);
    claimer->StartAs("external:worker", std::chrono::hours(1));
    const auto found = claimer->Claim({.limit = 1});
    EXPECT_TRUE(found) << found.error().ToString();
    EXPECT_EQ(found->claims.size(), 1U);
    return found->claims.empty() ? engine::OutsideClaim{} : found->claims.front();
  }

  // The worker writes its output: `rows` under the claim's token.
  void Write(const engine::OutsideClaim& claim, std::vector<std::int64_t> rows) {
    TokenWrite write{.app_id = "latecomer/case/" + table::HivePath(claim.key) + "/build",
                     .token = claim.attempt.token,
                     .ledger_id = ledger_.now()->id(),
                     .run_id = claim.run.run_id,
                     .try_number = claim.attempt.number,
                     .vector = {}};
    for (const auto& [source, version] : claim.attempt.vector) write.vector[source] = version.value;
    SimCommit commit{.at_ms = time_.true_ms, .operation = "WRITE", .actions = {}, .write = write};
    const Slot slot = SlotOf(claim.key);
    if (const auto live = output_.Newest().find(slot); live != output_.Newest().end()) {
      for (const FilePtr& file : live->second) commit.actions.push_back({file, false, true});
    }
    const SimFile file{.id = ++files_, .slot = slot, .padded = false, .rows = std::move(rows)};
    commit.actions.push_back({std::make_shared<SimFile>(file), true, true});
    output_.Commit(std::move(commit));
  }

  Result<engine::Reported> Done(const std::string& rest, const engine::OutsideClaim& claim) {
    const auto process = Start(0, rest);
    return engine::RecordOutside(*ledger_.now(), catalog_, process->engine().pipeline(),
                                 {claim.run.run_id, claim.attempt.token}, clock_.Now());
  }

  void WriteAndSayDone(const std::string& rest, const engine::OutsideClaim& claim) {
    Write(claim, {++files_});
    const auto done = Done(rest, claim);
    ASSERT_TRUE(done) << done.error().ToString();
  }

  PeoplesCatalog catalog_{[this](const std::string& location) { return &Table(location); }};
};

}  // namespace latecomer::simulation
