// Jobs in a Kubernetes cluster.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "executor/outside_job.h"
#include "http/environment.h"
#include "table/catalog.h"

namespace latecomer::executor {

// Runs KubernetesWork. `catalog` outlives it. `service_account_folder` and `environment` are the process's own but in
// tests.
class KubernetesSystem final : public OutsideSystem {
 public:
  KubernetesSystem(table::Catalog& catalog, http::Environment environment, std::string service_account_folder);

  std::string_view name() const override { return "kubernetes"; }
  bool Runs(const AttemptSpec& spec) const override;
  Result<std::unique_ptr<OutsideJob>> Make(const AttemptSpec& spec) override;
  Result<std::unique_ptr<OutsideJob>> Find(const std::string& identity) override;

 private:
  table::Catalog& catalog_;
  const http::Environment environment_;
  const std::string service_account_folder_;
};

}  // namespace latecomer::executor
