// `latecomer serve`: the scheduler, the API and the web UI in one process.
#include <sys/resource.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <ostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/delta_catalog.h"
#include "cli/holder.h"
#include "cli/lease_option.h"
#include "cli/run_executor.h"
#include "cli/server_ledger.h"
#include "cli/workspace.h"
#include "server/app.h"
#include "server/open_lineage.h"
#include "server/pump.h"
#include "server/scheduler.h"
#include "server/secrets.h"

namespace latecomer::cli {
namespace {

struct ServeOptions {
  std::string pipelines;
  std::string ledger;
  server::HttpOptions http{.port = 8080};
  std::string watch_every = "1s";
  std::string drain = "20s";
  std::string lease = "1m";
  std::string open_lineage;  // a path, or an HTTP address; empty: none
  bool demo = false;
  bool open_metrics = false;
  bool yes = false;  // long first runs begin unasked
};

constexpr const char* kDemoUser = "dedp";
constexpr const char* kDemoPassword = "dedp";
constexpr std::chrono::milliseconds kPumpPause{100};

bool IsLoopback(const std::string& host) {
  return host.starts_with("127.") || host == "::1";
}

// Lines about what happened, one at a time from whichever thread.
class Log {
 public:
  Log(Context& context) : context_(context) {}
  void Line(const std::string& text) {
    const std::lock_guard lock(mutex_);
    context_.err << FormatInstant(context_.clock.Now()) << "  " << text << std::endl;
  }

 private:
  Context& context_;
  std::mutex mutex_;
};

// What the engines tell goes to the log and the counters.
class Reporter final : public engine::Listener {
 public:
  Reporter(Log& log, server::Counters& counters, server::LineageSender* lineage)
      : log_(log), counters_(counters), lineage_(lineage) {}

  void OnObserved(const std::string& location, Version newest, std::int64_t new_commits,
                  const std::string& note) override {
    log_.Line(Printable(location) + " is at version " + std::to_string(newest.value) + " (" +
              std::to_string(new_commits) + " new)" + (note.empty() ? "" : "; " + Printable(note)));
  }
  void OnRun(const ledger::RunRecord& run) override {
    log_.Line(Printable(run.pipeline) + "  " + Printable(run.run_id) + "  " + std::string(Name(run.state)) +
              (run.message.empty() ? "" : ": " + Printable(run.message)));
    if (!ledger::IsOpen(run.state)) counters_.RunEnded(run);
    if (lineage_ != nullptr) lineage_->OnRun(run);
  }
  void OnStep(const ledger::RunRecord& /*run*/, const ledger::StepRecord& /*step*/) override {}

