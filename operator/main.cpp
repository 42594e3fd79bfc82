#include <cstdio>
#include <string>
#include <vector>

#include "operator/process/configuration.hpp"
#include "operator/process/operator.hpp"
#include "operator/runtime/allocator.hpp"
#include "operator/runtime/signals.hpp"

int main(int argc, char** argv) {
  patchwave::runtime::share_one_heap();
  // Before anything starts a thread: only the thread that waits for signals may take them.
  patchwave::runtime::block_shutdown_signals();
  const auto invocation =
      patchwave::process::parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (!invocation) {
    std::fprintf(stderr, "patchwave: %s\n", invocation.error().message.c_str());
    return 2;
  }
  if (invocation->action == patchwave::process::Invocation::Action::PrintAndExit) {
    std::fputs(invocation->text.c_str(), stdout);
    return 0;
  }
  return patchwave::process::run_operator(invocation->configuration);
}
