// The log of a pod's container as it comes, without what came before.
#pragma once

#include <string>
#include <string_view>

#include "executor/attempt_log.h"

namespace latecomer::executor {

// The API server puts a time before each line. Up to which one the log was taken stands in a file of the attempt, so
// that a later process goes on where this one was; a line that was cut is taken whole.
class PodLog {
 public:
  // `position`: path of the file.
  explicit PodLog(std::string position);

  // The pod whose log comes now; what was taken of another one doesn't count.
  void Begin(const std::string& pod_uid);
  // Bytes as they come: whole lines go to `log`.
  void Take(std::string_view bytes, const AttemptLog& log);
  // The stream ended: the rest of a line that had no end.
  void Flush(const AttemptLog& log);
  // From which time on to ask (RFC 3339, whole seconds); empty: from the beginning.
  std::string Since() const;

 private:
  void TakeLine(std::string_view line, std::string& taken);
  void Keep() const;

  std::string position_;
  std::string pod_uid_;
  std::string newest_;   // time of the newest line taken, as the server wrote it
  std::string waiting_;  // a line that isn't whole yet
};

}  // namespace latecomer::executor
