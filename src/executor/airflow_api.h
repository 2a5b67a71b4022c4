// What latecomer asks of Airflow 3: its REST API (/api/v2) and the sign-in that gives a token for it (/auth/token).
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "executor/airflow_place.h"
#include "http/client.h"
#include "storage/environment.h"

namespace latecomer::executor {

// One DAG run.
struct DagRunName {
  std::string dag;
  std::string run;
};

enum class DagRunState { kQueued, kRunning, kSuccess, kFailed };

struct AirflowTask {
  std::string id;
  int map_index = -1;  // -1: not mapped
  int try_number = 0;
  std::string state{};  // Airflow's word; empty: none yet

  std::string Name() const { return map_index < 0 ? id : id + "[" + std::to_string(map_index) + "]"; }
};

// The end of what a task's last try said.
struct AirflowLog {
  std::string lines;
  std::string cause;  // the last exception, or error, or line; short
};

// Calls may be made from several threads. What Airflow says in an error is made printable and short; no error holds a
// secret. Kinds: kIo, it can't be reached or is in trouble, later may help; kPermission, it refuses who asks;
// kNotFound, it has no such DAG or run; kInvalidArgument, it doesn't take what it is asked; kUnsupported, what answers
// is no API of Airflow 3; kUnknownOutcome, of a change: it may have happened.
class AirflowApi {
 public:
  AirflowApi(AirflowPlace place, storage::Environment environment);

  // Makes the run; kConflict when there is one of this name. `conf` is a JSON object.
  Status Trigger(const DagRunName& name, const std::string& conf);
  Result<DagRunState> Find(const DagRunName& name);
  // Ends it as failed, with its tasks.
  Status MarkFailed(const DagRunName& name);
  // The first few hundred.
  Result<std::vector<AirflowTask>> Tasks(const DagRunName& name);
  Result<AirflowLog> LogEnd(const DagRunName& name, const AirflowTask& task);
  Result<bool> IsPaused(const std::string& dag);

  // For people, in Airflow's own UI.
  std::string PageOf(const DagRunName& name) const;

 private:
  struct Ask;
  Result<http::Response> Send(const Ask& ask);
  Result<http::Response> SendOnce(const Ask& ask, const std::string& token);
  Result<std::string> Token(const std::string& refused);
  Result<std::string> FetchToken();
  Result<std::string> SignIn(const std::string& user, const std::string& password);
  Result<std::string> Secret(const SecretPlace& place) const;

  const AirflowPlace place_;
  const storage::Environment environment_;
  http::Client client_;
  std::mutex mutex_;
  std::string token_;  // empty: none yet
};

}  // namespace latecomer::executor
