// The program: the real clock, randomness and streams, and nothing else.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "cli/program.h"

namespace {

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string ExecutablePath() {
  char buffer[4096];
  const ssize_t length = readlink("/proc/self/exe", buffer, sizeof buffer);
  return length > 0 ? std::string(buffer, static_cast<std::size_t>(length)) : std::string("latecomer");
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  latecomer::SystemClock clock;
  latecomer::SystemRandom random;
  latecomer::cli::Context context{std::cout, std::cerr, clock, random};
  context.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  context.err_is_terminal = isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  context.color = context.out_is_terminal && (no_color == nullptr || *no_color == '\0');
  context.width = TerminalWidth();
  context.executable = ExecutablePath();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return latecomer::cli::RunProgram(arguments, context);
}
