// What the executor is given for one attempt of a step: templates filled in, sources pinned, the output's transaction.
#include <algorithm>
#include <utility>

#include "engine/active.h"
#include "engine/output_groups.h"
#include "engine/run_names.h"
#include "engine/template_values.h"

namespace latecomer::engine {
namespace {

// Adds the step's own variables to the attempt's.
Status AddEnvironment(const std::map<std::string, std::string>& texts, const pipeline::TemplateValues& values,
                      executor::AttemptSpec& spec) {
  for (const auto& [name, text] : texts) {
    LATECOMER_ASSIGN_OR_RETURN(spec.environment[name], pipeline::FillTemplate(text, values));
  }
  return {};
}

Result<executor::CommandWork> CommandWorkFor(const pipeline::CommandStep& command,
                                             const pipeline::TemplateValues& values) {
  executor::CommandWork work;
  if (command.shell) work.argv = {"/bin/sh", "-c"};
  for (const std::string& argument : command.argv) {
    LATECOMER_ASSIGN_OR_RETURN(work.argv.emplace_back(), pipeline::FillTemplate(argument, values));
  }
  return work;
}

executor::SparkWork::Kind KindOfWork(pipeline::SparkStep::Kind kind) {
  switch (kind) {
    case pipeline::SparkStep::Kind::kPython: return executor::SparkWork::Kind::kPython;
    case pipeline::SparkStep::Kind::kJar: return executor::SparkWork::Kind::kJar;
    case pipeline::SparkStep::Kind::kSql: break;
  }
  return executor::SparkWork::Kind::kSql;
}

}  // namespace

Result<executor::AttemptSpec> Engine::SpecFor(const Active& active, const pipeline::Step& step,
                                              const ledger::AttemptRecord& attempt) {
  const pipeline::TemplateValues values = TemplateValuesOf(pipeline_, active.key, active.run, active.attempt);
  executor::AttemptSpec spec;
  spec.name = {.ledger_id = env_.ledger.id(),
               .pipeline = pipeline_.id,
               .run_id = active.run.run_id,
               .try_number = active.attempt.number,
               .step = step.id,
               .number = attempt.number,
               .started = attempt.started};
  if (active.resumed.contains(step.id)) {
    spec.started_before = std::max(env_.clock.Now() - attempt.started, Duration(0));
  }
  spec.folder = attempt.folder;
  spec.log = attempt.log;
  spec.working_folder = pipeline_.folder;
  spec.environment = pipeline::TemplateEnvironment(values);
  spec.timeout = step.timeout;
  if (const auto* command = std::get_if<pipeline::CommandStep>(&step.action)) {
    LATECOMER_RETURN_IF_ERROR(AddEnvironment(command->environment, values, spec));
    LATECOMER_ASSIGN_OR_RETURN(spec.work, CommandWorkFor(*command, values));
    return spec;
  }
  if (const auto* spark = std::get_if<pipeline::SparkStep>(&step.action)) {
    LATECOMER_RETURN_IF_ERROR(AddEnvironment(spark->environment, values, spec));
    LATECOMER_ASSIGN_OR_RETURN(spec.work, SparkWorkFor(active, step, *spark, values));
    return spec;
  }
  if (const auto* job = std::get_if<pipeline::KubernetesStep>(&step.action)) {
    LATECOMER_ASSIGN_OR_RETURN(spec.work, KubernetesWorkFor(active, step, *job, values));
    return spec;
  }
  if (const auto* airflow = std::get_if<pipeline::AirflowDagStep>(&step.action)) {
    LATECOMER_ASSIGN_OR_RETURN(spec.work, AirflowWorkFor(active, step, *airflow, values));
    return spec;
  }
  LATECOMER_ASSIGN_OR_RETURN(spec.work, SqlWorkFor(active, step, std::get<pipeline::SqlStep>(step.action), values));
  return spec;
}

Result<executor::SqlWork> Engine::SqlWorkFor(const Active& active, const pipeline::Step& step,
                                             const pipeline::SqlStep& sql, const pipeline::TemplateValues& values) {
  executor::SqlWork work;
  LATECOMER_ASSIGN_OR_RETURN(work.query, pipeline::FillSqlTemplate(sql.query, values));
  work.query_file = sql.file;
  work.sources = SourceViewsFor(active);
  work.into = sql.into_location;
  work.partition = active.key;
  work.partition_columns = output_schema_;
  work.time_zone = pipeline_.output.time_zone.name();
  work.transaction = TransactionFor(active, step);
  return work;
}

Result<executor::SparkWork> Engine::SparkWorkFor(const Active& active, const pipeline::Step& step,
                                                 const pipeline::SparkStep& spark,
                                                 const pipeline::TemplateValues& values) {
  executor::SparkWork work;
  work.kind = KindOfWork(spark.kind);
  work.application = spark.application;
  if (work.kind == executor::SparkWork::Kind::kSql) {
    LATECOMER_ASSIGN_OR_RETURN(work.query, pipeline::FillSparkSqlTemplate(spark.text, values));
  }
  work.name = pipeline_.id + " " + active.run.run_id + " " + step.id;
  work.main_class = spark.main_class;
  work.master = spark.master;
  work.home = spark.home;
  work.packages = spark.packages;
  work.jars = spark.jars;
  work.py_files = spark.py_files;
  for (const std::string& argument : spark.arguments) {
    LATECOMER_ASSIGN_OR_RETURN(work.arguments.emplace_back(), pipeline::FillTemplate(argument, values));
  }
  for (const auto& [name, text] : spark.conf) {
    LATECOMER_ASSIGN_OR_RETURN(work.conf[name], pipeline::FillTemplate(text, values));
  }
  static_cast<executor::JobWork&>(work) = JobWorkFor(active, step, values);
  return work;
}

Result<executor::AirflowWork> Engine::AirflowWorkFor(const Active& active, const pipeline::Step& step,
                                                     const pipeline::AirflowDagStep& airflow,
                                                     const pipeline::TemplateValues& values) {
  const auto secret = [](const pipeline::SecretPlace& at) {
    return executor::SecretPlace{.variable = at.variable, .file = at.file};
  };
  executor::AirflowWork work;
  work.place = {.url = airflow.url,
                .ca_file = airflow.ca_file,
                .token = secret(airflow.token),
                .user = airflow.user,
                .user_place = secret(airflow.user_place),
                .password = secret(airflow.password)};
  work.dag = airflow.dag_id;
  for (const auto& [name, text] : airflow.conf) {
    LATECOMER_ASSIGN_OR_RETURN(work.conf[name], pipeline::FillTemplate(text, values));
  }
  static_cast<executor::JobWork&>(work) = JobWorkFor(active, step, values);
  return work;
}

Result<executor::KubernetesWork> Engine::KubernetesWorkFor(const Active& active, const pipeline::Step& step,
                                                           const pipeline::KubernetesStep& job,
                                                           const pipeline::TemplateValues& values) {
  executor::KubernetesWork work;
  const bool is_job = job.kind == pipeline::KubernetesStep::Kind::kJob;
  work.kind = is_job ? executor::KubernetesWork::Kind::kJob : executor::KubernetesWork::Kind::kSparkApplication;
  work.kubeconfig = job.kubeconfig;
  work.context = job.context;
  work.name_space = job.name_space;
  work.keep = job.keep;
  // Spark hands its driver's environment on as it is.
  const auto fill = is_job ? pipeline::FillKubernetesTemplate : pipeline::FillTemplate;
  for (const auto& [name, text] : job.environment) {
    LATECOMER_ASSIGN_OR_RETURN(work.environment[name], fill(text, values));
  }
  LATECOMER_ASSIGN_OR_RETURN(work.image, pipeline::FillTemplate(job.image, values));
  for (const std::string& text : job.command) {
    LATECOMER_ASSIGN_OR_RETURN(work.command.emplace_back(), pipeline::FillKubernetesTemplate(text, values));
  }
  for (const std::string& text : job.arguments) {
    LATECOMER_ASSIGN_OR_RETURN(work.arguments.emplace_back(), pipeline::FillKubernetesTemplate(text, values));
  }
  LATECOMER_ASSIGN_OR_RETURN(work.pod, pipeline::FillJsonTemplate(job.pod, values));
  LATECOMER_ASSIGN_OR_RETURN(work.container, pipeline::FillJsonTemplate(job.container, values));
  LATECOMER_ASSIGN_OR_RETURN(work.spec, pipeline::FillJsonTemplate(job.spec, values));
  static_cast<executor::JobWork&>(work) = JobWorkFor(active, step, values);
  return work;
}

// What a job that writes its output itself is told.
executor::JobWork Engine::JobWorkFor(const Active& active, const pipeline::Step& step,
                                     const pipeline::TemplateValues& values) {
  executor::JobWork work;
  work.values = values;
  work.values["pipeline"] = pipeline_.id;
  work.values["step"] = step.id;
  work.sources = SourceViewsFor(active);
  if (const std::string* into = pipeline::DeclaredOutput(step)) work.into = *into;
  work.partition = active.key;
  work.partition_columns = output_schema_;
  work.time_zone = pipeline_.output.time_zone.name();
  work.transaction = TransactionFor(active, step);
  return work;
}

std::vector<executor::SqlWork::SourceView> Engine::SourceViewsFor(const Active& active) {
  std::vector<executor::SqlWork::SourceView> views;
  for (std::size_t i = 0; i < pipeline_.sources.size(); ++i) {
    const pipeline::Source& source = pipeline_.sources[i];
    executor::SqlWork::SourceView view{.name = source.name,
                                       .location = source.location,
                                       .version = active.attempt.vector.at(source.name),
                                       .mapped = MappedTo(pipeline_, i, active.key),
                                       .newest_by = nullptr};
    if (source.mapping.kind == lateness::Mapping::Kind::kLatest && !source.partition.columns.empty()) {
      view.newest_by = [partition = source.partition, calendar = source.calendar()](const table::PartitionKey& key) {
        return lateness::StartOfKey(key, partition, calendar);
      };
    }
    views.push_back(std::move(view));
  }
  return views;
}

table::WriteTransaction Engine::TransactionFor(const Active& active, const pipeline::Step& step) {
  table::WriteTransaction transaction{.app_id = TransactionAppId(pipeline_.id, active.key, step.id),
                                      .version = active.attempt.token,
                                      .ledger_id = env_.ledger.id(),
                                      .run_id = active.run.run_id,
                                      .try_number = active.attempt.number,
                                      .vector = {},
                                      .predecessors = active.predecessors};
  for (const auto& [source, version] : active.attempt.vector) transaction.vector[source] = version.value;
  return transaction;
}

}  // namespace latecomer::engine
