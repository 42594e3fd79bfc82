#include "operator/kube/wait.hpp"

#include <condition_variable>
#include <mutex>

namespace patchwave::kube {

bool wait_in_real_time(microseconds time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any nothing;
  std::unique_lock lock(mutex);
  nothing.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace patchwave::kube
