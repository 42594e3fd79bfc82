#include "operator/runtime/controller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <stdexcept>

namespace patchwave::runtime {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ControllerTest : public testing::Test {
 protected:
  Controller make(Reconcile reconcile, int workers = 1) {
    return {{"wave", workers, Backoff{}}, std::move(reconcile), clock_, log_, metrics_};
  }
  static Reconcile failing(ErrorKind kind) {
    return [kind](const std::string&) -> Result<ReconcileResult> { return fail(kind, "no luck"); };
  }

  ManualClock clock_{Time(1'700'000'000s)};
  std::vector<std::string> lines_;
  Log log_{clock_, LogLevel::Info, [this](std::string_view line) { lines_.emplace_back(line); }};
  Metrics metrics_;
};

TEST_F(ControllerTest, DoesNothingWhenNothingIsDue) {
  auto controller = make([](const std::string&) { return ReconcileResult{}; });
  EXPECT_FALSE(controller.run_one());
}

TEST_F(ControllerTest, LooksAgainWhenTheReconcilerAskedForIt) {
  auto controller = make([](const std::string&) { return ReconcileResult{30s}; });
  controller.enqueue("shop/web");
  EXPECT_TRUE(controller.run_one());
  EXPECT_FALSE(controller.run_one());
  EXPECT_EQ(controller.next_due(), clock_.monotonic() + 30s);
}

TEST_F(ControllerTest, TriesAnErrorAgainAfterItsBackOff) {
  auto controller = make(failing(ErrorKind::Unavailable));
  controller.enqueue("shop/web");
  controller.run_one();
  EXPECT_EQ(controller.next_due(), clock_.monotonic() + 5ms);
  clock_.advance(5ms);
  controller.run_one();
  EXPECT_EQ(controller.next_due(), clock_.monotonic() + 10ms);
}

TEST_F(ControllerTest, DoesNotTryAnInvalidObjectAgainUntilItChanges) {
  auto controller = make(failing(ErrorKind::Invalid));
  controller.enqueue("shop/web");
  controller.run_one();
  EXPECT_EQ(controller.next_due(), std::nullopt);
  EXPECT_THAT(metrics_.text(),
              HasSubstr("controller_runtime_terminal_reconcile_errors_total{controller=\"wave\"} 1"));
  controller.enqueue("shop/web");
  EXPECT_TRUE(controller.run_one());
}

TEST_F(ControllerTest, WaitsAsLongAsTheServerAskedFor) {
  auto controller = make([](const std::string&) -> Result<ReconcileResult> {
    return fail(Error{ErrorKind::TooManyRequests, "slow down", 429, 7s, ""});
  });
  controller.enqueue("shop/web");
  controller.run_one();
  EXPECT_EQ(controller.next_due(), clock_.monotonic() + 7s);
}

TEST_F(ControllerTest, StartsTheBackOffAnewAfterASuccess) {
  bool broken = true;
  auto controller = make([&](const std::string&) -> Result<ReconcileResult> {
    if (broken) return fail(ErrorKind::Unavailable, "no luck");
    return ReconcileResult{};
  });
  controller.enqueue("shop/web");
  for (int i = 0; i < 3; ++i, clock_.advance(1s)) controller.run_one();
  broken = false;
  controller.run_one();
  broken = true;
  controller.enqueue("shop/web");
  controller.run_one();
  EXPECT_EQ(controller.next_due(), clock_.monotonic() + 5ms);
}

TEST_F(ControllerTest, TakesAnExceptionForAnErrorAndGoesOn) {
  auto controller = make([](const std::string& key) -> Result<ReconcileResult> {
    if (key == "poison") throw std::runtime_error("boom");
    if (key == "venom") throw 42;
    return ReconcileResult{};
  });
  for (const char* key : {"poison", "venom", "healthy"}) controller.enqueue(key);
  while (controller.run_one()) {
  }
  EXPECT_EQ(controller.statistics().delayed, 2u);
  EXPECT_THAT(metrics_.text(), HasSubstr("controller_runtime_reconcile_panics_total{controller=\"wave\"} 2"));
  EXPECT_THAT(metrics_.text(),
              HasSubstr("controller_runtime_reconcile_total{controller=\"wave\",result=\"success\"} 1"));
  EXPECT_THAT(lines_.front(), HasSubstr("boom"));
}

TEST_F(ControllerTest, TriesAStaleViewAgainWithoutCallingItAnError) {
  auto controller = make(failing(ErrorKind::Conflict));
  controller.enqueue("shop/web");
  controller.run_one();
  EXPECT_TRUE(controller.next_due());
  EXPECT_TRUE(lines_.empty());
  EXPECT_THAT(metrics_.text(), HasSubstr("controller_runtime_reconcile_errors_total{controller=\"wave\"} 0"));
}

TEST_F(ControllerTest, LogsAnErrorWithTheKeyAndTheCause) {
  auto controller = make(failing(ErrorKind::Forbidden));
  controller.enqueue("shop/web");
  controller.run_one();
  ASSERT_EQ(lines_.size(), 1u);
  const auto line = parse_json(lines_[0], "a log line");
  ASSERT_TRUE(line);
  EXPECT_EQ(string_at(*line, {"key"}), "shop/web");
  EXPECT_EQ(string_at(*line, {"error"}), "no luck");
  EXPECT_EQ(string_at(*line, {"kind"}), to_string(ErrorKind::Forbidden));
}

TEST_F(ControllerTest, WorksOnSeveralKeysAtOnceWithSeveralWorkers) {
  std::latch both_inside(2);
  const SystemClock clock;
  Controller controller(
      {"wave", 2, Backoff{}},
      [&](const std::string&) {
        both_inside.arrive_and_wait();
        return ReconcileResult{};
      },
      clock, log_, metrics_);
  controller.enqueue("a");
  controller.enqueue("b");
  ASSERT_TRUE(controller.start());
  both_inside.wait();
  controller.join();
  EXPECT_EQ(controller.statistics().in_progress, 0u);
}

TEST_F(ControllerTest, FinishesTheKeyInProgressBeforeItEnds) {
  std::promise<void> begun, release;
  bool finished = false;
  const SystemClock clock;
  Controller controller(
      {"wave", 1, Backoff{}},
      [&](const std::string&) {
        begun.set_value();
        release.get_future().wait();
        finished = true;
        return ReconcileResult{};
      },
      clock, log_, metrics_);
  controller.enqueue("a");
  ASSERT_TRUE(controller.start());
  begun.get_future().wait();
  controller.shut_down();
  EXPECT_FALSE(controller.wait_until_idle(0ms));
  release.set_value();
  controller.join();
  EXPECT_TRUE(finished);
}

TEST_F(ControllerTest, ReportsItsQueueAtEachScrapeAndStopsWhenItIsGone) {
  {
    auto controller = make([](const std::string&) { return ReconcileResult{}; });
    controller.enqueue("a");
    controller.enqueue("b");
    EXPECT_THAT(metrics_.text(), HasSubstr("workqueue_depth{name=\"wave\"} 2"));
    EXPECT_THAT(metrics_.text(), HasSubstr("workqueue_adds_total{name=\"wave\"} 2"));
  }
  EXPECT_THAT(metrics_.text(), HasSubstr("workqueue_depth"));
}

}  // namespace
}  // namespace patchwave::runtime
