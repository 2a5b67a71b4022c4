// Live changes to those who watch. Publishers are on any thread; each watcher has a bounded queue, and one that
// doesn't take what it is sent is cut off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace latecomer::server {

// One server-sent event.
struct Message {
  std::int64_t sequence = 0;  // of the ledger's events; 0: it has none and can't be resumed from
  std::string event;
  std::string pipelines;  // ids it is about, each between '\n'; empty: about all
  std::string data;       // one line
};
std::string ToText(const Message& message);

class EventStream {
 public:
  EventStream(std::string pipeline, std::string session)
      : pipeline_(std::move(pipeline)), session_(std::move(session)) {}

  // Whoever sends is woken when there is something to take; called on the publisher's thread.
  void OnWake(std::function<void()> wake);
  // Appends what is pending; false when the stream has ended.
  bool Take(std::string& out);
  void Close();
  // Of what came before the stream began.
  void Begin(const std::string& text);

  const std::string& pipeline() const { return pipeline_; }
  const std::string& session() const { return session_; }  // key of the sign-in it belongs to

 private:
  friend class EventHub;
  void Push(std::shared_ptr<const std::string> text);

  const std::string pipeline_;  // only of this one; empty: all
  const std::string session_;
  std::mutex mutex_;
  std::string begin_;
  std::deque<std::shared_ptr<const std::string>> pending_;
  std::function<void()> wake_;
  bool closed_ = false;
};

class EventHub {
 public:
  struct Joined {
    std::shared_ptr<EventStream> stream;
    std::int64_t sequence = 0;  // events up to this one were published before; the rest come by the stream
  };
  Joined Join(const std::string& pipeline, const std::string& session);

  void Publish(const Message& message);
  void StartFrom(std::int64_t sequence);  // nothing up to it will be published
  std::int64_t sequence() const;

  // Streams whose sign-in is among these end.
  void CloseSessions(const std::set<std::string>& sessions);
  void CloseAll();
  std::set<std::string> Sessions();
  std::size_t Watchers();

 private:
  std::vector<std::shared_ptr<EventStream>> Alive();

  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<EventStream>> streams_;
  std::int64_t sequence_ = 0;
};

}  // namespace latecomer::server
