#include "operator/runtime/signals.hpp"

#include <pthread.h>
#include <signal.h>

namespace patchwave::runtime {
namespace {

sigset_t shutdown_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void block_shutdown_signals() {
  const sigset_t set = shutdown_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

SignalWatch::SignalWatch(std::function<void(int signal, int count)> received)
    : thread_([this, received = std::move(received)] {
        const sigset_t set = shutdown_signals();
        int count = 0;
        int signal = 0;
        while (sigwait(&set, &signal) == 0 && !ending_) received(signal, ++count);
      }) {}

SignalWatch::~SignalWatch() {
  ending_ = true;
  // Directed at the thread, so it can't be taken for a signal from outside by another watch. It waits for the
  // signal with sigwait, which takes it without ending anything.
  // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread)
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

}  // namespace patchwave::runtime
