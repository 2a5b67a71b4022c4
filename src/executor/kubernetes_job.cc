#include "executor/kubernetes_job.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.h"
#include "executor/job_facts.h"
#include "executor/kubernetes_body.h"
#include "executor/kubernetes_watch.h"
#include "kubernetes/api.h"
#include "kubernetes/cluster.h"

namespace latecomer::executor {
namespace {

using kubernetes::Api;
using nlohmann::json;
using nlohmann::ordered_json;

class KubernetesJob final : public OutsideJob {
 public:
  // `body`: what Create posts, or why there is nothing to post; null for a job that is only to be ended.
  KubernetesJob(kubernetes::ClusterChoice choice, kubernetes::Cluster cluster, KubernetesObject object,
                Result<ordered_json> body, std::string folder)
      : choice_(std::move(choice)),
        object_(std::move(object)),
        body_(std::move(body)),
        api_(std::move(cluster)),
        watch_(api_, object_, std::move(folder)) {}

  std::string Describe() const override { return object_.Describe(); }
  std::string Identity() const override;
  Status Create() override;
  Result<OutsideState> Look(Duration at_most, const AttemptLog& log, const http::Interrupt& interrupt) override {
    return watch_.Look(at_most, log, interrupt);
  }
  Result<bool> End() override;

 private:
  Status FindCreated();

  const kubernetes::ClusterChoice choice_;
  const KubernetesObject object_;
  const Result<ordered_json> body_;
  Api api_;
  KubernetesWatch watch_;
  bool end_asked_ = false;
};

std::string KubernetesJob::Identity() const {
  return json{{"kubeconfig", choice_.kubeconfig}, {"context", choice_.context}, {"resource", object_.Resource()},
              {"namespace", object_.name_space},  {"name", object_.name},       {"digest", object_.digest}}
      .dump();
}

Status KubernetesJob::Create() {
  if (!body_) {
    const Status found = FindCreated();
    return !found && found.error().kind == ErrorKind::kNotFound ? Status(Fail(body_.error())) : found;
  }
  const auto created = api_.Create(object_.Collection(), *body_);
  if (created) return {};
  if (created.error().kind == ErrorKind::kConflict) return FindCreated();
  if (created.error().kind != ErrorKind::kNotFound) return Fail(created.error());
  Error error = created.error();
  error.kind = ErrorKind::kInvalidArgument;
  error.hint = object_.kind == KubernetesWork::Kind::kSparkApplication
                   ? "is there a namespace " + object_.name_space + ", and is the Spark operator installed?"
                   : "is there a namespace " + object_.name_space + "?";
  return Fail(std::move(error));
}

// The name is taken: by an earlier call, or by something that isn't ours.
Status KubernetesJob::FindCreated() {
  LATECOMER_ASSIGN_OR_RETURN(const json found, api_.Get(object_.Path()));
  if (TextAt(found, {"metadata", "labels", "latecomer/attempt"}) == object_.digest) return {};
  return Fail(Error(ErrorKind::kInvalidArgument, "there is a " + object_.Describe() + " that isn't this attempt's")
                  .Hint("remove it, or give the step another id"));
}

Result<bool> KubernetesJob::End() {
  if (!end_asked_) {
    const Status asked = api_.Delete(object_.Path());
    const bool is_gone = !asked && asked.error().kind == ErrorKind::kNotFound;
    if (!asked && !is_gone) return Fail(asked.error());
    end_asked_ = true;
  }
  const auto there = api_.Get(object_.Path());
  if (!there && there.error().kind != ErrorKind::kNotFound) return Fail(there.error());
  if (there) {
    // Somebody made it anew, or took the deletion back: it is asked again.
    end_asked_ = there->contains("metadata") && (*there)["metadata"].contains("deletionTimestamp");
    return false;
  }
  // Pods that were left behind (`kubectl delete --cascade=orphan`) count too.
  LATECOMER_ASSIGN_OR_RETURN(const json pods, api_.Get(PodsPath(object_)));
  const auto items = pods.find("items");
  if (items == pods.end() || !items->is_array()) return true;
  return std::ranges::none_of(*items, IsLive);
}

}  // namespace

KubernetesSystem::KubernetesSystem(table::Catalog& catalog, http::Environment environment,
                                   std::string service_account_folder)
    : catalog_(catalog),
      environment_(std::move(environment)),
      service_account_folder_(std::move(service_account_folder)) {}

bool KubernetesSystem::Runs(const AttemptSpec& spec) const {
  return std::holds_alternative<KubernetesWork>(spec.work);
}

Result<std::unique_ptr<OutsideJob>> KubernetesSystem::Make(const AttemptSpec& spec) {
  const auto& work = std::get<KubernetesWork>(spec.work);
  kubernetes::ClusterChoice choice{.kubeconfig = work.kubeconfig, .context = work.context};
  LATECOMER_ASSIGN_OR_RETURN(kubernetes::Cluster cluster,
                             kubernetes::FindCluster(choice, environment_, service_account_folder_));
  KubernetesObject object = ObjectOf(spec, work, cluster.name_space);
  const Result<ordered_json> facts = JobFactsOf(work, catalog_);
  Result<ordered_json> body = facts ? BodyOf(spec, work, object, *facts) : facts;
  // A job that is there already doesn't need what it was made of, which may be gone by now.
  if (!body && !spec.started_before) return Fail(body.error());
  return std::make_unique<KubernetesJob>(std::move(choice), std::move(cluster), std::move(object), std::move(body),
                                         spec.folder);
}

Result<std::unique_ptr<OutsideJob>> KubernetesSystem::Find(const std::string& identity) {
  const json known = json::parse(identity, nullptr, /*allow_exceptions=*/false);
  const bool spark = TextAt(known, {"resource"}) == "sparkapplications";
  KubernetesObject object{.kind = spark ? KubernetesWork::Kind::kSparkApplication : KubernetesWork::Kind::kJob,
                          .name_space = TextAt(known, {"namespace"}),
                          .name = TextAt(known, {"name"}),
                          .digest = TextAt(known, {"digest"})};
  if (object.name_space.empty() || object.name.empty() || object.digest.empty()) {
    return Fail(ErrorKind::kDamaged, "this doesn't say which job of which cluster it was");
  }
  kubernetes::ClusterChoice choice{.kubeconfig = TextAt(known, {"kubeconfig"}), .context = TextAt(known, {"context"})};
  LATECOMER_ASSIGN_OR_RETURN(kubernetes::Cluster cluster,
                             kubernetes::FindCluster(choice, environment_, service_account_folder_));
  return std::make_unique<KubernetesJob>(std::move(choice), std::move(cluster), std::move(object), ordered_json(), "");
}

}  // namespace latecomer::executor
