// Runs a fuzz target without libFuzzer, so that every build and compiler has the short run: each seed of a corpus as it
// is, then mutations of it that are the same each time.
//
// usage: replay_NAME CORPUS MUTATIONS_PER_SEED
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

Bytes ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// One to four small injuries: a flipped bit, another byte, a cut, a piece doubled, a piece of another seed.
Bytes Injured(Bytes bytes, const Bytes& other, std::mt19937_64& random) {
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  for (std::size_t injuries = 1 + below(4); injuries > 0 && !bytes.empty(); --injuries) {
    const std::size_t at = below(bytes.size());
    switch (below(5)) {
      case 0: bytes[at] ^= static_cast<std::uint8_t>(1U << below(8)); break;
      case 1: bytes[at] = static_cast<std::uint8_t>(random()); break;
      case 2: bytes.resize(at); break;
      case 3: {
        const Bytes piece(
            bytes.begin() + static_cast<std::ptrdiff_t>(at),
            bytes.begin() + static_cast<std::ptrdiff_t>(at + std::min<std::size_t>(bytes.size() - at, 64)));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size())), piece.begin(), piece.end());
        break;
      }
      default: {
        if (other.empty()) break;
        const std::size_t length = std::min(bytes.size() - at, 1 + below(other.size()));
        std::copy_n(other.begin(), static_cast<std::ptrdiff_t>(length),
                    bytes.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS MUTATIONS_PER_SEED\n", argv[0]);
    return 2;
  }
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(argv[1])) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  const int mutations = std::atoi(argv[2]);
  std::mt19937_64 random(20240101);
  std::vector<Bytes> seeds;
  for (const fs::path& path : paths) seeds.push_back(ReadFile(path));
  long inputs = 0;
  for (const Bytes& seed : seeds) {
    LLVMFuzzerTestOneInput(seed.data(), seed.size());
    for (int i = 0; i < mutations; ++i) {
      const Bytes input = Injured(seed, seeds[random() % seeds.size()], random);
      LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    inputs += 1 + mutations;
  }
  std::printf("%ld inputs of %zu seeds\n", inputs, seeds.size());
  return seeds.empty() ? 1 : 0;
}
