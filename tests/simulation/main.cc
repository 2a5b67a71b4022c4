// latecomer-sim: weeks of operation of the real engine in milliseconds, with everything that can go wrong, and
// the promises checked after each step. docs/simulation.md says what is modelled.
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "simulation.h"

namespace latecomer::simulation {
namespace {

constexpr const char* kUsage =
    "usage: latecomer-sim [--seed N | --seeds A..B] [--steps M] [--broken NAME] [--trace] | --prove [--seeds A..B]\n"
    "  --seed N      one seed (default 1); --trace prints what happens in it\n"
    "  --seeds A..B  a range; stops at the first seed that breaks a promise and prints its trace\n"
    "  --steps M     steps of each seed (default 500)\n"
    "  --broken NAME with a variant in which a promise can't hold\n"
    "  --prove       for each of those variants, the first seed that finds it; fails when one isn't found\n";

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  int steps = 500;
  std::string broken;
  bool trace = false;
  bool prove = false;
  bool range_given = false;
};

std::uint64_t ParseNumber(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) throw std::invalid_argument("no number: " + text);
  return number;
}

Arguments ParseArguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto value = [&]() -> const std::string& {
      if (i + 1 == words.size()) throw std::invalid_argument(words[i] + " needs a value");
      return words[++i];
    };
    if (words[i] == "--seed") {
      arguments.first = arguments.last = ParseNumber(value());
    } else if (words[i] == "--seeds") {
      const std::string& range = value();
      const std::size_t dots = range.find("..");
      if (dots == std::string::npos) throw std::invalid_argument("--seeds takes A..B");
      arguments.first = ParseNumber(range.substr(0, dots));
      arguments.last = ParseNumber(range.substr(dots + 2));
      arguments.range_given = true;
    } else if (words[i] == "--steps") {
      arguments.steps = static_cast<int>(ParseNumber(value()));
    } else if (words[i] == "--broken") {
      arguments.broken = value();
    } else if (words[i] == "--trace") {
      arguments.trace = true;
    } else if (words[i] == "--prove") {
      arguments.prove = true;
    } else {
      throw std::invalid_argument("unknown argument " + words[i]);
    }
  }
  return arguments;
}

// The violation a seed ends with; nullopt when it keeps all promises.
std::optional<Violation> RunSeed(const Arguments& arguments, std::uint64_t seed, bool trace, SimulationCounts& counts) {
  SimulationOptions options{.seed = seed, .steps = arguments.steps, .broken = arguments.broken, .trace = {}};
  if (trace) options.trace = [](const std::string& line) { std::cout << line << '\n'; };
  Simulation simulation(options);
  std::optional<Violation> violation;
  try {
    simulation.Run();
  } catch (const Violation& broken) {
    violation = broken;
  }
  counts.ticks += simulation.counts().ticks;
  counts.commits += simulation.counts().commits;
  counts.processings += simulation.counts().processings;
  counts.crashes += simulation.counts().crashes;
  counts.restores += simulation.counts().restores;
  return violation;
}

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

void PrintCounts(std::uint64_t seeds, const SimulationCounts& counts, double seconds) {
  std::cout << seeds << " seeds in " << seconds << " s: " << static_cast<double>(seeds) / seconds << " seeds/s, "
            << static_cast<double>(counts.ticks) / seconds << " engine ticks/s; " << counts.commits << " commits, "
            << counts.processings << " partitions processed, " << counts.crashes << " crashes, " << counts.restores
            << " ledgers restored\n";
}

int RunRange(const Arguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  SimulationCounts counts;
  for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) {
    const auto violation = RunSeed(arguments, seed, arguments.trace, counts);
    if (!violation) continue;
    if (!arguments.trace) RunSeed(arguments, seed, true, counts);
    std::cout << "seed " << seed << " breaks promise " << violation->promise << ": " << violation->what << '\n';
    return 1;
  }
  PrintCounts(arguments.last - arguments.first + 1, counts, Seconds(begin));
  return 0;
}

int Prove(Arguments arguments) {
  constexpr std::uint64_t kEnough = 2000;
  if (!arguments.range_given) arguments.last = kEnough;
  int missed = 0;
  for (const VariantName& variant : BrokenVariants()) {
    if (!arguments.broken.empty() && arguments.broken != variant.name) continue;
    Arguments one = arguments;
    one.broken = variant.name;
    std::optional<Violation> found;
    SimulationCounts counts;
    std::uint64_t seed = one.first;
    for (; seed <= one.last && !found; ++seed) found = RunSeed(one, seed, false, counts);
    std::cout << variant.name << ": ";
    if (found) {
      std::cout << "seed " << seed - 1 << ", promise " << found->promise << ": " << found->what << '\n';
    } else {
      std::cout << "NOT FOUND in seeds " << one.first << " to " << one.last << '\n';
      ++missed;
    }
    std::cout << std::flush;
  }
  return missed == 0 ? 0 : 1;
}

int Main(const std::vector<std::string>& words) {
  try {
    const Arguments arguments = ParseArguments(words);
    return arguments.prove ? Prove(arguments) : RunRange(arguments);
  } catch (const std::invalid_argument& problem) {
    std::cerr << problem.what() << '\n' << kUsage;
    return 2;
  }
}

}  // namespace
}  // namespace latecomer::simulation

int main(int argc, char** argv) {
  return latecomer::simulation::Main(std::vector<std::string>(argv + 1, argv + argc));
}
