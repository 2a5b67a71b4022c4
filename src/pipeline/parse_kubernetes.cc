// The `kubernetes_job` and `spark_application` parts of a step.
#include <algorithm>
#include <filesystem>

#include "pipeline/parse.h"
#include "pipeline/yaml_json.h"

namespace latecomer::pipeline {
namespace {

using Kind = KubernetesStep::Kind;

// A DNS label, as namespaces are.
bool IsNamespace(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, fits) && text.front() != '-' &&
         text.back() != '-';
}

Result<std::string> OneText(const YamlReader& reader, const YamlNode& map, const std::string& of, const char* key) {
  const YamlNode* node = map.Find(key);
  if (node == nullptr) return std::string();
  LATECOMER_ASSIGN_OR_RETURN(std::string text, reader.Text(*node, of + "." + key));
  if (text.empty()) return Fail(reader.Invalid(*node, of + "." + key + " is empty"));
  return text;
}

// Where the job runs, how long it stays, what it writes.
Status ParsePlace(const YamlReader& reader, const YamlNode& node, const std::string& of, const Pipeline& pipeline,
                  KubernetesStep& step) {
  LATECOMER_ASSIGN_OR_RETURN(step.kubeconfig, OneText(reader, node, of, "kubeconfig"));
  if (!step.kubeconfig.empty()) {
    step.kubeconfig = (std::filesystem::path(pipeline.folder) / step.kubeconfig).lexically_normal().string();
  }
  LATECOMER_ASSIGN_OR_RETURN(step.context, OneText(reader, node, of, "context"));
  LATECOMER_ASSIGN_OR_RETURN(step.name_space, OneText(reader, node, of, "namespace"));
  if (!step.name_space.empty() && !IsNamespace(step.name_space)) {
    return Fail(reader.Invalid(*node.Find("namespace"), "`" + Printable(step.name_space) + "` can't be a namespace"));
  }
  if (const YamlNode* keep = node.Find("keep")) {
    LATECOMER_ASSIGN_OR_RETURN(step.keep, reader.Span(*keep, of + ".keep"));
    if (step.keep < std::chrono::minutes(1)) {
      Error error = reader.Invalid(*keep, of + ".keep is shorter than a minute");
      error.hint = "a job that is removed before its end was seen counts as failed";
      return Fail(std::move(error));
    }
  }
  if (const YamlNode* into = node.Find("into")) {
    LATECOMER_ASSIGN_OR_RETURN(step.into, reader.Text(*into, of + ".into"));
    LATECOMER_ASSIGN_OR_RETURN(step.into_location, ParseInto(reader, *into, pipeline));
  }
  return {};
}

Status CheckTemplatesIn(const YamlReader& reader, const YamlNode& node, const Pipeline& pipeline) {
  if (node.kind == YamlNode::Kind::kScalar) return CheckTemplateOf(reader, node, node.text, pipeline);
  for (const YamlNode& item : node.items) LATECOMER_RETURN_IF_ERROR(CheckTemplatesIn(reader, item, pipeline));
  for (const YamlEntry& entry : node.entries) {
    LATECOMER_RETURN_IF_ERROR(CheckTemplatesIn(reader, entry.value, pipeline));
  }
  return {};
}

// A key of Kubernetes' own that latecomer sets, and what to write instead.
using Taken = std::vector<std::pair<std::string_view, std::string_view>>;

// A map that goes to the cluster as it stands.
Result<std::string> ParseObject(const YamlReader& reader, const YamlNode& node, const std::string& what,
                                const Taken& taken, const Pipeline& pipeline) {
  LATECOMER_RETURN_IF_ERROR(reader.ExpectMap(node, what));
  for (const YamlEntry& entry : node.entries) {
    for (const auto& [key, instead] : taken) {
      if (entry.key != key) continue;
      Error error = reader.Invalid(entry.value, "latecomer itself sets `" + entry.key + "` of " + what);
      error.hint = instead;
      return Fail(std::move(error).At(entry.line, entry.column));
    }
  }
  LATECOMER_RETURN_IF_ERROR(CheckTemplatesIn(reader, node, pipeline));
  return JsonText(node);
}

Result<std::vector<std::string>> ParseTexts(const YamlReader& reader, const YamlNode& map, const char* key,
                                            const Pipeline& pipeline) {
  const YamlNode* node = map.Find(key);
  if (node == nullptr) return std::vector<std::string>();
  const std::string what = std::string("kubernetes_job.") + key;
  if (node->kind != YamlNode::Kind::kList) return Fail(reader.Invalid(*node, what + " must be a list of texts"));
  LATECOMER_ASSIGN_OR_RETURN(auto texts, reader.TextList(*node, what));
  for (const YamlNode& item : node->items) {
    LATECOMER_RETURN_IF_ERROR(CheckTemplateOf(reader, item, item.text, pipeline));
  }
  return texts;
}

Status CheckSparkSpec(const YamlReader& reader, const YamlNode& spec, const KubernetesStep& step) {
  const YamlNode* mode = spec.Find("mode");
  if (mode != nullptr && mode->text != "cluster") {
    return Fail(reader.Unsupported(*mode, "spark_application.spec.mode: " + Printable(mode->text),
                                   "use cluster: the driver is a pod"));
  }
  const YamlNode* conf = spec.Find("sparkConf");
  if (conf == nullptr) return {};
  LATECOMER_RETURN_IF_ERROR(reader.ExpectMap(*conf, "spark_application.spec.sparkConf"));
  for (const YamlEntry& entry : conf->entries) {
    LATECOMER_RETURN_IF_ERROR(CheckSparkSetting(reader, entry, "spark_application.spec.sparkConf", !step.into.empty()));
  }
  return {};
}

}  // namespace

