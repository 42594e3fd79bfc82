#include "operator/kube/server_clock.hpp"

#include "operator/base/http_date.hpp"
#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

using std::chrono::hours;

/// A machine whose wall clock steps apart from its monotonic one.
class SteppingClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return wall; }
  [[nodiscard]] MonotonicTime monotonic() const override { return steady; }
  void pass(microseconds span) {
    wall += span;
    steady += span;
  }
  Time wall = kStart;
  MonotonicTime steady{seconds(1)};
};

struct ServerClockTest : ::testing::Test {
  /// An answer that took `took`, with the server's time in the middle of it.
  void hear(Time server, milliseconds took = milliseconds(4)) {
    const auto sent = machine.monotonic();
    machine.pass(took);
    clock.heard(format_http_date(server), sent, machine.monotonic());
  }
  SteppingClock machine;
  ServerClock clock{machine};
};

TEST_F(ServerClockTest, IsTheMachinesClockUntilAnAnswerTells) {
  machine.pass(seconds(5));
  EXPECT_EQ(clock.now(), kStart + seconds(5));
  clock.heard("no date", machine.monotonic(), machine.monotonic());
  EXPECT_EQ(clock.now(), kStart + seconds(5));
}

TEST_F(ServerClockTest, IsHeldToTheServersTimeWithinASecond) {
  hear(kStart + hours(3));
  EXPECT_GE(clock.now(), kStart + hours(3));
  EXPECT_LE(clock.now(), kStart + hours(3) + seconds(1) + milliseconds(4));
  hear(kStart - hours(3));
  EXPECT_GE(clock.now(), kStart - hours(3));
  EXPECT_LE(clock.now(), kStart - hours(3) + seconds(1) + milliseconds(4));
}

TEST_F(ServerClockTest, DoesNotSeeTheMachinesWallClockStep) {
  hear(kStart);
  const Time before = clock.now();
  machine.wall += hours(1);
  machine.pass(seconds(10));
  EXPECT_EQ(clock.now(), before + seconds(10));
  machine.wall -= hours(5);
  EXPECT_EQ(clock.now(), before + seconds(10));
}

TEST_F(ServerClockTest, GetsNearerToTheServerWithEachAnswer) {
  const Time truth_at_start = kStart + milliseconds(700);
  for (int i = 0; i < 20; ++i) {
    hear(std::chrono::floor<seconds>(truth_at_start + machine.monotonic().time_since_epoch() - seconds(1)));
    machine.pass(milliseconds(130));
  }
  const Time truth = truth_at_start + machine.monotonic().time_since_epoch() - seconds(1);
  EXPECT_LE(std::chrono::abs(clock.now() - truth), milliseconds(140));
}

TEST_F(ServerClockTest, IsNotMovedWithinWhatADateIsExactTo) {
  hear(kStart);
  const Time before = clock.now();
  const auto steady = machine.monotonic();
  hear(kStart);
  EXPECT_EQ(clock.now() - before, machine.monotonic() - steady);
}

TEST_F(ServerClockTest, FollowsTheServerAfterTheMachineStoodStill) {
  hear(kStart);
  hear(kStart + hours(1));
  EXPECT_GE(clock.now(), kStart + hours(1));
}

TEST_F(ServerClockTest, ASlowAnswerMovesItNoFurtherThanItProves) {
  hear(kStart);
  const Time before = clock.now();
  hear(kStart + seconds(5), seconds(15));
  EXPECT_EQ(clock.now(), before + seconds(15));
}

TEST(Client, TellsItsServerClockTheDateOfEachAnswer) {
  Scripted t;
  SteppingClock machine;
  auto options = t.options();
  options.server_clock = std::make_shared<ServerClock>(machine);
  const Client client(options);
  t.server->on("GET", "/api/v1/nodes/n1")
      .reply(404, status(404, "NotFound", "nodes \"n1\" not found"),
             {{"date", format_http_date(kStart + hours(2))}});
  EXPECT_FALSE(client.get(resources::kNodes, "", "n1"));
  EXPECT_GE(options.server_clock->now(), kStart + hours(2));
}

}  // namespace
}  // namespace patchwave::kube
