// A short text that stands for an attempt.
#pragma once

#include <string>

#include "executor/executor.h"

namespace latecomer::executor {

// 64 hexadecimal digits.
std::string AttemptDigest(const AttemptName& name);

}  // namespace latecomer::executor
