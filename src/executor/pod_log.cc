#include "executor/pod_log.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "executor/files.h"

namespace latecomer::executor {
namespace {

// "2024-01-01T10:00:00.123456789Z"; times in UTC compare as texts when their fractions are filled up.
bool IsTime(std::string_view text) {
  return text.size() >= 20 && text.size() <= 40 && text[4] == '-' && text[10] == 'T' && text.back() == 'Z';
}

// With nine digits of fraction.
std::string Filled(std::string_view time) {
  std::string filled(time.substr(0, time.size() - 1));
  if (filled.size() == 19) filled += '.';
  constexpr std::size_t kWhole = 29;
  filled.resize(std::max(filled.size(), kWhole), '0');
  return filled;
}

}  // namespace

PodLog::PodLog(std::string position) : position_(std::move(position)) {
  std::ifstream file(position_);
  std::getline(file, pod_uid_);
  std::getline(file, newest_);
}

void PodLog::Begin(const std::string& pod_uid) {
  waiting_.clear();
  if (pod_uid == pod_uid_) return;
  pod_uid_ = pod_uid;
  newest_.clear();
}

void PodLog::Take(std::string_view bytes, const AttemptLog& log) {
  waiting_ += bytes;
  std::string taken;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = waiting_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    TakeLine(std::string_view(waiting_).substr(begin, end - begin), taken);
  }
  waiting_.erase(0, begin);
  constexpr std::size_t kLongestLine = std::size_t{1} << 20;
  if (waiting_.size() > kLongestLine) TakeLine(std::exchange(waiting_, ""), taken);
  if (taken.empty()) return;
  log.Append(taken);
  Keep();
}

void PodLog::Flush(const AttemptLog& log) {
  std::string taken;
  if (!waiting_.empty()) TakeLine(std::exchange(waiting_, ""), taken);
  if (taken.empty()) return;
  log.Append(taken);
  Keep();
}

void PodLog::TakeLine(std::string_view line, std::string& taken) {
  const std::string_view time = line.substr(0, line.find(' '));
  if (IsTime(time)) {
    if (!newest_.empty() && Filled(time) <= Filled(newest_)) return;  // the server tells whole seconds again
    newest_ = time;
    line.remove_prefix(std::min(line.size(), time.size() + 1));
  }
  taken += line;
  taken += '\n';
}

std::string PodLog::Since() const {
  return newest_.empty() ? "" : newest_.substr(0, 19) + "Z";
}

// One that can't be kept costs lines that come twice.
void PodLog::Keep() const {
  (void)WriteFile(position_, pod_uid_ + "\n" + newest_ + "\n");
}

}  // namespace latecomer::executor
