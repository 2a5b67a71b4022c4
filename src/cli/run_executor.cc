#include "cli/run_executor.h"

#include "executor/local_executor.h"

namespace latecomer::cli {

std::unique_ptr<executor::Executor> MakeRunExecutor(Context& context, table::Catalog& catalog) {
  return std::make_unique<executor::LocalExecutor>(context.executable, catalog);
}

}  // namespace latecomer::cli
