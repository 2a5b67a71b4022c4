#include "server/open_lineage.h"

#include <xxhash.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <set>

#include "http/client.h"

namespace latecomer::server {
namespace {

constexpr const char* kProducer = "https://github.com/latecomer/latecomer";
constexpr const char* kSpec = "https://openlineage.io/spec/2-0-2/OpenLineage.json";
constexpr std::size_t kMostWaiting = 10000;
constexpr int kTries = 3;
constexpr std::chrono::milliseconds kConnecting{3000};
constexpr std::chrono::seconds kSending{5};
constexpr std::chrono::seconds kLastSending{10};  // what is left when the server ends gets this long

// A UUID (version 8, RFC 9562) that is the same whenever it is made for the same try.
std::string RunUuid(const std::string& ledger, std::int64_t run, int number) {
  const std::string text = ledger + "/" + std::to_string(run) + "/" + std::to_string(number);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  char uuid[40];
  std::snprintf(uuid, sizeof uuid, "%08llx-%04llx-8%03llx-%04llx-%012llx",
                static_cast<unsigned long long>(hash.high64 >> 32),
                static_cast<unsigned long long>((hash.high64 >> 16) & 0xFFFF),
                static_cast<unsigned long long>(hash.high64 & 0xFFF),
                static_cast<unsigned long long>(0x8000 | ((hash.low64 >> 48) & 0x3FFF)),
                static_cast<unsigned long long>(hash.low64 & 0xFFFFFFFFFFFF));
  return uuid;
}

const char* EventType(const ledger::RunRecord& run) {
  switch (run.state) {
    case ledger::RunState::kRunning: return "START";
    case ledger::RunState::kSuccess: return "COMPLETE";
    case ledger::RunState::kFailed: return "FAIL";
    case ledger::RunState::kCancelled:
    case ledger::RunState::kQueued: return "ABORT";  // queued again: its try came to nothing
    case ledger::RunState::kSkipped: return nullptr;
  }
  return nullptr;
}

Json Facet(const std::string& schema) {
  Json facet;
  facet["_producer"] = kProducer;
  facet["_schemaURL"] = schema;
  return facet;
}

Json Dataset(const std::string& location) {
  const std::size_t scheme = location.find("://");
  Json dataset;
  if (scheme == std::string::npos) {
    dataset["namespace"] = "file";
    dataset["name"] = location;
  } else {
    const std::size_t path = location.find('/', scheme + 3);
    dataset["namespace"] = location.substr(0, path);
    dataset["name"] = path == std::string::npos ? "/" : location.substr(path + 1);
  }
  return dataset;
}

Json RunFacets(const LineageSettings& settings, const ledger::RunRecord& run, const ledger::TryRecord& attempt) {
  Json partition = Facet(std::string(kSpec) + "#/$defs/RunFacet");
  partition["partition"] = ValuesOf(run.partition);
  partition["run_id"] = run.run_id;
  partition["kind"] = Name(run.kind);
  partition["cause"] = run.cause;
  partition["try"] = attempt.number;
  partition["token"] = attempt.token;
  partition["versions"] = VectorJson(attempt.vector);
  Json facets;
  facets["latecomer_partition"] = std::move(partition);
  if (run.state == ledger::RunState::kFailed) {
    Json message =
        Facet("https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet");
    message["message"] = run.message;
    message["programmingLanguage"] = "unknown";
    facets["errorMessage"] = std::move(message);
  }
  if (run.caused_by) {
    Json parent = Facet("https://openlineage.io/spec/facets/1-1-0/ParentRunFacet.json#/$defs/ParentRunFacet");
    parent["run"] = {{"runId", RunUuid(settings.ledger_id, *run.caused_by, 1)}};
    parent["job"] = {{"namespace", settings.job_namespace}, {"name", run.pipeline}};
    facets["parent"] = std::move(parent);
  }
  return facets;
}

Status Post(const std::string& url, const std::string& event) {
  http::Client client({.connect = kConnecting, .total = kSending});
  http::Request request{.method = "POST", .url = url, .body = event};
  request.Set("Content-Type", "application/json");
  const auto answer = client.Send(request);
  if (!answer) return Fail(ErrorKind::kIo, "the lineage receiver: " + answer.error().message);
  if (answer->status < 200 || answer->status > 299) {
    return Fail(ErrorKind::kIo, "the lineage receiver answered " + std::to_string(answer->status));
  }
  return {};
}

}  // namespace

std::optional<Json> LineageEvent(const LineageSettings& settings, const pipeline::Pipeline& pipeline,
                                 const ledger::RunRecord& run, const std::vector<ledger::TryRecord>& tries,
                                 Instant at) {
  const char* type = EventType(run);
  if (type == nullptr || tries.empty()) return std::nullopt;
  const ledger::TryRecord& attempt = tries.back();
  Json event;
  event["eventType"] = type;
  event["eventTime"] = FormatInstant(at);
  event["producer"] = kProducer;
  event["schemaURL"] = std::string(kSpec) + "#/$defs/RunEvent";
  event["run"] = {{"runId", RunUuid(settings.ledger_id, run.id, attempt.number)},
                  {"facets", RunFacets(settings, run, attempt)}};
  event["job"] = {{"namespace", settings.job_namespace}, {"name", pipeline.id}};
  event["inputs"] = Json::array();
  for (const pipeline::Source& source : pipeline.sources) {
    Json input = Dataset(source.location);
    if (const auto it = attempt.vector.find(source.name); it != attempt.vector.end()) {
      Json version = Facet(
          "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet");
      version["datasetVersion"] = std::to_string(it->second.value);
      input["facets"] = {{"version", std::move(version)}};
    }
    event["inputs"].push_back(std::move(input));
  }
  event["outputs"] = Json::array();
  for (const pipeline::Step& step : pipeline.steps) {
    const std::string* into = pipeline::DeclaredOutput(step);
    if (into != nullptr) event["outputs"].push_back(Dataset(*into));
  }
  return event;
}

LineageSender::LineageSender(std::string target, LineageSettings settings, StorePool& stores, Fleet& fleet,
                             Clock& clock, std::function<void(const std::string&)> log)
    : target_(target.starts_with("file:") ? target.substr(5) : std::move(target)),
      settings_(std::move(settings)),
      stores_(stores),
      fleet_(fleet),
      clock_(clock),
      log_(std::move(log)),
      thread_([this] { Loop(); }) {}

LineageSender::~LineageSender() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    last_moment_ = std::chrono::steady_clock::now() + kLastSending;
    changed_.notify_all();
  }
  thread_.join();
}

