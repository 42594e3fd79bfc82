#include "operator/runtime/signals.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <future>

namespace patchwave::runtime {
namespace {

TEST(SignalWatch, CallsWithEachSignalAndItsNumber) {
  block_shutdown_signals();
  std::promise<int> first, second;
  const SignalWatch watch([&](int signal, int count) { (count == 1 ? first : second).set_value(signal); });
  kill(getpid(), SIGTERM);
  EXPECT_EQ(first.get_future().get(), SIGTERM);
  kill(getpid(), SIGINT);
  EXPECT_EQ(second.get_future().get(), SIGINT);
}

TEST(SignalWatch, EndsWithoutASignal) {
  block_shutdown_signals();
  bool called = false;
  {
    const SignalWatch watch([&](int, int) { called = true; });
  }
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace patchwave::runtime
