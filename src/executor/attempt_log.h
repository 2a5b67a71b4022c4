// The log of an attempt, as what runs outside fills it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace latecomer::executor {

// The attempt's state tells the outcome; a log that can't be written to doesn't change it.
class AttemptLog {
 public:
  explicit AttemptLog(std::string path) : path_(std::move(path)) {}

  // As it is.
  void Append(std::string_view bytes) const;
  // One line of latecomer's own.
  void Say(std::string_view line) const;

 private:
  std::string path_;
};

// Bytes of the file at `path`; 0 when there is none.
std::size_t SizeOf(const std::string& path);

}  // namespace latecomer::executor
