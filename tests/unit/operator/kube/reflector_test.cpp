#include "operator/kube/reflector.hpp"

#include <thread>

#include "operator/kube/pod_store.hpp"
#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kStreamingList =
    "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=225&sendInitialEvents=true&"
    "resourceVersionMatch=NotOlderThan&resourceVersion=";

std::string watch_from(const std::string& version) {
  return "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=225&resourceVersion=" + version;
}

struct Reflected {
  Scripted scripted;
  FakeTransport& server = *scripted.server;
  PodStore store;
  ManualClock clock{kStart};
  std::vector<std::string> log_lines;
  Log log{clock, LogLevel::Debug, [this](std::string_view line) { log_lines.emplace_back(line); }};
  std::vector<microseconds> waits;
  std::vector<std::string> changes;
  bool streaming_list = true;
  std::optional<Reflector> reflector;

  explicit Reflected(bool stream_lists = true) : streaming_list(stream_lists) {
    ReflectorOptions options;
    options.resource = resources::kPods;
    options.streaming_list = streaming_list;
    store.on_change([this](const PodView* before, const PodView* after) {
      changes.push_back((before == nullptr  ? "+"
                         : after == nullptr ? "-"
                                            : "~") +
                        (after == nullptr ? before : after)->name);
    });
    reflector.emplace(std::move(options), scripted.client, store, clock, log, [] { return 0.5; });
  }
  milliseconds once() { return reflector->run_once({}); }
};

TEST(Reflector, FillsItsStoreFromAStreamingListAndFollowsTheSameStream) {
  Reflected t;
  t.server.on("GET", kStreamingList)
      .stream({event_line("ADDED", pod("shop", "a", "3")), bookmark_line("9", true),
               event_line("DELETED", pod("shop", "a", "10")), event_line("ADDED", pod("shop", "b", "11"))});
  EXPECT_EQ(t.once(), milliseconds(0));
  EXPECT_TRUE(t.store.synced());
  EXPECT_THAT(t.changes, ElementsAre("+a", "-a", "+b"));
  EXPECT_EQ(t.store.resource_version(), "11");
}

TEST(Reflector, IsNotSyncedBeforeTheMarkedBookmark) {
  Reflected t;
  t.server.on("GET", kStreamingList).stream({event_line("ADDED", pod("shop", "a", "3"))}).then_break();
  EXPECT_GT(t.once(), milliseconds(0));
  EXPECT_FALSE(t.store.synced());
}

TEST(Reflector, ReadsEventsThatTheNetworkCutAnywhere) {
  Reflected t;
  const std::string text = event_line("ADDED", pod("shop", "a", "3")) + bookmark_line("9", true);
  std::vector<std::string> pieces;
  for (const char byte : text) pieces.emplace_back(1, byte);
  t.server.on("GET", kStreamingList).stream(pieces);
  t.once();
  EXPECT_TRUE(t.store.synced());
  EXPECT_EQ(t.store.size(), 1U);
}

TEST(Reflector, FallsBackToPagesAndStaysWithThem) {
  Reflected t;
  t.server.on("GET", kStreamingList).reply(422, status(422, "Invalid", "sendInitialEvents is forbidden"));
  t.server.on("GET", "/api/v1/pods?limit=250").reply(200, list_text({pod("shop", "a")}, "10", "t"));
  t.server.on("GET", "/api/v1/pods?limit=250&continue=t").reply(200, list_text({pod("shop", "b")}, "10"));
  t.server.on("GET", watch_from("10")).stream({event_line("MODIFIED", pod("shop", "b", "12"))});
  t.server.on("GET", watch_from("12")).reply(410, status(410, "Expired", "too old"));
  t.server.on("GET", "/api/v1/pods?limit=250").reply(200, list_text({pod("shop", "c")}, "20"));
  for (int i = 0; i < 6; ++i) t.once();
  EXPECT_THAT(t.changes, ElementsAre("+a", "+b", "+c", "-a", "-b"));
  EXPECT_EQ(t.server.unused(), 0U);
}

TEST(Reflector, NeverListsFromAnOldCache) {
  Reflected t(false);
  t.server.on("GET", "/api/v1/pods?limit=250").reply(200, list_text({}, "10"));
  t.once();
  EXPECT_THAT(t.server.last_request().target, Not(HasSubstr("resourceVersion")));
}

TEST(Reflector, KeepsItsObjectsWhenAListIsRefused) {
  Reflected t(false);
  t.server.on("GET", "/api/v1/pods?limit=250").reply(200, list_text({pod("shop", "a")}, "10"));
  t.server.on("GET", watch_from("10")).reply(410, status(410, "Expired", "too old"));
  t.server.on("GET", "/api/v1/pods?limit=250").reply(403, status(403, "Forbidden", "no"));
  t.server.on("GET", "/api/v1/pods?limit=250").reply(200, R"({"kind":"PodList","metadata":{}})");
  for (int i = 0; i < 4; ++i) t.once();
  EXPECT_EQ(t.store.size(), 1U);
  EXPECT_THAT(t.changes, ElementsAre("+a"));
}

