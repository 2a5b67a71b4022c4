// latecomer-sim: weeks of operation of the real engine in milliseconds, with everything that can go wrong, and
// the promises checked after each step. docs/simulation.md says what is modelled.
#include <atomic>
#include <charconv>
#include <chrono>
#include <ctime>
#include <exception>
#include <iostream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "simulation.h"

namespace latecomer::simulation {
namespace {

constexpr const char* kUsage =
    "usage: latecomer-sim [--seed N | --seeds A..B] [--steps M] [--jobs J] [--broken NAME] [--trace]\n"
    "       latecomer-sim --prove [--seeds A..B] [--steps M] [--jobs J] [--broken NAME,NAME]\n"
    "  --seed N      one seed (default 1); --trace prints what happens in it\n"
    "  --seeds A..B  a range; stops at the first seed that breaks a promise and prints its trace\n"
    "  --steps M     steps of each seed (default 500)\n"
    "  --jobs J      threads (default 1)\n"
    "  --broken NAME with a variant in which a promise can't hold\n"
    "  --prove       for each of those variants, the first seed that finds it; fails when one isn't found\n";

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  int steps = 500;
  int jobs = 1;
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
    } else if (words[i] == "--jobs") {
      arguments.jobs = static_cast<int>(ParseNumber(value()));
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

void Add(const SimulationCounts& one, SimulationCounts& all) {
  all.ticks += one.ticks;
  all.transactions += one.transactions;
  all.commits += one.commits;
  all.processings += one.processings;
  all.crashes += one.crashes;
  all.restores += one.restores;
  all.losses += one.losses;
  all.outside += one.outside;
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
  Add(simulation.counts(), counts);
  return violation;
}

struct Found {
  std::uint64_t seed = 0;
  Violation violation;
};

// Runs the seeds on several threads; the first seed, by number, that breaks a promise. Later ones need not run.
std::optional<Found> RunSeeds(const Arguments& arguments, SimulationCounts& counts) {
  std::atomic<std::uint64_t> next = arguments.first;
  std::mutex guard;
  std::optional<Found> found;
  std::exception_ptr problem;
  const auto work = [&] {
    SimulationCounts mine;
    try {
      for (std::uint64_t seed = next++; seed <= arguments.last; seed = next++) {
        const auto violation = RunSeed(arguments, seed, arguments.trace, mine);
        if (!violation) continue;
        next = arguments.last + 1;
        const std::lock_guard lock(guard);
        if (!found || seed < found->seed) found = Found{seed, *violation};
      }
    } catch (...) {
      next = arguments.last + 1;
      const std::lock_guard lock(guard);
      problem = std::current_exception();
    }
    const std::lock_guard lock(guard);
    Add(mine, counts);
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < arguments.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (problem) std::rethrow_exception(problem);
  return found;
}

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// Of all threads since the program began.
double ProcessorSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int RunRange(const Arguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  SimulationCounts counts;
  if (const auto found = RunSeeds(arguments, counts)) {
    if (!arguments.trace) RunSeed(arguments, found->seed, true, counts);
    std::cout << "seed " << found->seed << " breaks promise " << found->violation.promise << ": "
              << found->violation.what << '\n';
    return 1;
  }
  const double processor = ProcessorSeconds();
  const auto seeds = static_cast<double>(arguments.last - arguments.first + 1);
  const auto per_second = [&](double count) { return static_cast<std::int64_t>(count / processor); };
  std::cout << seeds << " seeds in " << Seconds(begin) << " s; of a core's time " << processor << " s, in each second "
            << per_second(seeds * arguments.steps) << " steps, " << per_second(static_cast<double>(counts.ticks))
            << " looks of an engine, " << per_second(static_cast<double>(counts.transactions))
            << " ledger transactions\n"
            << counts.commits << " commits, " << counts.processings << " partitions processed, " << counts.crashes
            << " crashes, " << counts.restores << " ledgers put back, " << counts.losses << " lost, " << counts.outside
            << " jobs of workers outside\n";
  return 0;
}

// "a,b" has a and b; an empty list has all.
bool IsListed(const std::string& list, const std::string& name) {
  return list.empty() || ("," + list + ",").find("," + name + ",") != std::string::npos;
}

int Prove(Arguments arguments) {
  constexpr std::uint64_t kEnough = 2000;
  if (!arguments.range_given) arguments.last = kEnough;
  int missed = 0;
  for (const VariantName& variant : BrokenVariants()) {
    if (!IsListed(arguments.broken, variant.name)) continue;
    Arguments one = arguments;
    one.broken = variant.name;
    SimulationCounts counts;
    const auto found = RunSeeds(one, counts);
    std::cout << variant.name << " (" << variant.what << "): ";
    if (found) {
      std::cout << "seed " << found->seed << " breaks promise " << found->violation.promise << ": "
                << found->violation.what << std::endl;
    } else {
      std::cout << "NOT FOUND in seeds " << one.first << " to " << one.last << std::endl;
      ++missed;
    }
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
