// The seam for running steps: start an attempt, ask how it is, end it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/cadence.h"
#include "base/result.h"
#include "base/time.h"
#include "base/version.h"
#include "executor/airflow_place.h"
#include "table/partition_key.h"
#include "table/table_writer.h"

namespace latecomer::executor {

// A program, with its arguments as a list; templates are filled in already.
struct CommandWork {
  std::vector<std::string> argv;
};

// A query over pinned sources whose rows become the output partition.
struct SqlWork {
  struct SourceView {
    std::string name;                                        // of the view
    std::string location;                                    // of the table
    Version version;                                         // pinned
    std::function<bool(const table::PartitionKey&)> mapped;  // which source partitions the view holds
    // When set, of those only the ones with the greatest value, and none without a value.
    std::function<std::optional<LocalTime>(const table::PartitionKey&)> newest_by{};
  };
  std::string query;       // exactly one SELECT; templates are filled in already
  std::string query_file;  // for messages; empty when inline
  std::vector<SourceView> sources;
  std::string into;               // location of the output table
  table::PartitionKey partition;  // output key; the columns named in it may be left out by the query
  table::PartitionSchema partition_columns;
  std::string time_zone = "UTC";
  table::WriteTransaction transaction;
};

// What a job that reads the sources and writes its output itself is told. How it does is only seen in the output when
// it has ended.
struct JobWork {
  std::map<std::string, std::string> values;  // dotted name → value; a Spark job has each as spark.latecomer.<name>
  std::vector<SqlWork::SourceView> sources;
  std::string into;  // location of the declared output; empty: none
  table::PartitionKey partition;
  table::PartitionSchema partition_columns;
  std::string time_zone = "UTC";
  table::WriteTransaction transaction;
};

// An application that spark-submit starts; templates are filled in already.
struct SparkWork : JobWork {
  enum class Kind { kPython, kJar, kSql };
  Kind kind = Kind::kPython;
  std::string application;  // absolute path or URI; of a query only for messages
  std::string query;        // with kSql: in Spark's SQL, what a SqlWork has in DuckDB's
  std::string name;         // of the application, as Spark shows it
  std::string main_class;   // empty: the jar's own
  std::string master;       // empty: Spark's configuration says
  std::string home;         // empty: SPARK_HOME, else spark-submit in PATH
  std::vector<std::string> packages;
  std::vector<std::string> jars;
  std::vector<std::string> py_files;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> conf;
};

// A DAG run of an Airflow's; templates are filled in already.
struct AirflowWork : JobWork {
  AirflowPlace place;
  std::string dag;
  std::map<std::string, std::string> conf;  // of the DAG run, beside what it is told as `latecomer`
};

// Which attempt it is; no two have the same, in whatever ledger, nor after one was restored from a backup.
struct AttemptName {
  std::string ledger_id;
  std::string pipeline;
  std::string run_id;
  int try_number = 0;
  std::string step;
  int number = 0;
  Instant started{};
};

struct AttemptSpec {
  AttemptName name;
  std::string folder;          // absolute, own to this attempt: scratch files, process identity; made by the executor
  std::string log;             // absolute path; appended to, made with its folder by the executor
  std::string working_folder;  // absolute; where a command runs
  // In addition to the scheduler's own, which only processes of this machine have: it holds secrets.
  std::map<std::string, std::string> environment;
  std::optional<Duration> timeout;
  // Of an attempt that a scheduler which is gone may have started: how long ago. Work that outlives its scheduler is
  // found again, and nothing is started twice.
  std::optional<Duration> started_before{};
  std::variant<CommandWork, SqlWork, SparkWork, AirflowWork> work;
};

enum class Phase { kRunning, kSucceeded, kFailed };

struct AttemptStatus {
  Phase phase = Phase::kRunning;
  std::optional<int> exit_code;  // of the process; 128 + signal when a signal ended it
  std::string message;  // "exit code 3", "timed out after 1h", "killed by signal 9", or what the SQL engine said
  // While it is running: what a job outside this machine does or waits for; empty for what runs here.
  std::string outside;
  // What the attempt wrote, as far as it is known.
  std::optional<table::WriteReport> written;
};

class Executor {
 public:
  virtual ~Executor() = default;

  // Starts the work and returns at once with a handle that outlives this process.
  virtual Result<std::string> Start(const AttemptSpec& spec) = 0;
  // Of an attempt this process started. A timeout that has passed ends the attempt.
  virtual Result<AttemptStatus> Poll(const std::string& handle) = 0;
  // Ends the whole process group: SIGTERM, after `grace` SIGKILL. Returns at once; Poll shows the end.
  virtual Status Cancel(const std::string& handle, Duration grace) = 0;
  // Whether such work goes on when this process dies: a job outside. Start finds it again, and then goes on with it.
  virtual bool Outlives(const AttemptSpec&) const { return false; }
  // Of an attempt that another scheduler went on with: this one leaves it alone. What dies with this process is
  // cancelled.
  virtual Status Release(const std::string& handle) { return Cancel(handle, Duration(0)); }
  // After a crash: makes sure nothing of the attempt in `folder` lives any more (kills what is left of
  // its process group, deletes a job outside). Returns when that is certain; kUnknownOutcome when it can't be made
  // certain (another machine); kConflict when a job outside has been told to end and hasn't yet, or can't be reached.
  virtual Status EnsureDead(const std::string& folder) = 0;
  // Blocks until some attempt's state may have changed, `Wake` was called, or the time is up.
  virtual void Wait(Duration at_most) = 0;
  // From any thread or signal handler.
  virtual void Wake() = 0;
};

}  // namespace latecomer::executor
