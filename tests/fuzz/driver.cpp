// Runs a fuzz target where there is no libFuzzer: first every input of a corpus, then inputs made from them.
//
//   fuzz_json [--mutations=N] [--seconds=N] [--seed=N] FILE-OR-FOLDER…
//
// An input that ends the program is left in crash-<target> in the working directory; the target given that
// file replays it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/mutator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
/// Asked by UndefinedBehaviorSanitizer, whose findings raise no signal otherwise.
extern "C" const char* __ubsan_default_options();  // NOLINT: its name
extern "C" const char* __ubsan_default_options() {
  return "abort_on_error=1:print_stacktrace=1";
}
/// Of another sanitizer's runtime, when there is one: the same, but it tells us.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());  // NOLINT: its name

namespace {

namespace filesystem = std::filesystem;

/// No input within reach of the mutator may take longer: what hangs is a finding too.
constexpr unsigned kLongestSeconds = 20;

std::string current_input;  // NOLINT: read by the handlers below
std::string crash_file;     // NOLINT

/// Only what a signal handler may do.
void keep_input() {
  const int file = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return;
  const char* at = current_input.data();
  std::size_t left = current_input.size();
  while (left > 0) {
    const ssize_t written = write(file, at, left);
    if (written <= 0) break;
    at += written;
    left -= static_cast<std::size_t>(written);
  }
  close(file);
  constexpr std::string_view kSaid = "the input is kept in ";
  (void)!write(STDERR_FILENO, kSaid.data(), kSaid.size());
  (void)!write(STDERR_FILENO, crash_file.data(), crash_file.size());
  (void)!write(STDERR_FILENO, "\n", 1);
}

void on_signal(int signal) {
  if (signal == SIGALRM) {
    constexpr std::string_view kSaid = "an input takes too long\n";
    (void)!write(STDERR_FILENO, kSaid.data(), kSaid.size());
  }
  keep_input();
  // SA_RESETHAND has put the default action back: it ends the program as it would have.
  raise(signal == SIGALRM ? SIGKILL : signal);
}

void catch_signals() {
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK);
  for (const int signal : {SIGABRT, SIGALRM}) sigaction(signal, &action, nullptr);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(keep_input);
    return;
  }
  // A stack that has overflowed has no room for a handler.
  static std::vector<char> stack(static_cast<std::size_t>(SIGSTKSZ) * 4);
  const stack_t other{stack.data(), 0, stack.size()};
  sigaltstack(&other, nullptr);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigaction(signal, &action, nullptr);
}

void run(std::string input) {
  current_input = std::move(input);
  alarm(kLongestSeconds);
  // A copy of just this size, so that a sanitizer sees a read beyond it.
  const std::vector<std::uint8_t> bytes(current_input.begin(), current_input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  alarm(0);
}

struct Options {
  std::uint64_t mutations = 0;
  std::uint64_t seconds = 3600;
  std::uint64_t seed = 1;
  std::vector<filesystem::path> files;
};

std::optional<std::uint64_t> number_after(std::string_view argument, std::string_view name) {
  if (!argument.starts_with(name)) return std::nullopt;
  argument.remove_prefix(name.size());
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), value);
  return error == std::errc() && end == argument.data() + argument.size() ? std::optional(value)
                                                                          : std::nullopt;
}

void add_files(const filesystem::path& path, std::vector<filesystem::path>& files) {
  if (!filesystem::is_directory(path)) {
    files.push_back(path);
    return;
  }
  for (const auto& entry : filesystem::directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
}

std::optional<Options> read_options(int count, char** arguments) {
  Options options;
  for (int at = 1; at < count; ++at) {
    const std::string_view argument = arguments[at];
    if (const auto mutations = number_after(argument, "--mutations=")) {
      options.mutations = *mutations;
    } else if (const auto seconds = number_after(argument, "--seconds=")) {
      options.seconds = *seconds;
    } else if (const auto seed = number_after(argument, "--seed=")) {
      options.seed = *seed;
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "no such option: %s\n", arguments[at]);
      return std::nullopt;
    } else {
      add_files(argument, options.files);
    }
  }
  // A folder lists its files in no order that would be the same everywhere.
  std::ranges::sort(options.files);
  return options;
}

std::optional<std::string> read_file(const filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int count, char** arguments) {
  const auto options = read_options(count, arguments);
  if (!options) return 2;
  const std::string name = filesystem::path(arguments[0]).filename().string();
  crash_file = "crash-" + name;
  catch_signals();

  std::vector<std::string> corpus;
  for (const auto& path : options->files) {
    auto input = read_file(path);
    if (!input) {
      std::fprintf(stderr, "%s can't be read\n", path.c_str());
      return 2;
    }
    run(*input);
    corpus.push_back(std::move(*input));
  }
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: there is no input to begin with\n", name.c_str());
    return 2;
  }
  patchwave::fuzz::Mutator mutator(corpus, options->seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options->seconds);
  std::uint64_t mutations = 0;
  while (mutations < options->mutations && std::chrono::steady_clock::now() < end) {
    run(mutator.next());
    ++mutations;
  }
  std::printf("%s: %zu inputs replayed, %ju made from them with seed %ju\n", name.c_str(), corpus.size(),
              static_cast<std::uintmax_t>(mutations), static_cast<std::uintmax_t>(options->seed));
  return 0;
}
