// Who holds a claim: this process on this machine since its last start, told apart from any later
// process of the same number.
#pragma once

#include <string>

#include "engine/environment.h"

namespace latecomer::cli {

// "<host>/<boot id>/<pid namespace>/<pid>/<start time>"
std::string ThisHolder();

engine::HolderState ProbeHolder(const std::string& holder);

}  // namespace latecomer::cli
