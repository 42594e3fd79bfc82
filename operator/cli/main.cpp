// kubectl-patchwave: wiring only.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

#include "operator/cli/app.hpp"
#include "operator/cli/session.hpp"
#include "operator/kube/config.hpp"

int main(int argc, char** argv) {
  using namespace patchwave;

  // `kubectl patchwave … | head` ends with the reader, as other filters do.
  signal(SIGPIPE, SIG_DFL);
  const SystemClock clock;
  cli::Environment environment{
      .out = std::cout,
      .err = std::cerr,
      .in = std::cin,
      .out_is_terminal = isatty(STDOUT_FILENO) == 1,
      .err_is_terminal = isatty(STDERR_FILENO) == 1,
      .in_is_terminal = isatty(STDIN_FILENO) == 1,
      .variable = kube::process_environment,
      .clock = clock,
      .connect = [&clock](const cli::ConnectOptions& options) { return cli::connect(options, clock); },
      .wait =
          [](milliseconds pause) {
            std::this_thread::sleep_for(pause);
            return true;
          },
      .prometheus = cli::open_prometheus,
  };
  const auto called = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : std::string();
  if (!called.empty() && !called.starts_with("kubectl-")) environment.program = called;
  const int code = cli::run({argv + std::min(argc, 1), argv + argc}, environment);
  std::cout.flush();
  return std::cout.good() ? code : cli::exit_code::kError;
}
