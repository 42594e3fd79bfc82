#include "operator/kube/server_clock.hpp"

#include <algorithm>

#include "operator/base/http_date.hpp"

namespace patchwave::kube {
namespace {

/// A Date is cut to whole seconds.
constexpr seconds kDateGrain{1};

}  // namespace

ServerClock::ServerClock(const Clock& machine)
    : machine_(machine), offset_(machine.now().time_since_epoch() - machine.monotonic().time_since_epoch()) {}

Time ServerClock::now() const {
  const std::scoped_lock lock(mutex_);
  return Time(machine_.monotonic().time_since_epoch() + offset_);
}

// The Date was made between the two moments, so each answer bounds the offset from both sides (Cristian
// 1989). No more than that is corrected: the time does not run to and fro within the bounds.
void ServerClock::heard(std::string_view date, MonotonicTime sent, MonotonicTime received) {
  const auto told = parse_http_date(date);
  if (!told || received < sent) return;
  const auto earliest = told->time_since_epoch() - received.time_since_epoch();
  const auto latest = told->time_since_epoch() + kDateGrain - sent.time_since_epoch();
  const std::scoped_lock lock(mutex_);
  offset_ = std::clamp(offset_, earliest, latest);
}

}  // namespace patchwave::kube
