// How a lateness report is shown: to a person, as JSON, as a picture.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/drawing.h"
#include "lateness/lateness_report.h"

namespace latecomer::cli {

// What the report is about.
struct LatenessSubject {
  std::string location;
  std::vector<std::string> columns;
  Calendar calendar;
  VersionRange versions;
};

void PrintLateness(Context& context, const LatenessSubject& subject, const lateness::Arrivals& arrivals,
                   const lateness::LatenessReport& report);
nlohmann::ordered_json LatenessJson(const LatenessSubject& subject, const lateness::Arrivals& arrivals,
                                    const lateness::LatenessReport& report);
// A bar chart of the histogram.
Drawing LatenessDrawing(const LatenessSubject& subject, const lateness::LatenessReport& report);

}  // namespace latecomer::cli