Result<KubernetesStep> ParseKubernetesJob(const YamlReader& reader, const YamlNode& step, const Pipeline& pipeline) {
  const YamlNode& node = *step.Find("kubernetes_job");
  const std::string of = "kubernetes_job";
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(
      node, of, {"image", "command", "args", "pod", "container", "kubeconfig", "context", "namespace", "keep", "into"},
      {{"env", "use `environment` of the step, or `container: {env: …}`"},
       {"resources", "use `container: {resources: …}`"},
       {"service_account", "use `pod: {serviceAccountName: …}`"}}));
  KubernetesStep job;
  job.kind = Kind::kJob;
  LATECOMER_RETURN_IF_ERROR(ParsePlace(reader, node, of, pipeline, job));
  const YamlNode* image = node.Find("image");
  if (image == nullptr) return Fail(reader.Missing(node, "image"));
  LATECOMER_ASSIGN_OR_RETURN(job.image, OneText(reader, node, of, "image"));
  LATECOMER_RETURN_IF_ERROR(CheckTemplateOf(reader, *image, job.image, pipeline));
  LATECOMER_ASSIGN_OR_RETURN(job.command, ParseTexts(reader, node, "command", pipeline));
  LATECOMER_ASSIGN_OR_RETURN(job.arguments, ParseTexts(reader, node, "args", pipeline));
  LATECOMER_ASSIGN_OR_RETURN(job.environment, ParseEnvironment(reader, step, pipeline));
  if (const YamlNode* pod = node.Find("pod")) {
    LATECOMER_ASSIGN_OR_RETURN(
        job.pod,
        ParseObject(reader, *pod, "kubernetes_job.pod",
                    {{"containers", "the container is what `image`, `command`, `args` and `container` say"},
                     {"restartPolicy", "an attempt is one pod; `retries` of the step says how often it is tried"}},
                    pipeline));
  }
  if (const YamlNode* container = node.Find("container")) {
    const std::string_view beside = "write it in `kubernetes_job` itself";
    LATECOMER_ASSIGN_OR_RETURN(
        job.container,
        ParseObject(reader, *container, "kubernetes_job.container",
                    {{"name", "leave it out"}, {"image", beside}, {"command", beside}, {"args", beside}}, pipeline));
  }
  return job;
}

Result<KubernetesStep> ParseSparkApplication(const YamlReader& reader, const YamlNode& step, const Pipeline& pipeline) {
  const YamlNode& node = *step.Find("spark_application");
  const std::string of = "spark_application";
  LATECOMER_RETURN_IF_ERROR(
      reader.ExpectKeys(node, of, {"spec", "kubeconfig", "context", "namespace", "keep", "into"}));
  KubernetesStep job;
  job.kind = Kind::kSparkApplication;
  LATECOMER_RETURN_IF_ERROR(ParsePlace(reader, node, of, pipeline, job));
  LATECOMER_ASSIGN_OR_RETURN(job.environment, ParseEnvironment(reader, step, pipeline));
  const YamlNode* spec = node.Find("spec");
  if (spec == nullptr) return Fail(reader.Missing(node, "spec"));
  LATECOMER_ASSIGN_OR_RETURN(
      job.spec,
      ParseObject(reader, *spec, "spark_application.spec",
                  {{"restartPolicy", "an attempt is one application; `retries` of the step says how often it is tried"},
                   {"timeToLiveSeconds", "use `keep`"}},
                  pipeline));
  LATECOMER_RETURN_IF_ERROR(CheckSparkSpec(reader, *spec, job));
  return job;
}

}  // namespace latecomer::pipeline
