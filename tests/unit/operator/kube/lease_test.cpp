#include "operator/kube/lease.hpp"

#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

using Kind = LeaseMove::Kind;

constexpr const char* kLease = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/patchwave";

const LeaseSettings kSettings;

MonotonicTime at(seconds time) {
  return MonotonicTime(std::chrono::hours(1) + time);
}

LeaseRecord record(const std::string& holder, const std::string& version = "1") {
  return {holder, seconds(15), kStart, kStart, 3, version};
}

TEST(LeaseSettings, MustLeaveALeaderTimeToNoticeItsLoss) {
  EXPECT_TRUE(check({}));
  EXPECT_FALSE(check({seconds(10), seconds(10), seconds(2)}));
  EXPECT_FALSE(check({seconds(15), seconds(10), seconds(9)}));
  EXPECT_FALSE(check({seconds(15), seconds(10), seconds(0)}));
  EXPECT_LT(request_limit({}) + LeaseSettings{}.renew_deadline, LeaseSettings{}.duration);
}

TEST(Lease, ReadsBackWhatItWrites) {
  LeaseRecord written = record("me", "7");
  written.renew_time = kStart + microseconds(123456);
  EXPECT_EQ(parse_lease(print_lease(written, "ops", "patchwave")), written);
}

TEST(Lease, IsMadeWhenThereIsNone) {
  LeaseState state;
  EXPECT_EQ(next_move(state, kSettings, "me", kStart, at(seconds(0))).kind, Kind::Read);
  const auto move = move_after_read(state, std::nullopt, kSettings, "me", kStart, at(seconds(0)));
  EXPECT_EQ(move.kind, Kind::Create);
  EXPECT_EQ(move.record.holder, "me");
}

TEST(Lease, IsTakenOnlyAfterItsHolderWasSilentForItsWholeDurationAsSeenHere) {
  LeaseState state;
  EXPECT_EQ(move_after_read(state, record("other"), kSettings, "me", kStart, at(seconds(0))).kind,
            Kind::StandBy);
  EXPECT_EQ(move_after_read(state, record("other"), kSettings, "me", kStart, at(seconds(14))).kind,
            Kind::StandBy);
  const auto move = move_after_read(state, record("other"), kSettings, "me", kStart, at(seconds(15)));
  EXPECT_EQ(move.kind, Kind::Write);
  EXPECT_EQ(move.record.transitions, 4);
  EXPECT_EQ(move.record.resource_version, "1");
}

TEST(Lease, IsJudgedByChangesAndNotByTheHoldersClock) {
  LeaseState state;
  LeaseRecord old = record("other");
  old.renew_time = kStart - std::chrono::hours(24);
  EXPECT_EQ(move_after_read(state, old, kSettings, "me", kStart, at(seconds(0))).kind, Kind::StandBy);
  old.resource_version = "2";
  EXPECT_EQ(move_after_read(state, old, kSettings, "me", kStart, at(seconds(14))).kind, Kind::StandBy);
  EXPECT_EQ(move_after_read(state, old, kSettings, "me", kStart, at(seconds(28))).kind, Kind::StandBy);
}

TEST(Lease, IsTakenAtOnceWhenItWasReleased) {
  LeaseState state;
  EXPECT_EQ(move_after_read(state, record(""), kSettings, "me", kStart, at(seconds(0))).kind, Kind::Write);
}

TEST(Lease, KeepsAcquireTimeAndTransitionsWhenItIsRenewed) {
  LeaseState state;
  note_written(state, record("me"), at(seconds(0)), at(seconds(0)));
  const auto move = next_move(state, kSettings, "me", kStart + seconds(2), at(seconds(2)));
  EXPECT_EQ(move.kind, Kind::Write);
  EXPECT_EQ(move.record.transitions, 3);
  EXPECT_EQ(move.record.acquire_time, kStart);
  EXPECT_EQ(move.record.renew_time, kStart + seconds(2));
}

TEST(Lease, IsCountedFromWhenTheRenewalWasSent) {
  LeaseState state;
  note_written(state, record("me"), at(seconds(0)), at(seconds(4)));
  EXPECT_TRUE(leads_surely(state, kSettings, at(seconds(9))));
  EXPECT_FALSE(leads_surely(state, kSettings, at(seconds(10))));
  EXPECT_EQ(next_move(state, kSettings, "me", kStart, at(seconds(10))).kind, Kind::StandDown);
}