void LineageSender::OnRun(const ledger::RunRecord& run) {
  const bool first_wait = run.state == ledger::RunState::kQueued && run.tries == 0;
  if (first_wait) return;
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMostWaiting) waiting_.pop_front();
  waiting_.push_back({run, clock_.Now()});
  changed_.notify_all();
}

void LineageSender::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    if (TooLate()) {
      log_(std::to_string(waiting_.size()) +
           " lineage events are lost: the receiver took too long when the server ended");
      return;
    }
    const Item item = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Status sent = Send(item);
    lock.lock();
    // When the server ends, the tries that are left follow at once: what waits for its next try is not yet lost.
    for (int i = 1; !sent && i < kTries && !TooLate(); ++i) {
      changed_.wait_for(lock, std::chrono::seconds(i), [this] { return ending_; });
      lock.unlock();
      sent = Send(item);
      lock.lock();
    }
    if (!sent) log_("a lineage event of " + item.run.run_id + " is lost: " + sent.error().ToString());
  }
}

bool LineageSender::TooLate() const {
  return ending_ && std::chrono::steady_clock::now() >= last_moment_;
}

Status LineageSender::Send(const Item& item) {
  LATECOMER_ASSIGN_OR_RETURN(const Loaded loaded, fleet_.Find(item.run.pipeline));
  LATECOMER_ASSIGN_OR_RETURN(const auto store, stores_.Take());
  std::vector<ledger::TryRecord> tries;
  LATECOMER_RETURN_IF_ERROR(store->ledger->Read([&](ledger::Reader& reader) -> Status {
    LATECOMER_ASSIGN_OR_RETURN(tries, reader.Tries(item.run.id));
    return {};
  }));
  // Of the try that the event is about, though others may have come since.
  std::erase_if(tries, [&](const ledger::TryRecord& attempt) { return attempt.number > item.run.tries; });
  const auto event = LineageEvent(settings_, *loaded.pipeline, item.run, tries, item.at);
  return event ? Deliver(Dump(*event)) : Status();
}

Status LineageSender::Deliver(const std::string& event) {
  if (target_.starts_with("http://") || target_.starts_with("https://")) return Post(target_, event);
  std::ofstream file(target_, std::ios::app);
  file << event << '\n' << std::flush;
  if (!file) return Fail(Error(ErrorKind::kIo, "can't be written").In(target_));
  return {};
}

}  // namespace latecomer::server
