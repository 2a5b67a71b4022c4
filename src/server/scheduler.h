// The scheduler of `latecomer serve`: one engine for each pipeline, all on one thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "pipeline/neighbours.h"
#include "server/fleet.h"

namespace latecomer::server {

struct SchedulerOptions {
  Duration watch_every = std::chrono::seconds(1);  // how often tables are looked at whose pipeline file doesn't say
  Duration scan_every = std::chrono::seconds(1);   // how often pipeline files are
  Duration drain = std::chrono::seconds(20);       // what runs at the end has so long to finish
};

class Scheduler {
 public:
  // Told on the scheduler's thread.
  struct Callbacks {
    std::function<void(const std::vector<std::string>& pipelines)> on_files;  // these were read again, or broke
    std::function<void(const std::string& pipeline, const Error& error)> on_error;
  };

  // What `environment` names is used by the scheduler's thread alone from Start until Join returns; the fleet by others
  // too.
  Scheduler(engine::Environment environment, Fleet& fleet, const SchedulerOptions& options, Callbacks callbacks)
      : env_(std::move(environment)), fleet_(fleet), options_(options), callbacks_(std::move(callbacks)) {
    env_.watch_every = options_.watch_every;
  }
  ~Scheduler();

  void Start();
  // From any thread: look now. Of one pipeline when it is named.
  void Wake(const std::string& pipeline = "");
  // From any thread: start nothing more; when what runs has ended, or the time for that is over, put the rest back
  // into the queue and end. A second call doesn't wait.
  void Drain();
  bool draining() const { return drains_ > 0; }
  bool started() const { return scanned_; }  // has looked at the files once
  void Join();
  bool ended() const { return ended_; }

 private:
  // A pipeline at work. One whose definition changed ends what it runs while the new one starts.
  struct Worker {
    std::string id;
    std::unique_ptr<engine::Engine> engine;
    bool retired = false;  // starts nothing more
    bool registered = false;
    int mine = 0;
    bool progressed = false;  // at the last look
    bool read_more = false;   // … as in engine::TickReport
    Instant next{};           // when to look again
  };

  void Loop();
  void Scan(Instant now);
  void Look(Worker& worker, Instant now);
  void TellOthers(std::size_t place, Instant now);
  void FindNeighbours();
  Status Tick(Worker& worker, Instant now);
  void End();
  Duration UntilNext(Instant now) const;

  engine::Environment env_;
  Fleet& fleet_;
  SchedulerOptions options_;
  Callbacks callbacks_;
  std::vector<Worker> workers_;
  pipeline::Neighbours neighbours_{{}};  // of the workers, by their places
  Instant next_scan_{};
  std::thread thread_;
  std::atomic<int> drains_{0};
  std::atomic<bool> scanned_{false};
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::set<std::string> woken_;  // pipelines to look at now; "" for all
};

}  // namespace latecomer::server
