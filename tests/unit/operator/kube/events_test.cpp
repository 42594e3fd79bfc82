#include "operator/kube/events.hpp"

#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

using ::testing::HasSubstr;

EventNote note(const std::string& text = "…", const std::string& reason = "CanaryHarmed") {
  return {
      {"patchwave.dev/v1alpha1", "PatchWave", "shop", "web-canary", "u1"}, true, reason, "Rollback", text};
}

TEST(EventSeries, MakesAnEventOfTheFirstNote) {
  EventSeries series({"patchwave.dev/patchwave", "pod-1"});
  const auto write = series.record(note("errors rose"), kStart);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->kind, EventWrite::Kind::Create);
  EXPECT_EQ(write->body["eventTime"], "2026-11-21T02:00:00.000000Z");
  EXPECT_EQ(write->body["regarding"]["name"], "web-canary");
  EXPECT_EQ(write->body["type"], "Warning");
  EXPECT_THAT(write->name, HasSubstr("web-canary."));
}

TEST(EventSeries, MakesASeriesOfARepeatAndThenOnlyCounts) {
  EventSeries series({});
  const auto first = series.record(note(), kStart);
  const auto second = series.record(note("with other words"), kStart + seconds(10));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->kind, EventWrite::Kind::PatchSeries);
  EXPECT_EQ(second->name, first->name);
  EXPECT_EQ(second->body["series"]["count"], 2);
  EXPECT_FALSE(series.record(note(), kStart + seconds(20)));
}

TEST(EventSeries, WritesTheLastCountWhenASeriesEnds) {
  EventSeries series({});
  for (int i = 0; i < 5; ++i) series.record(note(), kStart + seconds(i));
  EXPECT_TRUE(series.tick(kStart + seconds(300)).empty());
  const auto writes = series.tick(kStart + seconds(364));
  ASSERT_EQ(writes.size(), 1U);
  EXPECT_EQ(writes[0].body["series"]["count"], 5);
  EXPECT_EQ(series.open(), 0U);
}

TEST(EventSeries, WritesAHeartbeatOfASeriesThatLasts) {
  EventSeries series({});
  int written = 0;
  for (int minute = 0; minute <= 61; ++minute) {
    if (series.record(note(), kStart + std::chrono::minutes(minute))) ++written;
  }
  EXPECT_EQ(written, 4) << "made, became a series, two heartbeats";
}

TEST(EventSeries, MakesANewEventAfterAQuietTime) {
  EventSeries series({});
  const auto first = series.record(note(), kStart);
  const auto later = series.record(note(), kStart + seconds(361));
  EXPECT_EQ(later->kind, EventWrite::Kind::Create);
  EXPECT_NE(later->name, first->name);
}

TEST(EventSeries, TellsNotesOfOneInstantApart) {
  EventSeries series({});
  EXPECT_NE(series.record(note("", "A"), kStart)->name, series.record(note("", "B"), kStart)->name);
}

TEST(EventSeries, KeepsEventsOfClusterObjectsInTheDefaultNamespace) {
  EventSeries series({});
  EventNote about_node = note();
  about_node.regarding = {"v1", "Node", "", "n1", "u"};
  const auto write = series.record(about_node, kStart);
  EXPECT_EQ(write->ns, "default");
  EXPECT_FALSE(write->body["regarding"].contains("namespace"));
}

TEST(EventSeries, BoundsItsNotesAndItsMemory) {
  EventSeries series({});
  EXPECT_EQ(series.record(note(std::string(5000, 'x')), kStart)->body["note"].get<std::string>().size(),
            1024U);
  for (int i = 0; i < 5000; ++i) series.record(note("", "R" + std::to_string(i)), kStart + microseconds(i));
  EXPECT_EQ(series.open(), EventSeries::kMaxOpen);
}

struct Recorded {
  Scripted scripted;
  FakeTransport& server = *scripted.server;
  ManualClock clock{kStart};
  Log log{clock, LogLevel::Error, [](std::string_view) {}};
  std::vector<microseconds> waits;
  EventRecorder recorder{{}, scripted.client, clock, log, [this](microseconds time, std::stop_token stop) {
                           if (stop.stop_requested()) return false;
                           waits.push_back(time);
                           return true;
                         }};
};

constexpr const char* kEvents = "/apis/events.k8s.io/v1/namespaces/shop/events*";

TEST(EventRecorder, SendsWhatWasRecorded) {
  Recorded t;
  t.server.on("POST", kEvents).reply(201, "{}");
  t.server.on("PATCH", kEvents).reply(200, "{}");
  t.recorder.record(note());
  t.recorder.record(note());
  EXPECT_TRUE(t.server.requests().empty()) << "recording itself touches no network";
  t.recorder.flush();
  EXPECT_EQ(t.server.unused(), 0U);
}

TEST(EventRecorder, DropsWhatItsQueueCannotHold) {
  Recorded t;
  for (std::size_t i = 0; i < EventRecorder::kMaxQueued + 5; ++i) t.recorder.record(note());
  EXPECT_EQ(t.recorder.dropped(), 5U);
}

TEST(EventRecorder, TriesAgainWhenTheServerIsAway) {
  Recorded t;
  t.server.on("POST", kEvents).fail(ErrorKind::Timeout);
  t.server.on("POST", kEvents).reply(409, status(409, "AlreadyExists", "exists"));
  t.recorder.record(note());
  t.recorder.flush();
  EXPECT_THAT(t.waits, ::testing::ElementsAre(EventRecorder::kBetweenTries));
  EXPECT_EQ(t.recorder.dropped(), 0U);
}

TEST(EventRecorder, OnTheWayDownDropsTheRestOnceTheServerDoesNotAnswer) {
  Recorded t;
  t.server.on("POST", kEvents).fail(ErrorKind::Timeout);
  for (const auto* reason : {"One", "Two", "Three"}) t.recorder.record(note("", reason));
  std::stop_source stop;
  stop.request_stop();
  t.recorder.flush(stop.get_token());
  EXPECT_EQ(t.server.requests().size(), 1U);
  EXPECT_EQ(t.recorder.dropped(), 3U);
}

TEST(EventRecorder, OnTheWayDownSendsWhatIsQueued) {
  Recorded t;
  for (int i = 0; i < 3; ++i) t.server.on("POST", kEvents).reply(201, "{}");
  for (const auto* reason : {"One", "Two", "Three"}) t.recorder.record(note("", reason));
  std::stop_source stop;
  stop.request_stop();
  t.recorder.flush(stop.get_token());
  EXPECT_EQ(t.server.unused(), 0U);
}

TEST(EventRecorder, GivesUpOnWhatTheServerRefuses) {
  Recorded t;
  t.server.on("POST", kEvents).reply(403, status(403, "Forbidden", "no"));
  t.recorder.record(note());
  t.recorder.flush();
  EXPECT_EQ(t.recorder.dropped(), 1U);
}

TEST(EventRecorder, MakesAnEventAnewWhenTheOldOneIsGone) {
  Recorded t;
  t.server.on("POST", kEvents).reply(201, "{}");
  t.server.on("PATCH", kEvents).reply(404, status(404, "NotFound", "events not found"));
  t.server.on("POST", kEvents).reply(201, "{}");
  for (int i = 0; i < 3; ++i) {
    t.recorder.record(note());
    t.recorder.flush();
  }
  EXPECT_EQ(t.server.unused(), 0U);
}

}  // namespace
}  // namespace patchwave::kube
