#include "cli/run_executor.h"

#include "executor/kubernetes_job.h"
#include "executor/local_executor.h"
#include "kubernetes/cluster.h"

namespace latecomer::cli {

std::unique_ptr<executor::Executor> MakeRunExecutor(Context& context, table::Catalog& catalog) {
  std::vector<std::shared_ptr<executor::OutsideSystem>> outside;
  outside.push_back(std::make_shared<executor::KubernetesSystem>(catalog, http::ProcessEnvironment(),
                                                                 kubernetes::kServiceAccountFolder));
  return std::make_unique<executor::LocalExecutor>(context.executable, catalog, std::move(outside));
}

}  // namespace latecomer::cli