TEST(Lease, IsLostWhenSomebodyElseHoldsIt) {
  LeaseState state;
  note_written(state, record("me"), at(seconds(0)), at(seconds(0)));
  note_write_failed(state);
  EXPECT_EQ(next_move(state, kSettings, "me", kStart, at(seconds(2))).kind, Kind::Read);
  EXPECT_EQ(move_after_read(state, record("other", "9"), kSettings, "me", kStart, at(seconds(2))).kind,
            Kind::StandDown);
}

struct Elected {
  Scripted scripted;
  FakeTransport& server = *scripted.server;
  ManualClock clock{kStart};
  std::vector<std::string> told;
  Log log{clock, LogLevel::Warning, [this](std::string_view line) { told.emplace_back(line); }};
  int started = 0;
  int lost = 0;
  LeaderElector elector{{"ops", "patchwave", "me", {}, [this] { ++started; }, [this] { ++lost; }},
                        scripted.client,
                        clock,
                        log,
                        [] { return 0.0; }};

  void becomes_leader() {
    server.on("GET", kLease).reply(404, status(404, "NotFound", "leases \"patchwave\" not found"));
    server.on("POST", "/apis/coordination.k8s.io/v1/namespaces/ops/leases*")
        .reply(201, print_json(print_lease(record("me", "1"), "ops", "patchwave")));
    ASSERT_TRUE(elector.run_once());
    ASSERT_TRUE(elector.leads());
  }
};

TEST(LeaderElector, StartsOnceItHoldsTheLease) {
  Elected t;
  t.becomes_leader();
  t.server.on("PUT", std::string(kLease) + "*")
      .reply(200, print_json(print_lease(record("me", "2"), "ops", "patchwave")));
  t.clock.advance(seconds(2));
  ASSERT_TRUE(t.elector.run_once());
  EXPECT_EQ(t.started, 1);
  EXPECT_EQ(string_at(Json::parse(t.server.last_request().body), {"metadata", "resourceVersion"}), "1");
}

TEST(LeaderElector, SaysOnceWhyItCanNeverLead) {
  Elected t;
  t.server.always("GET", kLease).reply(404, status(404, "NotFound", "leases \"patchwave\" not found"));
  t.server.always("POST", "/apis/coordination.k8s.io/v1/namespaces/ops/leases*")
      .reply(404, status(404, "NotFound", "namespaces \"ops\" not found"));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(t.elector.run_once());
  ASSERT_EQ(t.told.size(), 1);
  EXPECT_THAT(t.told[0], ::testing::HasSubstr("namespaces \\\"ops\\\" not found"));
}

TEST(LeaderElector, SurvivesAServerThatIsAwayForLessThanTheDeadline) {
  Elected t;
  t.becomes_leader();
  t.server.always("GET", kLease).fail(ErrorKind::Timeout);
  t.server.always("PUT", std::string(kLease) + "*").fail(ErrorKind::Timeout);
  for (int i = 0; i < 4; ++i) {
    t.clock.advance(seconds(2));
    ASSERT_TRUE(t.elector.run_once());
  }
  EXPECT_TRUE(t.elector.leads());
  t.clock.advance(seconds(2));
  EXPECT_FALSE(t.elector.leads()) << "by the clock, before the elector itself gets to say so";
  EXPECT_FALSE(t.elector.run_once());
  EXPECT_EQ(t.lost, 1);
}

TEST(LeaderElector, LetsTheNextOneInWhenItReleases) {
  Elected t;
  t.becomes_leader();
  t.server.on("PUT", std::string(kLease) + "*").reply(200, "{}");
  t.elector.release();
  EXPECT_FALSE(t.elector.leads());
  EXPECT_EQ(string_at(Json::parse(t.server.last_request().body), {"spec", "holderIdentity"}, "?"), "");
  EXPECT_EQ(t.lost, 0);
}

TEST(LeaderElector, ReleasesNothingThatItDoesNotHold) {
  Elected t;
  t.elector.release();
  EXPECT_TRUE(t.server.requests().empty());
}

}  // namespace
}  // namespace patchwave::kube
