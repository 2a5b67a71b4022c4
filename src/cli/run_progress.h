// What `latecomer run` tells while it works: one line per thing that happened, and what the closing summary needs.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

#include "cli/command_line.h"
#include "engine/environment.h"
#include "ledger/records.h"

namespace latecomer::cli {

class RunProgress final : public engine::Listener {
 public:
  // `several`: lines name the pipeline, too.
  RunProgress(Context& context, bool silent, bool several) : context_(context), silent_(silent), several_(several) {}

  void OnObserved(const std::string& location, Version newest, std::int64_t new_commits,
                  const std::string& note) override;
  void OnRun(const ledger::RunRecord& run) override;
  void OnStep(const ledger::RunRecord& run, const ledger::StepRecord& step) override;

  // By id in the ledger, as they were seen last.
  const std::map<std::int64_t, ledger::RunRecord>& runs() const { return runs_; }
  // "clean scheduled_2024-01-01" when there are several pipelines; printable.
  std::string NameOf(const ledger::RunRecord& run) const;

 private:
  void Line(const std::string& name, const std::string& text);

  Context& context_;
  bool silent_;
  bool several_;
  std::map<std::int64_t, ledger::RunRecord> runs_;
};

nlohmann::ordered_json RunJson(const ledger::RunRecord& run);

}  // namespace latecomer::cli
