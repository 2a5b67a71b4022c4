// What every back end demands of a key.
#pragma once

#include <string_view>

#include "base/result.h"

namespace latecomer::storage {

// Keys stay inside the store's root: not empty, no '/' in front, no part "." or "..", no NUL byte.
// kInvalidArgument otherwise.
Status CheckKey(std::string_view key);

}  // namespace latecomer::storage
