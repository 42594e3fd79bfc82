// SIGTERM and SIGINT as function calls on a thread of their own, where everything may be called.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace patchwave::runtime {

/// Blocks SIGTERM and SIGINT in the calling thread and in every thread it starts later, and ignores SIGPIPE.
/// The first thing main() does: a thread that was started before would still take the signals.
void block_shutdown_signals();

/// Waits for the blocked signals until destroyed.
class SignalWatch {
 public:
  /// `received(signal, count)`: count is 1 for the first signal. A second one means "now".
  explicit SignalWatch(std::function<void(int signal, int count)> received);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace patchwave::runtime
