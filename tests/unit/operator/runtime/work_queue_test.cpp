#include "operator/runtime/work_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace patchwave::runtime {
namespace {

using namespace std::chrono_literals;

TEST(WorkQueue, WakesATakeThatWaitsWhenAKeyIsAdded) {
  const SystemClock clock;
  WorkQueue queue(clock);
  auto taken = std::async(std::launch::async, [&] { return queue.take(); });
  queue.add("a");
  EXPECT_EQ(taken.get()->key, "a");
}

TEST(WorkQueue, WakesATakeThatWaitsWhenADelayEnds) {
  const SystemClock clock;
  WorkQueue queue(clock);
  auto taken = std::async(std::launch::async, [&] { return queue.take(); });
  queue.add_after("a", 5ms);
  EXPECT_EQ(taken.get()->key, "a");
}

TEST(WorkQueue, EndsEveryTakeWhenShutDown) {
  const SystemClock clock;
  WorkQueue queue(clock);
  auto first = std::async(std::launch::async, [&] { return queue.take(); });
  auto second = std::async(std::launch::async, [&] { return queue.take(); });
  queue.shut_down();
  EXPECT_EQ(first.get(), std::nullopt);
  EXPECT_EQ(second.get(), std::nullopt);
}

TEST(WorkQueue, DropsKeysOnceItIsShutDown) {
  const SystemClock clock;
  WorkQueue queue(clock);
  queue.add("before");
  queue.shut_down();
  EXPECT_FALSE(queue.add("after"));
  EXPECT_EQ(queue.take(), std::nullopt);
  EXPECT_EQ(queue.try_take(), std::nullopt);
}

TEST(WorkQueue, IsIdleOnceTheKeysInProgressAreDone) {
  const SystemClock clock;
  WorkQueue queue(clock);
  queue.add("a");
  ASSERT_TRUE(queue.try_take());
  EXPECT_FALSE(queue.wait_until_idle(0ms));
  auto idle = std::async(std::launch::async, [&] { return queue.wait_until_idle(10s); });
  queue.done("a");
  EXPECT_TRUE(idle.get());
}

TEST(WorkQueue, GivesEveryKeyToOneWorkerAtATimeUnderManyThreads) {
  const SystemClock clock;
  WorkQueue queue(clock);
  constexpr int kKeys = 8;
  std::array<std::atomic<int>, kKeys> inside{};
  std::array<std::atomic<int>, kKeys> runs{};
  std::atomic<bool> overlapped = false;
  std::vector<std::jthread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      while (const auto item = queue.take()) {
        const auto key = static_cast<std::size_t>(std::stoi(item->key));
        if (inside[key].fetch_add(1) != 0) overlapped = true;
        ++runs[key];
        --inside[key];
        queue.done(item->key);
      }
    });
  }
  for (int i = 0; i < 2000; ++i) queue.add(std::to_string(i % kKeys));
  while (queue.statistics().ready + queue.statistics().in_progress > 0) std::this_thread::yield();
  queue.shut_down();
  workers.clear();
  EXPECT_FALSE(overlapped);
  for (const auto& count : runs) EXPECT_GE(count.load(), 1);
}

}  // namespace
}  // namespace patchwave::runtime
