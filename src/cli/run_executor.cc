#include "cli/run_executor.h"

#include "executor/airflow_job.h"
#include "executor/local_executor.h"
#include "storage/environment.h"

namespace latecomer::cli {

std::unique_ptr<executor::Executor> MakeRunExecutor(Context& context, table::Catalog& catalog) {
  const std::vector<std::shared_ptr<executor::OutsideSystem>> outside = {
      std::make_shared<executor::AirflowSystem>(catalog, storage::ProcessEnvironment())};
  return std::make_unique<executor::LocalExecutor>(context.executable, catalog, outside);
}

}  // namespace latecomer::cli
