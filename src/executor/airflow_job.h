// DAG runs of Airflow's as jobs outside.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "executor/outside_job.h"
#include "storage/environment.h"
#include "table/catalog.h"

namespace latecomer::executor {

// How often Airflow is asked: the pause grows while nothing changes.
struct AirflowPace {
  Duration first = std::chrono::milliseconds(500);
  Duration longest = std::chrono::seconds(15);
};

// The id of an attempt's DAG run, as Airflow allows it: "latecomer__<run>__<step>__<try>.<attempt>__<digits>".
std::string DagRunIdOf(const AttemptName& name);

// Runs AirflowWork. `catalog` outlives it. `environment` is the process's own but in tests.
class AirflowSystem final : public OutsideSystem {
 public:
  AirflowSystem(table::Catalog& catalog, storage::Environment environment, AirflowPace pace = {});

  std::string_view name() const override { return "airflow"; }
  bool Runs(const AttemptSpec& spec) const override;
  Result<std::unique_ptr<OutsideJob>> Make(const AttemptSpec& spec) override;
  Result<std::unique_ptr<OutsideJob>> Find(const std::string& identity) override;

 private:
  table::Catalog& catalog_;
  const storage::Environment environment_;
  const AirflowPace pace_;
};

}  // namespace latecomer::executor
