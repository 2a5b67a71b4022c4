#include "generate/builtin.h"

#include "base/text.h"

namespace latecomer::generate {
namespace {

// The same text stands in examples/devices/devices.yaml; a test compares the two.
constexpr std::string_view kDevices =
    R"yaml(# Devices as they register: a type, a model of that type, and the system version that the model runs.
#
#   latecomer generate --spec examples/devices/devices.yaml -o dataset/input/dataset.json
#
# is the same as `latecomer generate devices`. To get an event time with late rows, say in which partition "now" is:
#
#   latecomer generate devices --late-rows 70% --event-time event_time --current 2024-01-02
entity: devices
rows: 100
format: json
fields:
  - name: type
    values: {galaxy: 35%, iphone: 30%, ipad: 10%, pixel: 10%, lg: 8%, htc: 7%}
  - name: full_name
    depends_on: type
    values:
      galaxy: [Galaxy S20, Galaxy S21, Galaxy S22, Galaxy Camera, Galaxy W, Galaxy Nexus]
      iphone: [APPLE iPhone 11, APPLE iPhone 12, APPLE iPhone 13, APPLE iPhone SE]
      ipad: [APPLE iPad Air, APPLE iPad Mini, APPLE iPad Pro]
      pixel: [Pixel 6, Pixel 7, Pixel 7 Pro]
      lg: [Intuition, Spectrum, G2x, Nexus 4]
      htc: [Evo 3d, Sensation, Amaze 4g, One M8]
  - name: version
    depends_on: type
    values:
      galaxy: {Android 11: 20%, Android 12: 30%, Android 13: 50%}
      iphone: {iOS 15: 20%, iOS 16: 30%, iOS 17: 50%}
      ipad: {iPadOS 15: 20%, iPadOS 16: 30%, iPadOS 17: 50%}
      pixel: {Android 12: 20%, Android 13: 40%, Android 14: 40%}
      lg: [Android 9, Android 10, Android 11]
      htc: [Android 9, Android 10]
)yaml";

}  // namespace

std::vector<std::string> BuiltinNames() {
  return {"devices"};
}

Result<std::string_view> BuiltinSpec(std::string_view name) {
  if (name == "devices") return kDevices;
  const auto nearest = NearestWord(name, BuiltinNames());
  return Fail(
      Error(ErrorKind::kNotFound, "there is no built-in entity '" + Printable(name) + "'")
          .Hint(nearest ? "did you mean '" + *nearest + "'?" : "built in is: devices; or give a file with --spec"));
}

}  // namespace latecomer::generate
