#include "server/event_hub.h"

#include <algorithm>
#include <utility>

namespace latecomer::server {
namespace {

// More than this not taken means that nobody reads.
constexpr std::size_t kMostPending = 1024;

}  // namespace

std::string ToText(const Message& message) {
  std::string text;
  if (message.sequence > 0) text += "id: " + std::to_string(message.sequence) + "\n";
  text += "event: " + message.event + "\ndata: " + message.data + "\n\n";
  return text;
}

void EventStream::OnWake(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

bool EventStream::Take(std::string& out) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  out += std::exchange(begin_, {});
  for (const auto& text : pending_) out += *text;
  pending_.clear();
  return true;
}

void EventStream::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  pending_.clear();
  if (wake_) wake_();
}

void EventStream::Begin(const std::string& text) {
  const std::lock_guard lock(mutex_);
  begin_ += text;
}

void EventStream::Push(std::shared_ptr<const std::string> text) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  if (pending_.size() >= kMostPending) {
    closed_ = true;
    pending_.clear();
  } else {
    pending_.push_back(std::move(text));
  }
  if (wake_) wake_();
}

EventHub::Joined EventHub::Join(const std::string& pipeline, const std::string& session) {
  auto stream = std::make_shared<EventStream>(pipeline, session);
  const std::lock_guard lock(mutex_);
  std::erase_if(streams_, [](const auto& watcher) { return watcher.expired(); });
  streams_.push_back(stream);
  return {std::move(stream), sequence_};
}

void EventHub::Publish(const Message& message) {
  const auto text = std::make_shared<const std::string>(ToText(message));
  const std::lock_guard lock(mutex_);
  sequence_ = std::max(sequence_, message.sequence);
  for (const auto& watcher : streams_) {
    const auto stream = watcher.lock();
    if (!stream) continue;
    const bool about = stream->pipeline().empty() || message.pipelines.empty() ||
                       message.pipelines.find("\n" + stream->pipeline() + "\n") != std::string::npos;
    if (about) stream->Push(text);
  }
}

void EventHub::StartFrom(std::int64_t sequence) {
  const std::lock_guard lock(mutex_);
  sequence_ = sequence;
}

std::int64_t EventHub::sequence() const {
  const std::lock_guard lock(mutex_);
  return sequence_;
}

std::vector<std::shared_ptr<EventStream>> EventHub::Alive() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<EventStream>> alive;
  for (const auto& watcher : streams_) {
    if (auto stream = watcher.lock()) alive.push_back(std::move(stream));
  }
  return alive;
}

void EventHub::CloseSessions(const std::set<std::string>& sessions) {
  for (const auto& stream : Alive()) {
    if (sessions.contains(stream->session())) stream->Close();
  }
}

void EventHub::CloseAll() {
  for (const auto& stream : Alive()) stream->Close();
}

std::set<std::string> EventHub::Sessions() {
  std::set<std::string> sessions;
  for (const auto& stream : Alive()) sessions.insert(stream->session());
  return sessions;
}

std::size_t EventHub::Watchers() {
  return Alive().size();
}

}  // namespace latecomer::server
