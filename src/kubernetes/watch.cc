#include "kubernetes/watch.h"

#include <nlohmann/json.hpp>

namespace latecomer::kubernetes {

using nlohmann::json;

void WatchReader::Take(std::string_view bytes) {
  waiting_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = waiting_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const json event = json::parse(waiting_.begin() + static_cast<std::ptrdiff_t>(begin),
                                   waiting_.begin() + static_cast<std::ptrdiff_t>(end), nullptr,
                                   /*allow_exceptions=*/false);
    const bool is_event = event.is_object() && event.contains("type") && event["type"].is_string() &&
                          event.contains("object") && event["object"].is_object();
    if (is_event) on_event_(event["type"].get<std::string>(), event["object"]);
  }
  waiting_.erase(0, begin);
}

}  // namespace latecomer::kubernetes
