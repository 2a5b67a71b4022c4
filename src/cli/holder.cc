#include "cli/holder.h"

#include <unistd.h>

#include <charconv>

#include "base/text.h"
#include "executor/process_identity.h"

namespace latecomer::cli {
namespace {

std::string Format(const executor::ProcessIdentity& identity) {
  return PercentEncode(identity.host) + "/" + identity.boot + "/" + PercentEncode(identity.pid_namespace) + "/" +
         std::to_string(identity.pid) + "/" + std::to_string(identity.start_ticks);
}

}  // namespace

std::string ThisHolder() {
  return Format(executor::IdentityOf(::getpid()).value_or(executor::ProcessIdentity{}));
}

engine::HolderState ProbeHolder(const std::string& holder) {
  const auto parts = Split(holder, '/');
  const auto self = executor::IdentityOf(::getpid());
  if (parts.size() != 5 || !self || parts[0] != PercentEncode(self->host)) return engine::HolderState::kUnknown;
  if (parts[1] != self->boot) return engine::HolderState::kDead;
  if (parts[2] != PercentEncode(self->pid_namespace)) return engine::HolderState::kUnknown;
  pid_t pid = 0;
  const auto parsed = std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), pid);
  if (parsed.ec != std::errc() || pid <= 0) return engine::HolderState::kUnknown;
  const auto there = executor::IdentityOf(pid);
  return there && Format(*there) == holder && executor::IsRunning(pid) ? engine::HolderState::kAlive
                                                                       : engine::HolderState::kDead;
}

}  // namespace latecomer::cli
