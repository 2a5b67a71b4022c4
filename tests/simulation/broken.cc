#include "broken.h"

#include <stdexcept>

namespace latecomer::simulation {

std::vector<VariantName> BrokenVariants() {
  return {};
}

Variant MakeVariant(const std::string& name) {
  if (name.empty()) return {};
  throw std::invalid_argument("there is no broken variant " + name);
}

}  // namespace latecomer::simulation
