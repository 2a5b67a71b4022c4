#include "cli/run_executor.h"

#include "executor/airflow_job.h"
#include "executor/kubernetes_job.h"
#include "executor/local_executor.h"
#include "http/environment.h"
#include "kubernetes/cluster.h"

namespace latecomer::cli {

std::unique_ptr<executor::Executor> MakeRunExecutor(Context& context, table::Catalog& catalog) {
  const std::vector<std::shared_ptr<executor::OutsideSystem>> outside = {
      std::make_shared<executor::KubernetesSystem>(catalog, http::ProcessEnvironment(),
                                                   kubernetes::kServiceAccountFolder),
      std::make_shared<executor::AirflowSystem>(catalog, http::ProcessEnvironment())};
  return std::make_unique<executor::LocalExecutor>(context.executable, catalog, outside);
}

}  // namespace latecomer::cli
