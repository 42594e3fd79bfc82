#include "operator/runtime/manager.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace patchwave::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// A process with one part of each sort, which writes down what happens in which order.
class ManagerTest : public testing::Test {
 protected:
  ManagerTest() {
    manager_.add_server(service("server"));
    manager_.add_cache({service("cache"), [this] { return synced_.load(); }});
    manager_.add_controller(controller_);
    manager_.add_flush("events", [this] { record("flush events"); });
  }

  Service service(const std::string& name) {
    return {name,
            [this, name]() -> Result<void> {
              record("start " + name);
              return {};
            },
            [this, name] { record("stop " + name); }};
  }
  void with_election() {
    manager_.set_election({[this](auto elected, auto lost) -> Result<void> {
                             record("start election");
                             elected_ = elected;
                             lost_ = lost;
                             election_started_.set_value();
                             return {};
                           },
                           [this] { record("release lease"); }});
  }
  void record(const std::string& what) {
    const std::lock_guard lock(mutex_);
    happened_.push_back(what);
  }
  std::vector<std::string> happened() {
    const std::lock_guard lock(mutex_);
    return happened_;
  }
  Result<ReconcileResult> reconcile() {
    record("reconcile");
    reconciled_.set_value();
    return ReconcileResult{};
  }
  std::future<Result<void>> run() {
    return std::async(std::launch::async, [this] { return manager_.run(); });
  }

  SystemClock clock_;
  Log log_{clock_, LogLevel::Error, [](std::string_view) {}};
  Metrics metrics_;
  std::mutex mutex_;
  std::vector<std::string> happened_;
  std::atomic<bool> synced_ = true;
  std::function<void()> elected_;
  std::function<void(const std::string&)> lost_;
  std::promise<void> election_started_;
  std::promise<void> reconciled_;
  Controller controller_{
      {"wave", 1, Backoff{}}, [this](const std::string&) { return reconcile(); }, clock_, log_, metrics_};
  Manager manager_{{1s, 30s, 1ms, {}}, log_};
};

TEST_F(ManagerTest, StartsAndStopsItsPartsInTheSafeOrder) {
  with_election();
  controller_.enqueue("shop/web");
  auto result = run();
  election_started_.get_future().wait();
  elected_();
  reconciled_.get_future().wait();
  manager_.request_stop("test");
  EXPECT_TRUE(result.get());
  EXPECT_THAT(happened(), ElementsAre("start server", "start cache", "start election", "reconcile",
                                      "stop cache", "stop server", "flush events", "release lease"));
}

TEST_F(ManagerTest, RunsNoControllerOnAStandbyButKeepsItsCachesWarm) {
  with_election();
  controller_.enqueue("shop/web");
  auto result = run();
  election_started_.get_future().wait();
  EXPECT_TRUE(manager_.ready().ok());
  EXPECT_FALSE(manager_.leading());
  manager_.request_stop("test");
  EXPECT_TRUE(result.get());
  EXPECT_THAT(happened(), testing::Not(testing::Contains("reconcile")));
}

TEST_F(ManagerTest, RunsNoControllerBeforeEveryCacheIsSynced) {
  synced_ = false;
  manager_.add_cache({service("second cache"), [this] {
                        // Asked while the first one is not synced only by ready(); never by the start.
                        return true;
                      }});
  controller_.enqueue("shop/web");
  auto result = run();
  EXPECT_FALSE(manager_.ready().ok());
  EXPECT_THAT(manager_.ready().text(), HasSubstr("[-] cache cache: not synced"));
  EXPECT_THAT(happened(), testing::Not(testing::Contains("reconcile")));
  synced_ = true;
  reconciled_.get_future().wait();
  manager_.request_stop("test");
  EXPECT_TRUE(result.get());
}

TEST_F(ManagerTest, EndsWithAnErrorAndCutsCallsOffWhenLeadershipIsLost) {
  with_election();
  auto result = run();
  election_started_.get_future().wait();
  elected_();
  EXPECT_FALSE(manager_.calls_stop().stop_requested());
  lost_("the lease was not renewed for 10s");
  EXPECT_TRUE(manager_.calls_stop().stop_requested());
  const auto ended = result.get();
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("not renewed for 10s"));
}

TEST_F(ManagerTest, StopsOnlyWhatItStartedWhenAPartDoesNotStart) {
  manager_.add_server(
      {"broken", []() -> Result<void> { return fail(ErrorKind::Transport, "port in use"); }, [] {}});
  const auto ended = manager_.run();
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("starting broken: port in use"));
  EXPECT_THAT(happened(), ElementsAre("start server", "stop server", "flush events"));
}

TEST_F(ManagerTest, IsNotReadyOnTheWayDown) {
  manager_.request_stop("SIGTERM");
  EXPECT_FALSE(manager_.ready().ok());
  EXPECT_THAT(manager_.ready().text(), HasSubstr("[-] running: shutting down"));
  EXPECT_TRUE(manager_.run());
}

TEST_F(ManagerTest, IsLiveUntilALivenessCheckHasAProblem) {
  std::optional<std::string> problem;
  manager_.add_liveness("workers", [&] { return problem; });
  EXPECT_TRUE(manager_.live().ok());
  problem = "a reconcile has run for 20m";
  EXPECT_FALSE(manager_.live().ok());
  EXPECT_EQ(manager_.live().text(), "[-] workers: a reconcile has run for 20m\n");
}

/// A reconcile that goes on until its calls are cut off.
TEST(Manager, CutsCallsOffThatOutlastTheDrainTime) {
  SystemClock clock;
  Log log(clock, LogLevel::Error, [](std::string_view) {});
  Metrics metrics;
  Manager manager({10ms, 30s, 1ms, {}}, log);
  std::promise<void> begun;
  Controller controller(
      {"wave", 1, Backoff{}},
      [&](const std::string&) -> Result<ReconcileResult> {
        std::promise<void> cut_off;
        const std::stop_callback on_stop(manager.calls_stop(), [&] { cut_off.set_value(); });
        begun.set_value();
        cut_off.get_future().wait();
        return fail(ErrorKind::Cancelled, "cut off");
      },
      clock, log, metrics);
  manager.add_controller(controller);
  controller.enqueue("shop/web");
  auto result = std::async(std::launch::async, [&] { return manager.run(); });
  begun.get_future().wait();
  manager.request_stop("test");
  EXPECT_TRUE(result.get());
}

TEST(Manager, CallsOverrunWhenTheWayDownTakesTooLong) {
  SystemClock clock;
  Log log(clock, LogLevel::Error, [](std::string_view) {});
  std::promise<void> overrun;
  Manager manager({1ms, 5ms, 1ms, [&] { overrun.set_value(); }}, log);
  // A server that only stops once the watchdog has called.
  manager.add_server({"stuck", []() -> Result<void> { return {}; }, [&] { overrun.get_future().wait(); }});
  manager.request_stop("test");
  EXPECT_TRUE(manager.run());
}

}  // namespace
}  // namespace patchwave::runtime
