#include "storage/object_key.h"

#include "base/text.h"

namespace latecomer::storage {

Status CheckKey(std::string_view key) {
  bool sound = !key.empty() && key.front() != '/' && key.find('\0') == std::string_view::npos;
  for (const std::string_view part : Split(key, '/')) sound = sound && part != ".." && part != ".";
  if (sound) return {};
  return Fail(ErrorKind::kInvalidArgument, "'" + Printable(key) + "' is no key inside a table's folder");
}

}  // namespace latecomer::storage
