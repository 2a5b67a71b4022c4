// Where an Airflow is, and how one signs in there.
#pragma once

#include <string>

namespace latecomer::executor {

// Where something secret stands: in a variable of this process, or in a file. Both empty: nowhere.
struct SecretPlace {
  std::string variable{};
  std::string file{};

  bool IsSet() const { return !variable.empty() || !file.empty(); }
};

// A token goes before a user. With neither: the variables LATECOMER_AIRFLOW_TOKEN, or LATECOMER_AIRFLOW_USER and
// LATECOMER_AIRFLOW_PASSWORD; without those, as an Airflow that takes everybody for an administrator (its simple auth
// manager can).
struct AirflowPlace {
  std::string url;        // "https://airflow.example.com/prefix"
  std::string ca_file{};  // empty: the system's
  SecretPlace token{};
  std::string user{};  // as it is, or:
  SecretPlace user_place{};
  SecretPlace password{};
};

}  // namespace latecomer::executor
