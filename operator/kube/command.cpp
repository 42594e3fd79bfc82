#include "operator/kube/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <string_view>

namespace patchwave::kube {
namespace {

constexpr std::size_t kMaxErrorText = 1024;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorKind::Internal, fmt::format("making a pipe: {}", std::strerror(errno)));
  }
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<std::string> environment_with(const Command& command) {
  std::map<std::string, std::string> variables;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view pair(*at);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos) variables.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  for (const auto& [name, value] : command.env) variables.insert_or_assign(name, value);
  std::vector<std::string> pairs;
  for (const auto& [name, value] : variables) pairs.push_back(fmt::format("{}={}", name, value));
  return pairs;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// A running command in a process group of its own; the group ends with this object.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) wait();
  }
  /// The exit status. Kills what is left of the group first, so this never blocks for long.
  int wait() {
    const pid_t pid = std::exchange(pid_, -1);
    int status = 0;
    siginfo_t ended{};
    // The leader's id stays reserved until it is reaped, so the group can't be another's by now.
    if (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT | WNOHANG) == 0 &&
        ended.si_pid == 0) {
      grace(pid);
    }
    ::kill(-pid, SIGKILL);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

 private:
  // Output is closed: a command that is ending gets a moment to do so with its own exit code.
  static void grace(pid_t pid) {
    siginfo_t ended{};
    for (int i = 0; i < 100; ++i) {
      if (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT | WNOHANG) != 0 ||
          ended.si_pid != 0)
        return;
      ::poll(nullptr, 0, 10);
    }
  }

  pid_t pid_;
};

Result<pid_t> start(const Command& command, const Pipe& output, const Pipe& errors) {
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> environment = environment_with(command);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors.write.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // Signals that this process blocks for its own use would stay blocked in the command.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  const int code = ::posix_spawnp(&pid, arguments.front().c_str(), &actions, &attributes,
                                  pointers_to(arguments).data(), pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) {
    return fail(code == ENOENT ? ErrorKind::NotFound : ErrorKind::Unavailable,
                fmt::format("starting {}: {}", command.argv.front(), std::strerror(code)));
  }
  return pid;
}

/// Appends what is there to read, up to `limit` bytes of it; false at the end of the stream.
bool drain(int fd, std::string& into, std::size_t limit) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(fd, bytes.data(), bytes.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  into.append(bytes.data(), std::min(static_cast<std::size_t>(count), limit - std::min(limit, into.size())));
  return count > 0;
}

struct Output {
  std::string text;
  std::string errors;
};

Result<Output> collect(const Command& command, Pipe& output, Pipe& errors) {
  Output collected;
  const auto deadline = std::chrono::steady_clock::now() + command.time_limit;
  bool output_open = true;
  bool errors_open = true;
  while (output_open || errors_open) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    std::array<pollfd, 2> watched{pollfd{output_open ? output.read.get() : -1, POLLIN, 0},
                                  pollfd{errors_open ? errors.read.get() : -1, POLLIN, 0}};
    const int ready =
        left.count() > 0 ? ::poll(watched.data(), watched.size(), static_cast<int>(left.count())) : 0;
    if (ready == 0) {
      return fail(ErrorKind::Timeout, fmt::format("{} did not end within {} ms", command.argv.front(),
                                                  command.time_limit.count()));
    }
    if (ready < 0) continue;
    if (watched[0].revents != 0)
      output_open = drain(output.read.get(), collected.text, command.max_output + 1);
    if (watched[1].revents != 0) errors_open = drain(errors.read.get(), collected.errors, kMaxErrorText);
    if (collected.text.size() > command.max_output) {
      return fail(ErrorKind::TooLarge,
                  fmt::format("{} printed more than {} bytes", command.argv.front(), command.max_output));
    }
  }
  return collected;
}

}  // namespace

Result<std::string> run_command(const Command& command) {
  if (command.argv.empty()) return fail(ErrorKind::Invalid, "no command to run");
  auto output = make_pipe();
  auto errors = make_pipe();
  if (!output) return fail(output.error());
  if (!errors) return fail(errors.error());
  const auto pid = start(command, *output, *errors);
  if (!pid) return fail(pid.error());
  Child child(*pid);
  output->write.close();
  errors->write.close();
  auto collected = collect(command, *output, *errors);
  if (!collected) {
    ::kill(-*pid, SIGKILL);
    return fail(collected.error());
  }
  const int status = child.wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(collected->text);
  const std::string how = WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                            : fmt::format("signal {}", WTERMSIG(status));
  return fail(ErrorKind::Unavailable,
              fmt::format("{} failed with {}: {}", command.argv.front(), how, collected->errors));
}

}  // namespace patchwave::kube
