#include "server/pump.h"

#include <set>

#include "server/json.h"
#include "server/views.h"

namespace latecomer::server {
namespace {

constexpr int kMostAtOnce = 500;
constexpr Duration kCheckSessionsEvery = std::chrono::seconds(10);
constexpr Duration kPruneEvery = std::chrono::hours(1);
constexpr Duration kKeepReplies = std::chrono::hours(24);

}  // namespace

Status EventPump::Begin() {
  LATECOMER_ASSIGN_OR_RETURN(const auto store, app_.stores.Take());
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t newest, store->activity->NewestEvent());
  app_.hub.StartFrom(newest);
  LATECOMER_ASSIGN_OR_RETURN(seen_, store->activity->SeenVersions());
  return {};
}

Status EventPump::Step() {
  LATECOMER_ASSIGN_OR_RETURN(const auto store, app_.stores.Take());
  const Instant now = app_.clock.Now();
  LATECOMER_ASSIGN_OR_RETURN(const auto events, store->activity->EventsAfter(app_.hub.sequence(), kMostAtOnce));
  for (const ledger::EventRecord& event : events) {
    Message message;
    message.sequence = event.sequence;
    message.event = "change";
    message.pipelines = "\n" + event.pipeline + "\n";
    message.data = Dump(EventJson(event));
    app_.hub.Publish(message);
  }
  LATECOMER_ASSIGN_OR_RETURN(const auto seen, store->activity->SeenVersions());
  PublishTables(seen);
  if (checked_ + kCheckSessionsEvery < now || now < checked_) {
    checked_ = now;
    LATECOMER_RETURN_IF_ERROR(EndOldSessions(*store, now));
  }
  if (pruned_ + kPruneEvery < now || now < pruned_) {
    pruned_ = now;
    LATECOMER_RETURN_IF_ERROR(store->accounts->Prune(now, now - kKeepReplies));
  }
  return {};
}

void EventPump::PublishTables(const std::map<std::string, Version>& seen) {
  if (seen == seen_) return;
  const auto fleet = app_.fleet.View();
  for (const auto& [location, version] : seen) {
    const auto before = seen_.find(location);
    if (before != seen_.end() && before->second == version) continue;
    Message message;
    message.event = "table";
    message.pipelines = "\n";
    Json json;
    json["table"] = TableId(location);
    json["location"] = location;
    json["version"] = version.value;
    json["pipelines"] = Json::array();
    for (const auto& [id, loaded] : fleet->pipelines) {
      for (const pipeline::Source& source : loaded.pipeline->sources) {
        if (source.location != location) continue;
        json["pipelines"].push_back(id);
        message.pipelines += id + "\n";
        break;
      }
    }
    message.data = Dump(json);
    app_.hub.Publish(message);
  }
  seen_ = seen;
}

void EventPump::PublishFiles(const std::vector<std::string>& pipelines) {
  for (const std::string& id : pipelines) {
    Message message;
    message.event = "file";
    if (!id.empty()) message.pipelines = "\n" + id + "\n";
    message.data = Dump(Json{{"pipeline", id}});
    app_.hub.Publish(message);
  }
}

Status EventPump::EndOldSessions(Store& store, Instant now) {
  std::set<std::string> ended;
  for (const std::string& key : app_.hub.Sessions()) {
    LATECOMER_ASSIGN_OR_RETURN(const bool valid, IsStillValid(key, *store.accounts, now));
    if (!valid) ended.insert(key);
  }
  if (!ended.empty()) app_.hub.CloseSessions(ended);
  return {};
}

}  // namespace latecomer::server
