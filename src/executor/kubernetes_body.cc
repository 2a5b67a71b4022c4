#include "executor/kubernetes_body.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "executor/attempt_name.h"
#include "executor/job_facts.h"
#include "kubernetes/names.h"

namespace latecomer::executor {
namespace {

using nlohmann::ordered_json;

constexpr char kContainer[] = "step";
constexpr char kDriverContainer[] = "spark-kubernetes-driver";  // as Spark names it
constexpr std::size_t kDigestDigits = 32;                       // a label has room for 63
// An object has room for 1.5 MB; what is longer a job has to find out for itself.
constexpr std::size_t kLongestFacts = 64 * 1024;

std::int64_t Seconds(Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

bool IsSpark(const KubernetesWork& work) {
  return work.kind == KubernetesWork::Kind::kSparkApplication;
}

Result<ordered_json> ParseObject(const std::string& text, const char* what) {
  ordered_json object = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_object()) return object;
  return Fail(ErrorKind::kInvalidFile, std::string(what) + " of the step is no map");
}

ordered_json LabelsOf(const AttemptSpec& spec, const KubernetesObject& object) {
  return {{"app.kubernetes.io/managed-by", "latecomer"},
          {"latecomer/attempt", object.digest},
          {"latecomer/ledger", kubernetes::LabelValue(spec.name.ledger_id)},
          {"latecomer/pipeline", kubernetes::LabelValue(spec.name.pipeline)},
          {"latecomer/step", kubernetes::LabelValue(spec.name.step)}};
}

// Whole, where labels are cut to what they may hold.
ordered_json AnnotationsOf(const AttemptSpec& spec, const KubernetesWork& work) {
  const auto partition = work.values.find("partition");
  return {{"latecomer/pipeline", spec.name.pipeline},
          {"latecomer/run", spec.name.run_id},
          {"latecomer/partition", partition == work.values.end() ? "" : partition->second},
          {"latecomer/step", spec.name.step},
          {"latecomer/try", std::to_string(spec.name.try_number)},
          {"latecomer/attempt-number", std::to_string(spec.name.number)},
          {"latecomer/token", std::to_string(work.transaction.version)}};
}

// What latecomer tells the step's program in its environment.
std::map<std::string, std::string> EnvironmentOf(const AttemptSpec& spec, const ordered_json& facts) {
  std::map<std::string, std::string> environment = spec.environment;
  for (auto& [name, value] : OutputEnvironment(facts)) environment[name] = std::move(value);
  const std::string text = JobText(facts);
  if (text.size() <= kLongestFacts) environment["LATECOMER_JOB_JSON"] = text;
  return environment;
}

// Kubernetes replaces $(NAME) in values and arguments by other variables; ours are meant as they are.
std::string Literal(const std::string& text) {
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    literal += text[i];
    if (text[i] == '$') literal += '$';
  }
  return literal;
}

ordered_json& ObjectAt(ordered_json& parent, const char* key) {
  ordered_json& child = parent[key];
  if (!child.is_object()) child = ordered_json::object();
  return child;
}

void Merge(ordered_json& into, const ordered_json& from) {
  for (const auto& [key, value] : from.items()) into[key] = value;
}

Result<ordered_json> JobSpec(const AttemptSpec& spec, const KubernetesWork& work, const KubernetesObject& object,
                             const ordered_json& facts) {
  LATECOMER_ASSIGN_OR_RETURN(ordered_json pod, ParseObject(work.pod, "`pod`"));
  LATECOMER_ASSIGN_OR_RETURN(ordered_json container, ParseObject(work.container, "`container`"));
  container["name"] = kContainer;
  container["image"] = work.image;
  if (!work.command.empty()) container["command"] = work.command;
  if (!work.arguments.empty()) container["args"] = work.arguments;
  ordered_json env = ordered_json::array();
  for (const auto& [name, value] : EnvironmentOf(spec, facts))
    env.push_back({{"name", name}, {"value", Literal(value)}});
  for (const auto& [name, value] : work.environment) env.push_back({{"name", name}, {"value", value}});
  // What the step's container has besides: references to secrets, above all.
  if (const auto own = container.find("env"); own != container.end() && own->is_array()) {
    for (const ordered_json& variable : *own) env.push_back(variable);
  }
  container["env"] = std::move(env);
  pod["restartPolicy"] = "Never";
  pod["containers"] = ordered_json::array({std::move(container)});
  ordered_json job = {{"backoffLimit", 0}, {"ttlSecondsAfterFinished", Seconds(work.keep)}};
  if (spec.timeout) {
    const Duration left = *spec.timeout - spec.started_before.value_or(Duration(0));
    job["activeDeadlineSeconds"] = std::max<std::int64_t>(Seconds(left), 1);
  }
  job["template"] = {{"metadata", {{"labels", LabelsOf(spec, object)}, {"annotations", AnnotationsOf(spec, work)}}},
                     {"spec", std::move(pod)}};
  return job;
}

Result<ordered_json> SparkSpec(const AttemptSpec& spec, const KubernetesWork& work, const KubernetesObject& object,
                               const ordered_json& facts) {
  LATECOMER_ASSIGN_OR_RETURN(ordered_json application, ParseObject(work.spec, "`spec`"));
  std::map<std::string, std::string> own;
  ordered_json& conf = ObjectAt(application, "sparkConf");
  for (const auto& [name, value] : conf.items())
    own[name] = value.is_string() ? value.get<std::string>() : value.dump();
  std::map<std::string, std::string> settings;
  AddJobSettings(work, facts, own, settings);
  // Spark's own way to a driver's environment needs no webhook of the operator.
  for (const auto& [name, value] : EnvironmentOf(spec, facts)) settings["spark.kubernetes.driverEnv." + name] = value;
  for (const auto& [name, value] : work.environment) settings["spark.kubernetes.driverEnv." + name] = value;
  conf = settings;
  application["restartPolicy"] = {{"type", "Never"}};
  application["timeToLiveSeconds"] = Seconds(work.keep);
  Merge(ObjectAt(ObjectAt(application, "driver"), "labels"), LabelsOf(spec, object));
  Merge(ObjectAt(application["driver"], "annotations"), AnnotationsOf(spec, work));
  return application;
}

}  // namespace

