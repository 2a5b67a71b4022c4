// A pipeline file, parsed and checked: sources, output, schedule, steps, late-data rules.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/cadence.h"
#include "base/result.h"
#include "base/time.h"
#include "lateness/key_interval.h"
#include "lateness/mapping.h"
#include "lateness/plan.h"

namespace latecomer::pipeline {

struct Source {
  std::string name;
  std::string table;                // as written
  std::string location;             // absolute path or URI: `table` resolved against the pipeline file's folder
  lateness::TimeColumns partition;  // without columns: its partitions belong to no interval
  Cadence cadence;
  TimeZone time_zone = TimeZone::Utc();
  lateness::Mapping mapping;
  std::optional<Cadence> rollup;  // with mapping roll-up: to this one, which is the output's
  // How often a server looks for new commits; nullopt: as its --watch-every says.
  std::optional<Duration> watch_every;

  Calendar calendar() const { return Calendar(cadence, time_zone); }
};

// Default: the time columns, cadence and zone of the source that shapes it; of a roll-up, its cadence.
struct Output {
  std::vector<std::string> columns;  // of the output partition's key, time columns first
  lateness::TimeColumns partition;
  Cadence cadence;
  TimeZone time_zone = TimeZone::Utc();
  // The source whose partition columns and types the key has: the first with mapping identity, else the first window,
  // else the first roll-up.
  std::size_t shape = 0;
};

struct CommandStep {
  std::vector<std::string> argv;  // templates not yet filled in; with `shell`, one string for /bin/sh -c
  bool shell = false;
  std::map<std::string, std::string> environment;
};

struct SqlStep {
  std::string query;          // text, from `query:` or read from `file:`
  std::string file;           // where it came from; empty when inline
  std::string into;           // as written
  std::string into_location;  // resolved like a source's table
};

// An application that spark-submit starts. Templates are not yet filled in.
struct SparkStep {
  enum class Kind { kPython, kJar, kSql };
  Kind kind = Kind::kPython;
  std::string application;  // absolute path; or a URI that Spark resolves, not for SQL
  std::string text;         // of a Python or SQL file on this disk
  std::string main_class;   // of a jar
  std::string master;       // empty: what Spark's own configuration says
  std::string home;         // absolute folder of the Spark to use; empty: SPARK_HOME, else PATH
  std::vector<std::string> packages;
  std::vector<std::string> jars;
  std::vector<std::string> py_files;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> conf;
  std::map<std::string, std::string> environment;
  std::string into;           // as written; empty: it declares no output
  std::string into_location;  // resolved like a source's table
};

// Where something secret stands that is needed when a step starts: in a variable of the scheduler's, or in a file. Both
// empty: nowhere.
struct SecretPlace {
  std::string variable;
  std::string file;  // absolute
};

// A DAG of an Airflow's that is run once for each attempt. Templates are not yet filled in.
struct AirflowDagStep {
  std::string dag_id;
  std::string url;      // of Airflow's API server
  std::string ca_file;  // absolute; empty: the system's
  SecretPlace token;    // or a user and a password; or neither: as the scheduler's environment says
  std::string user;     // as it is, or:
  SecretPlace user_place;
  SecretPlace password;
  std::map<std::string, std::string> conf;  // of the DAG run, beside what latecomer tells it
  std::string into;                         // as written; empty: it declares no output
  std::string into_location;                // resolved like a source's table
};

struct Step {
  std::string id;
  std::vector<std::string> needs;  // ids of user steps
  std::variant<CommandStep, SqlStep, SparkStep, AirflowDagStep> action;
  int retries = 0;
  Duration retry_delay = std::chrono::minutes(1);
  std::optional<Duration> timeout;
};

// The key that says what a step does: "command", "sql", "spark" or "airflow_dag".
std::string_view KindOf(const Step& step);
// The location of the table that a step declares as its output (`into`): a run counts as processed only when the step's
// commit is found there. Null when it declares none.
const std::string* DeclaredOutput(const Step& step);
// The same as it is written in the file.
const std::string* DeclaredOutputAsWritten(const Step& step);

// A file on this disk whose content belongs to the definition.
struct StepFile {
  std::string path;  // absolute
  std::string_view content;
};
// Nothing when the step names none. The content lives as long as the step.
std::optional<StepFile> FileOf(const Step& step);

enum class Workers {
  kOwn,      // the scheduler runs the steps
  kOutside,  // its runs wait until somebody claims them; no step is started here
};

struct Pipeline {
  std::string name;
  std::string id;               // what the ledger knows; [A-Za-z0-9_.-]+
  std::string file;             // absolute path
  std::string folder;           // absolute; steps run here
  std::string text;             // the file as read
  std::string definition_hash;  // of the parsed content and the files of FileOf; layout and comments don't count
  std::vector<Source> sources;  // at least one of them goes by time
  Output output;
  lateness::Rules rules;
  int max_active_runs = 1;
  bool depends_on_past = false;
  bool wait_for_upstream = true;  // for pipelines that make its sources
  int concurrency = 1;            // of backfills
  Workers workers = Workers::kOwn;
  Duration max_wait = std::chrono::hours(6);
  std::vector<Step> steps;  // in file order; `needs` form no ring
};

// Reads and checks a file. kInvalidFile with file, line and column, and the nearest valid key where a key
// is unknown. Keys of the design that don't work yet are refused by name (kUnsupported).
Result<Pipeline> LoadPipeline(const std::string& path);
// Same, on text; `path` is for messages and for resolving relative names.
Result<Pipeline> ParsePipeline(std::string_view text, const std::string& path);

// What the ledger kept of a pipeline: SQL files are not read, for they may be others or gone by now; such steps have no
// query, and the hash is none of the definition's.
Result<Pipeline> ParseRecordedPipeline(std::string_view text, const std::string& path);

// The source that the output is shaped by.
inline const Source& ShapeOf(const Pipeline& pipeline) {
  return pipeline.sources[pipeline.output.shape];
}
// The columns of the output's key besides time, as they are named in sources too.
std::vector<std::string> ExtraColumns(const Output& output);

struct Warning {
  std::int64_t line = 0;
  std::string message;
};
// Things that are allowed and probably not meant (concurrency above max_active_runs, …).
std::vector<Warning> Warnings(const Pipeline& pipeline);

}  // namespace latecomer::pipeline