 private:
  Log& log_;
  server::Counters& counters_;
  server::LineageSender* lineage_;
};

// A thousand watchers need a thousand descriptors.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<bool> HasDemoUser(ledger::Accounts& accounts) {
  LATECOMER_ASSIGN_OR_RETURN(const auto user, accounts.FindUser(kDemoUser));
  return user && server::PasswordMatches(user->password_hash, kDemoPassword);
}

// The demo's user exists with --demo; without it, nobody with a password known to all may be let in from outside.
Status PrepareUsers(Context& context, const ServeOptions& options, ledger::Accounts& accounts) {
  if (options.demo) {
    if (!IsLoopback(options.http.host)) {
      return Fail(Error(ErrorKind::kInvalidArgument,
                        "--demo has a password that everybody knows, so it listens on "
                        "127.0.0.1 only")
                      .Hint("leave out --host, or --demo"));
    }
    LATECOMER_ASSIGN_OR_RETURN(const auto there, accounts.FindUser(kDemoUser));
    if (there) return {};
    ledger::UserRecord user;
    user.name = kDemoUser;
    user.role = ledger::Role::kAdmin;
    user.created = context.clock.Now();
    LATECOMER_ASSIGN_OR_RETURN(user.password_hash, server::HashPassword(kDemoPassword));
    return accounts.InsertUser(user);
  }
  if (IsLoopback(options.http.host)) return {};
  LATECOMER_ASSIGN_OR_RETURN(const auto users, accounts.Users());
  if (users.empty()) {
    return Fail(Error(ErrorKind::kInvalidArgument, "there is no user yet, so only this machine may connect; " +
                                                       options.http.host + " is open to others")
                    .Hint("`latecomer users add NAME --role admin --pipelines " + options.pipelines + "` first"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const bool demo, HasDemoUser(accounts));
  if (!demo) return {};
  return Fail(Error(ErrorKind::kInvalidArgument, "the demo's user has a password that everybody knows")
                  .Hint("`latecomer users passwd dedp` or `latecomer users remove dedp` first"));
}

// Everything that lives as long as the server does, in the order of its making.
class Server {
 public:
  Server(Context& context, const ServeOptions& options, LedgerPlace place, std::unique_ptr<ledger::Ledger> ledger)
      : context_(context),
        options_(options),
        place_(std::move(place)),
        log_(context),
        ledger_(std::move(ledger)),
        catalog_(MakeDeltaCatalog(context.clock, context.random)),
        executor_(MakeRunExecutor(context, *catalog_)),
        stores_([this] { return OpenStore(place_, context_.random); }),
        fleet_(options.pipelines) {}

  Status Run();

 private:
  server::AppSettings Settings() const {
    return {.prefix = options_.http.prefix,
            .instance = MakeUuid(context_.random),
            .ledger_id = ledger_->id(),
            .log_root = place_.state_folder + "/logs",
            .tls = !options_.http.tls_certificate.empty(),
            .demo = options_.demo,
            .open_metrics = options_.open_metrics};
  }
  void Announce(int port);
  Result<server::SchedulerOptions> ScheduleOptions() const;

  Context& context_;
  const ServeOptions& options_;
  const LedgerPlace place_;
  Log log_;
  std::unique_ptr<ledger::Ledger> ledger_;  // the scheduler's
  std::unique_ptr<table::Catalog> catalog_;
  std::unique_ptr<executor::Executor> executor_;
  server::StorePool stores_;
  server::Fleet fleet_;
  server::EventHub hub_;
};

Result<server::SchedulerOptions> Server::ScheduleOptions() const {
  server::SchedulerOptions schedule;
  LATECOMER_ASSIGN_OR_RETURN(schedule.watch_every, ParseDuration(options_.watch_every));
  LATECOMER_ASSIGN_OR_RETURN(schedule.drain, ParseDuration(options_.drain));
  if (schedule.watch_every < std::chrono::milliseconds(50)) {
    return Fail(ErrorKind::kInvalidArgument, "--watch-every is at least 50ms");
  }
  return schedule;
}

void Server::Announce(int port) {
  const bool v6 = options_.http.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + options_.http.host + "]" : options_.http.host;
  const std::string scheme = options_.http.tls_certificate.empty() ? "http" : "https";
  context_.out << "latecomer is at " << scheme << "://" << host << ":" << port << options_.http.prefix << "/"
               << std::endl;
  if (options_.demo) context_.out << "sign in as dedp with the password dedp" << std::endl;
}

Status Server::Run() {
  LATECOMER_ASSIGN_OR_RETURN(const server::SchedulerOptions schedule, ScheduleOptions());
  LATECOMER_ASSIGN_OR_RETURN(const Duration lease, ParseLease(options_.lease));
  {
    LATECOMER_ASSIGN_OR_RETURN(const auto store, stores_.Take());
    LATECOMER_RETURN_IF_ERROR(PrepareUsers(context_, options_, *store->accounts));
  }
  server::Scheduler* scheduler = nullptr;
  server::App app(Settings(), context_.clock, context_.random, *catalog_, stores_, fleet_, hub_,
                  {.wake = [&scheduler](const std::string& pipeline) { scheduler->Wake(pipeline); },
                   .ready = [&scheduler] { return scheduler->started() && !scheduler->draining(); },
                   .log = [this](const std::string& text) { log_.Line(Printable(text)); }},
                  {.make_executor = [this] { return MakeRunExecutor(context_, *catalog_); },
                   .probe_holder = ProbeHolder,
                   .state_folder = place_.state_folder,
                   .asks_before_first_run = !options_.yes});
  server::Application application(app);
  LATECOMER_ASSIGN_OR_RETURN(const auto http, server::HttpServer::Open(options_.http, application));
  server::EventPump pump(app);
  LATECOMER_RETURN_IF_ERROR(pump.Begin());
  std::unique_ptr<server::LineageSender> lineage;
  if (!options_.open_lineage.empty()) {
    lineage = std::make_unique<server::LineageSender>(
        options_.open_lineage, server::LineageSettings{.ledger_id = ledger_->id()}, stores_, fleet_, context_.clock,
        [this](const std::string& text) { log_.Line(Printable(text)); });
  }
  Reporter reporter(log_, app.counters, lineage.get());
  app.claims.listener = &reporter;
  engine::Environment environment{.ledger = *ledger_,
                                  .catalog = *catalog_,
                                  .executor = *executor_,
                                  .clock = context_.clock,
                                  .random = context_.random,
                                  .holder = ThisHolder(),
                                  .probe_holder = ProbeHolder,
                                  .state_folder = place_.state_folder,
                                  .listener = &reporter,
                                  .lease = lease,
                                  .asks_before_first_run = !options_.yes};
  server::Scheduler loop(environment, fleet_, schedule,
                         {.on_files = [&](const std::vector<std::string>& ids) { pump.PublishFiles(ids); },
                          .on_error =
                              [this](const std::string& pipeline, const Error& error) {
                                log_.Line(Printable(pipeline) + "  " + Printable(error.ToString()));
                              }});
  scheduler = &loop;
  http->OnSignal([&] {
    if (!loop.draining()) log_.Line("stopping: what runs has " + options_.drain + " to finish");
    loop.Drain();
  });
  http->Every(kPumpPause, [&] {
    if (const Status done = pump.Step(); !done) log_.Line(Printable(done.error().ToString()));
    if (!loop.ended()) return;
    hub_.CloseAll();
    http->Stop();
  });
  loop.Start();
  const auto watch = WatchLedger(place_, ledger_->id(), [&loop](const std::string& pipeline) { loop.Wake(pipeline); });
  Announce(http->port());
  http->Run();
  loop.Join();
  log_.Line("stopped");
  return {};
}

Status CheckPrefix(std::string& prefix) {
  while (prefix.ends_with('/')) prefix.pop_back();
  if (prefix.empty()) return {};
  const bool fits = prefix.starts_with('/') &&
                    prefix.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS"
                        "TUVWXYZ0123456789-_./") == std::string::npos &&
                    prefix.find("//") == std::string::npos;
  if (fits) return {};
  return Fail(Error(ErrorKind::kInvalidArgument, "--prefix is a path: /latecomer"));
}

Status Serve(Context& context, ServeOptions options) {
  LATECOMER_RETURN_IF_ERROR(CheckPrefix(options.http.prefix));
  LATECOMER_ASSIGN_OR_RETURN(const std::string folder, AbsoluteFolder(options.pipelines));
  LATECOMER_ASSIGN_OR_RETURN(LedgerPlace place, FindLedger(options.ledger, folder));
  std::error_code error;
  options.pipelines = std::filesystem::absolute(options.pipelines, error).lexically_normal().string();
  RaiseDescriptorLimit();
  LATECOMER_ASSIGN_OR_RETURN(auto ledger, OpenServerLedger(place, context.random));
  Server server(context, options, std::move(place), std::move(ledger));
  return server.Run();
}

}  // namespace

void AddServeCommand(CommandLine& line) {
  CLI::App* command =
      AddCommand(line, "serve", "Run the scheduler, the API and the web UI",
                 "latecomer serve --pipelines examples/devices --demo\n"
                 "latecomer serve --pipelines pipelines --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem\n"
                 "latecomer serve --pipelines pipelines --prefix /latecomer --port 9000");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("--pipelines", options->pipelines, "Folder of pipeline files, with those below it; or one file")
      ->required()
      ->type_name("DIR");
  command->add_option("--host", options->http.host, "The address to listen on")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command->add_option("--port", options->http.port, "0: any that is free")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--prefix", options->http.prefix, "Path below which it lives behind a proxy")->type_name("PATH");
  command->add_option("--tls-cert", options->http.tls_certificate, "Certificate chain in PEM form")->type_name("FILE");
  command->add_option("--tls-key", options->http.tls_key, "Its private key in PEM form")->type_name("FILE");
  command->add_option("--ledger", options->ledger, kLedgerOptionHelp)->type_name("URL");
  command
      ->add_option("--watch-every", options->watch_every,
                   "How often tables are looked at for new commits, unless their pipeline file says")
      ->type_name("TIME")
      ->capture_default_str();
  command->add_option("--drain", options->drain, "At SIGTERM, how long what runs may finish")
      ->type_name("TIME")
      ->capture_default_str();
  AddLeaseOption(command, options->lease);
  command->add_option("--open-lineage", options->open_lineage, "Where OpenLineage events go: a file, or http(s)://…")
      ->type_name("TARGET");
  command->add_flag("--open-metrics", options->open_metrics, "Show /metrics without a token");
  command->add_flag("--yes,-y", options->yes, "Begin first runs of more than 100 partitions without asking");
  command->add_flag("--demo", options->demo, "With the user dedp, password dedp; on this machine only");
  command->callback([&line, options] { line.chosen = [&line, options] { return Serve(line.context, *options); }; });
}

}  // namespace latecomer::cli