std::string KubernetesObject::Resource() const {
  return kind == KubernetesWork::Kind::kSparkApplication ? "sparkapplications" : "jobs";
}

std::string KubernetesObject::Collection() const {
  const bool spark = kind == KubernetesWork::Kind::kSparkApplication;
  return std::string("/apis/") + (spark ? "sparkoperator.k8s.io/v1beta2" : "batch/v1") + "/namespaces/" +
         PercentEncode(name_space) + "/" + Resource();
}

std::string KubernetesObject::Container() const {
  return kind == KubernetesWork::Kind::kSparkApplication ? kDriverContainer : kContainer;
}

std::string KubernetesObject::Describe() const {
  const bool spark = kind == KubernetesWork::Kind::kSparkApplication;
  return (spark ? "SparkApplication " : "job ") + name + " in namespace " + name_space;
}

KubernetesObject ObjectOf(const AttemptSpec& spec, const KubernetesWork& work, const std::string& default_namespace) {
  KubernetesObject object;
  object.kind = work.kind;
  object.name_space = work.name_space.empty() ? default_namespace : work.name_space;
  object.digest = AttemptDigest(spec.name).substr(0, kDigestDigits);
  object.name = kubernetes::ObjectName(spec.name.pipeline, spec.name.step, object.digest);
  return object;
}

Result<ordered_json> BodyOf(const AttemptSpec& spec, const KubernetesWork& work, const KubernetesObject& object,
                            const ordered_json& facts) {
  auto inner = IsSpark(work) ? SparkSpec(spec, work, object, facts) : JobSpec(spec, work, object, facts);
  if (!inner) return Fail(inner.error());
  return ordered_json{{"apiVersion", IsSpark(work) ? "sparkoperator.k8s.io/v1beta2" : "batch/v1"},
                      {"kind", IsSpark(work) ? "SparkApplication" : "Job"},
                      {"metadata",
                       {{"name", object.name},
                        {"namespace", object.name_space},
                        {"labels", LabelsOf(spec, object)},
                        {"annotations", AnnotationsOf(spec, work)}}},
                      {"spec", std::move(*inner)}};
}

}  // namespace latecomer::executor