TEST(Reflector, TakesAnErrorEventForAnErrorAndNotForAnObject) {
  Reflected t;
  t.server.on("GET", kStreamingList)
      .stream({event_line("ADDED", pod("shop", "a")), bookmark_line("9", true)});
  t.server.on("GET", watch_from("9"))
      .stream({event_line("ADDED", pod("shop", "b", "10")),
               R"({"type":"ERROR","object":)" + status(410, "Expired", "too old resource version") + "}\n",
               event_line("ADDED", pod("shop", "late", "11"))});
  t.once();
  EXPECT_EQ(t.once(), milliseconds(0));
  EXPECT_EQ(t.store.size(), 2U);
  EXPECT_EQ(t.reflector->counts().failures, 1U);
  t.server.on("GET", kStreamingList)
      .stream({event_line("ADDED", pod("shop", "b", "10")), bookmark_line("30", true)});
  t.once();
  EXPECT_THAT(t.changes, ElementsAre("+a", "+b", "-a"));
}

TEST(Reflector, SkipsCountsAndNamesAnObjectThatItCannotRead) {
  Reflected t;
  const Json broken{
      {"metadata", {{"name", "odd"}, {"namespace", "shop"}, {"resourceVersion", "4"}, {"labels", 7}}}};
  t.server.on("GET", kStreamingList)
      .stream({bookmark_line("3", true), event_line("ADDED", broken), "not json at all\n",
               event_line("ADDED", pod("shop", "b", "5"))});
  t.once();
  EXPECT_THAT(t.changes, ElementsAre("+b"));
  EXPECT_EQ(t.reflector->counts().undecodable, 2U);
  EXPECT_EQ(t.store.resource_version(), "5");
  EXPECT_THAT(t.log_lines, ::testing::Contains(HasSubstr("shop/odd")));
}

TEST(Reflector, DoesNotTakeAHalfLineOfABrokenStreamForAnEvent) {
  Reflected t;
  const std::string whole = event_line("ADDED", pod("shop", "a", "5"));
  t.server.on("GET", kStreamingList)
      .stream({bookmark_line("3", true), whole.substr(0, whole.size() - 1)})
      .then_break();
  t.once();
  EXPECT_THAT(t.changes, IsEmpty());
  EXPECT_EQ(t.store.resource_version(), "3");
}

TEST(Reflector, BacksOffLongerWithEachFailureAndForgetsItAfterAHealthyWatch) {
  Reflected t;
  t.server.always("GET", kStreamingList).fail(ErrorKind::Unavailable);
  EXPECT_EQ(t.once(), milliseconds(1200)) << "800 ms and half of it as jitter";
  EXPECT_EQ(t.once(), milliseconds(2400));
  for (int i = 0; i < 10; ++i) t.once();
  EXPECT_EQ(t.once(), milliseconds(45'000));
  t.server.on("GET", kStreamingList).run([&t](const http::Request&) -> Result<http::Response> {
    t.clock.advance(seconds(130));
    return fail(ErrorKind::Transport, "cut");
  });
  EXPECT_EQ(t.once(), milliseconds(1200));
}

TEST(Reflector, DoesNotSpinOnAServerThatEndsEveryWatchAtOnce) {
  Reflected t;
  t.server.on("GET", kStreamingList).stream({bookmark_line("3", true)});
  t.server.on("GET", watch_from("3")).stream({});
  t.once();
  EXPECT_EQ(t.once(), milliseconds(1200));
}

TEST(Reflector, HeedsTheServersRetryAfter) {
  Reflected t;
  t.server.on("GET", kStreamingList)
      .reply(429, status(429, "TooManyRequests", "busy"), {{"Retry-After", "20"}});
  EXPECT_EQ(t.once(), seconds(20));
}

TEST(Reflector, AsksWithItsSelectors) {
  Scripted scripted;
  PodStore store;
  ManualClock clock(kStart);
  Log log(clock, LogLevel::Error, [](std::string_view) {});
  ReflectorOptions options;
  options.resource = resources::kPods;
  options.ns = "shop";
  options.label_selector = "app in (a,b)";
  options.streaming_list = false;
  Reflector reflector(std::move(options), scripted.client, store, clock, log, [] { return 0.0; });
  scripted.server->on("GET", "/api/v1/namespaces/shop/pods?limit=250&labelSelector=app%20in%20%28a%2Cb%29")
      .reply(200, list_text({}, "1"));
  reflector.run_once({});
  EXPECT_TRUE(store.synced());
}

TEST(Reflector, EndsAQuietWatchWithItsStopToken) {
  Reflected t;
  t.server.on("GET", kStreamingList).stream({bookmark_line("3", true)}).then_hold();
  std::jthread running([&t](std::stop_token stop) { t.reflector->run(stop); });
  t.server.wait_for_requests(1);
  running.request_stop();
  running.join();
  EXPECT_EQ(t.reflector->counts().failures, 0U);
}

}  // namespace
}  // namespace patchwave::kube
