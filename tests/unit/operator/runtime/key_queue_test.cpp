#include <gtest/gtest.h>

#include "operator/runtime/work_queue.hpp"

namespace patchwave::runtime {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime kStart{100s};

std::string take(KeyQueue& queue, MonotonicTime now) {
  const auto item = queue.take(now);
  return item ? item->key : "";
}

TEST(KeyQueue, RunsAKeyOnceHoweverOftenItWasAdded) {
  KeyQueue queue;
  EXPECT_TRUE(queue.add("shop/web", kStart));
  EXPECT_FALSE(queue.add("shop/web", kStart));
  EXPECT_EQ(take(queue, kStart), "shop/web");
  queue.done("shop/web", kStart);
  EXPECT_EQ(take(queue, kStart), "");
}

TEST(KeyQueue, GivesKeysOutInTheOrderTheyWereAdded) {
  KeyQueue queue;
  for (const char* key : {"c", "a", "b"}) queue.add(key, kStart);
  EXPECT_EQ(take(queue, kStart), "c");
  EXPECT_EQ(take(queue, kStart), "a");
  EXPECT_EQ(take(queue, kStart), "b");
}

TEST(KeyQueue, NeverGivesOutAKeyThatIsWithAWorker) {
  KeyQueue queue;
  queue.add("a", kStart);
  ASSERT_EQ(take(queue, kStart), "a");
  queue.add("a", kStart);
  EXPECT_EQ(take(queue, kStart), "");
}

TEST(KeyQueue, RunsAKeyAgainThatWasAddedWhileItWasWithAWorker) {
  KeyQueue queue;
  queue.add("a", kStart);
  ASSERT_EQ(take(queue, kStart), "a");
  queue.add("a", kStart);
  queue.done("a", kStart);
  EXPECT_EQ(take(queue, kStart), "a");
}

TEST(KeyQueue, GivesADelayedKeyOutWhenItsTimeHasComeAndNotBefore) {
  KeyQueue queue;
  queue.add_after("a", 5s, kStart);
  EXPECT_EQ(queue.next_due(), kStart + 5s);
  EXPECT_EQ(take(queue, kStart + 4999ms), "");
  EXPECT_EQ(take(queue, kStart + 5s), "a");
}

TEST(KeyQueue, LetsTheEarlierOfTwoDelaysStand) {
  KeyQueue queue;
  queue.add_after("a", 5s, kStart);
  queue.add_after("a", 9s, kStart);
  EXPECT_EQ(queue.next_due(), kStart + 5s);
  queue.add_after("a", 2s, kStart);
  EXPECT_EQ(queue.next_due(), kStart + 2s);
  EXPECT_EQ(queue.statistics(kStart).delayed, 1u);
}

TEST(KeyQueue, DoesNotPutOffAKeyThatIsDueByALaterDelay) {
  KeyQueue queue;
  queue.add("a", kStart);
  queue.add_after("a", 1h, kStart);
  EXPECT_EQ(take(queue, kStart), "a");
}

TEST(KeyQueue, DropsADelayWhenTheKeyRunsBefore) {
  KeyQueue queue;
  queue.add_after("a", 1h, kStart);
  queue.add("a", kStart);
  EXPECT_EQ(take(queue, kStart), "a");
  queue.done("a", kStart);
  EXPECT_EQ(queue.next_due(), std::nullopt);
}

TEST(KeyQueue, KeepsADelayThatWasAskedForWhileTheKeyWasWithAWorker) {
  KeyQueue queue;
  queue.add("a", kStart);
  ASSERT_EQ(take(queue, kStart), "a");
  queue.add_after("a", 5s, kStart);
  queue.done("a", kStart + 1s);
  EXPECT_EQ(take(queue, kStart + 4s), "");
  EXPECT_EQ(take(queue, kStart + 5s), "a");
}

TEST(KeyQueue, RunsAKeyWhoseDelayEndedWhileItWasWithAWorker) {
  KeyQueue queue;
  queue.add("a", kStart);
  ASSERT_EQ(take(queue, kStart), "a");
  queue.add_after("a", 5s, kStart);
  EXPECT_EQ(take(queue, kStart + 6s), "");
  queue.done("a", kStart + 7s);
  EXPECT_EQ(take(queue, kStart + 7s), "a");
}

TEST(KeyQueue, LetsLiveEventsOvertakeTheInitialList) {
  KeyQueue queue;
  queue.add("listed", kStart, Priority::Resync);
  queue.add("changed", kStart, Priority::Live);
  EXPECT_EQ(take(queue, kStart), "changed");
  EXPECT_EQ(take(queue, kStart), "listed");
}

TEST(KeyQueue, RaisesAListedKeyBehindTheLiveOnesWhenItChanges) {
  KeyQueue queue;
  queue.add("listed", kStart, Priority::Resync);
  queue.add("first", kStart, Priority::Live);
  queue.add("listed", kStart, Priority::Live);
  queue.add("last", kStart, Priority::Live);
  EXPECT_EQ(take(queue, kStart), "first");
  EXPECT_EQ(take(queue, kStart), "listed");
  EXPECT_EQ(take(queue, kStart), "last");
  EXPECT_EQ(take(queue, kStart), "");
}

TEST(KeyQueue, DoesNotLowerALiveKeyThatAResyncNamesToo) {
  KeyQueue queue;
  queue.add("changed", kStart, Priority::Live);
  queue.add("changed", kStart, Priority::Resync);
  queue.add("other", kStart, Priority::Live);
  EXPECT_EQ(take(queue, kStart), "changed");
}

TEST(KeyQueue, DoublesThePauseWithEachFailureInARowUpToTheCap) {
  KeyQueue queue(Backoff{5ms, 30ms});
  std::vector<milliseconds> pauses;
  for (int i = 0; i < 5; ++i) pauses.push_back(queue.add_failed("a", kStart));
  EXPECT_EQ(pauses, (std::vector<milliseconds>{5ms, 10ms, 20ms, 30ms, 30ms}));
}

TEST(KeyQueue, StartsFromTheShortestPauseAfterASuccess) {
  KeyQueue queue;
  queue.add_failed("a", kStart);
  queue.add_failed("a", kStart);
  queue.forget("a");
  EXPECT_EQ(queue.add_failed("a", kStart), 5ms);
}

TEST(KeyQueue, CountsFailuresOfEachKeyApart) {
  KeyQueue queue;
  for (int i = 0; i < 10; ++i) queue.add_failed("bad", kStart);
  EXPECT_EQ(queue.add_failed("good", kStart), 5ms);
}

TEST(KeyQueue, WaitsAsLongAsTheServerAskedFor) {
  KeyQueue queue;
  EXPECT_EQ(queue.add_failed("a", kStart, 7s), 7s);
  EXPECT_EQ(queue.next_due(), kStart + 7s);
}

TEST(Backoff, DoesNotOverflowAfterAMillionFailures) {
  EXPECT_EQ(Backoff{}.after(1'000'000), Backoff{}.cap);
  EXPECT_EQ((Backoff{5ms, milliseconds::max()}.after(40)), 5ms * (1LL << 39));
}

TEST(KeyQueue, SaysHowLongAKeyWaitedAndHowLongItHasBeenWithAWorker) {
  KeyQueue queue;
  queue.add("a", kStart);
  queue.add("b", kStart);
  EXPECT_EQ(queue.take(kStart + 2s)->waited, 2s);
  queue.take(kStart + 3s);
  const auto statistics = queue.statistics(kStart + 5s);
  EXPECT_EQ(statistics.in_progress, 2u);
  EXPECT_EQ(statistics.unfinished_work, 5s);
  EXPECT_EQ(statistics.longest_running, 3s);
}

TEST(KeyQueue, IgnoresADoneWithoutATake) {
  KeyQueue queue;
  queue.add("a", kStart);
  queue.done("a", kStart);
  queue.done("never seen", kStart);
  EXPECT_EQ(take(queue, kStart), "a");
}

}  // namespace
}  // namespace patchwave::runtime
