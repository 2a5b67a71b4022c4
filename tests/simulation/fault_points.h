// The places where a scheduler can be hit: between any two things it does to the world outside.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace latecomer::simulation {

// Thrown where a process dies. Whoever catches it drops the engine: nothing of its memory is used again.
struct SimulatedCrash {
  std::string where;
};

inline constexpr const char* kSimulatedError = "simulated I/O error";

class FaultPoints {
 public:
  enum class MayFail { kNo, kYes };

  // Each counts points down; 0: off.
  int crash_in = 0;
  int error_in = 0;      // an I/O error at that point, or the next one that may fail
  int interrupt_in = 0;  // something else happens first: another scheduler works, a commit lands, time passes
  std::function<void()> interrupt;
  // For cases that are written down: what happens at which point; comes before the counters.
  std::function<Status(const std::string& where)> script;

  Status Pass(const std::string& where, MayFail may_fail) {
    if (script) LATECOMER_RETURN_IF_ERROR(script(where));
    if (interrupt_in > 0 && --interrupt_in == 0 && interrupt) interrupt();
    if (crash_in > 0 && --crash_in == 0) throw SimulatedCrash{where};
    if (error_in > 1) --error_in;
    if (error_in == 1 && may_fail == MayFail::kYes) {
      error_in = 0;
      return Fail(ErrorKind::kIo, std::string(kSimulatedError) + ": " + where);
    }
    return {};
  }
};

}  // namespace latecomer::simulation
