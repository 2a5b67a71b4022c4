// A watch: what changes about objects, as the API server tells it line by line.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace latecomer::kubernetes {

// "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", with the object, or the Status of an error.
using OnEvent = std::function<void(const std::string& type, const nlohmann::json& object)>;

// Cuts what comes into events.
class WatchReader {
 public:
  explicit WatchReader(OnEvent on_event) : on_event_(std::move(on_event)) {}

  // Lines that are no events are passed over: what they may have said is seen at the next look.
  void Take(std::string_view bytes);

 private:
  OnEvent on_event_;
  std::string waiting_;  // a line that isn't whole yet
};

}  // namespace latecomer::kubernetes
