#include "operator/http/cpprest_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

#include "tests/unit/operator/http/cpprest_fixture.hpp"

namespace patchwave::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(CpprestSend, SendsMethodTargetHeadersAndBodyAsGiven) {
  std::promise<std::string> seen;
  LoopbackServer server([&](Peer& peer) {
    std::string head = peer.read_head();
    seen.set_value(head + peer.read(5));
    peer.write(kOk);
  });
  const auto transport = plain(server);
  const Request request{"PATCH",
                        "/a%2Fb/c?x=%20y%3D1&z=a+b&labelSelector=app%3Dweb%2Ctier%21%3Dfront",
                        {{"Content-Type", "application/merge-patch+json"}, {"Authorization", "Bearer abc"}},
                        "hello"};
  const auto response = send(*transport, request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "ok");
  const std::string text = seen.get_future().get();
  EXPECT_THAT(
      text,
      StartsWith("PATCH /a%2Fb/c?x=%20y%3D1&z=a+b&labelSelector=app%3Dweb%2Ctier%21%3Dfront HTTP/1.1\r\n"));
  EXPECT_THAT(text, AllOf(HasSubstr("Content-Type:application/merge-patch+json\r\n"),
                          HasSubstr("Authorization:Bearer abc\r\n"), HasSubstr("Content-Length:5\r\n")));
  EXPECT_THAT(text, ::testing::EndsWith("\r\n\r\nhello"));
}

TEST(CpprestSend, ReturnsAnErrorStatusAsAValueWithItsBodyAndHeaders) {
  LoopbackServer server(answers("HTTP/1.1 429 Too Many\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nslow"));
  const auto transport = plain(server);
  const auto response = send(*transport, get());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->headers.at("retry-after"), "3");
  EXPECT_EQ(response->body, "slow");
}

TEST(CpprestSend, PutsThePathOfTheBaseUrlBeforeEachTarget) {
  std::promise<std::string> head;
  LoopbackServer server([&](Peer& peer) {
    head.set_value(peer.read_head());
    peer.write(kOk);
  });
  const auto transport = make_cpprest_transport(Endpoint{.base_url = server.url() + "/k8s/clusters/c-1/"});
  EXPECT_TRUE(send(*transport, get("/api/v1/pods?limit=1")));
  EXPECT_THAT(head.get_future().get(), ::testing::StartsWith("GET /k8s/clusters/c-1/api/v1/pods?limit=1 "));
}

TEST(CpprestSend, KeepsConnectionsForLaterRequests) {
  LoopbackServer server(answers(kOk));
  const auto transport = plain(server);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(send(*transport, get()));
  EXPECT_LT(server.connections(), 25);  // one that is not back in the pool yet is not waited for
}

TEST(CpprestSend, TakesAHeadAnswerWhoseLengthIsOverTheLimit) {
  LoopbackServer server(answers("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"));
  const auto transport = plain(server);
  const auto response = send(*transport, {"HEAD", "/", {}, {}}, {.max_body = 10});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->headers.at("Content-Length"), "1000000");
}

TEST(CpprestSend, DoesNotFollowARedirectSoTheTokenStaysHere) {
  LoopbackServer other(answers(kOk));
  LoopbackServer server(
      answers("HTTP/1.1 302 Found\r\nLocation: " + other.url() + "/\r\nContent-Length: 0\r\n\r\n"));
  const auto transport = plain(server);
  const auto response = send(*transport, {"GET", "/", {{"Authorization", "Bearer secret"}}, {}});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(other.connections(), 0);
}

TEST(CpprestSend, RefusesALengthOverTheLimitBeforeTheBodyComes) {
  LoopbackServer server([](Peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
    peer.wait_until_closed();
  });
  const auto transport = plain(server);
  EXPECT_EQ(kind_of(send(*transport, get(), {.max_body = 1000})), ErrorKind::TooLarge);
}

TEST(CpprestSend, StopsReceivingAnUndeclaredBodyAtTheLimit) {
  std::promise<std::size_t> sent;
  LoopbackServer server([&](Peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    std::size_t count = 0;
    while (count < 800 && peer.write(chunk)) ++count;
    sent.set_value(count);
  });
  const auto transport = plain(server);
  const auto result = send(*transport, get(), {.max_body = 100'000});
  EXPECT_EQ(kind_of(result), ErrorKind::TooLarge);
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("GET http://127.0.0.1"), HasSubstr("100000")));
  EXPECT_LT(sent.get_future().get(), 800U) << "all 50 MB were taken";
}

struct SilentCase {
  const char* name;
  const char* bytes;
};
class CpprestSilence : public ::testing::TestWithParam<SilentCase> {};

TEST_P(CpprestSilence, EndsInTimeout) {
  LoopbackServer server([](Peer& peer) {
    peer.read_head();
    peer.write(GetParam().bytes);
    peer.wait_until_closed();
  });
  const auto transport = plain(server);
  const auto result = send(*transport, get("/slow?token=1"), {.total = milliseconds(60)});
  EXPECT_EQ(kind_of(result), ErrorKind::Timeout);
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("/slow"), HasSubstr("60 ms"), Not(HasSubstr("token"))));
}

TEST_P(CpprestSilence, IsCutByACancellation) {
  std::latch written(1);
  std::latch cut(1);
  LoopbackServer server([&](Peer& peer) {
    peer.read_head();
    peer.write(GetParam().bytes);
    written.count_down();
    peer.wait_until_closed();
    cut.count_down();
  });
  const auto transport = plain(server);
  std::stop_source stop;
  std::jthread canceller([&] {
    written.wait();
    stop.request_stop();
  });
  EXPECT_EQ(kind_of(transport->send(get(), {}, stop.get_token())), ErrorKind::Cancelled);
  cut.wait();
}

INSTANTIATE_TEST_SUITE_P(
    Phases, CpprestSilence,
    ::testing::Values(SilentCase{"BeforeHeaders", ""},
                      SilentCase{"WithinHeaders", "HTTP/1.1 200 OK\r\nContent-"},
                      SilentCase{"AfterHeaders", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"},
                      SilentCase{"WithinBody", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"},
                      SilentCase{"WithinChunk",
                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf"}),
    [](const auto& one) { return one.param.name; });

TEST(CpprestSend, IsCancelledWithoutARequestWhenStopWasAskedBefore) {
  LoopbackServer server(answers(kOk));
  const auto transport = plain(server);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(kind_of(transport->send(get(), {}, stop.get_token())), ErrorKind::Cancelled);
  EXPECT_EQ(server.connections(), 0);
}

TEST(CpprestSend, IsUnavailableWhenTheConnectionIsRefused) {
  std::string url;
  {
    LoopbackServer gone([](Peer&) {});
    url = gone.url();
  }
  const auto transport = make_cpprest_transport(Endpoint{.base_url = url});
  EXPECT_EQ(kind_of(send(*transport, get())), ErrorKind::Unavailable);
}

struct BrokenCase {
  const char* name;
  const char* bytes;
  bool reset;
  ErrorKind kind;
};
class CpprestBroken : public ::testing::TestWithParam<BrokenCase> {};

TEST_P(CpprestBroken, IsAnErrorNotAnAnswer) {
  LoopbackServer server([](Peer& peer) {
    peer.read_head();
    peer.write(GetParam().bytes);
    if (GetParam().reset) peer.reset();
  });
  const auto transport = plain(server);
  const auto result = send(*transport, get(), {.total = seconds(5)});
  EXPECT_EQ(kind_of(result), GetParam().kind) << (result ? result->body : result.error().message);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, CpprestBroken,
    ::testing::Values(
        BrokenCase{"ClosedBeforeHeaders", "", false, ErrorKind::Transport},
        BrokenCase{"ClosedWithinHeaders", "HTTP/1.1 200 OK\r\nContent-", false, ErrorKind::Transport},
        BrokenCase{"BodyShorterThanDeclared", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", false,
                   ErrorKind::Transport},
        BrokenCase{"ClosedBetweenChunks",
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", false,
                   ErrorKind::Transport},
        BrokenCase{"ClosedWithinChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
                   false, ErrorKind::Transport},
        BrokenCase{"ResetWithinBody", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", true,
                   ErrorKind::Transport},
        BrokenCase{"ChunkSizeOfWords", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n",
                   false, ErrorKind::Protocol},
        BrokenCase{"NegativeChunkSize", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nhalf\r\n",
                   false, ErrorKind::Protocol},
        BrokenCase{"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n\r\n", false, ErrorKind::Protocol}),
    [](const auto& one) { return one.param.name; });

TEST(CpprestRequest, RefusesWhatWouldChangeTheShapeOfTheRequest) {
  LoopbackServer server(answers(kOk));
  const auto transport = plain(server);
  EXPECT_EQ(kind_of(send(*transport, get("no-slash"))), ErrorKind::Invalid);
  EXPECT_EQ(kind_of(send(*transport, get("/a b"))), ErrorKind::Invalid);
  EXPECT_EQ(kind_of(send(*transport, get("/a\r\nX: 1"))), ErrorKind::Invalid);
  EXPECT_EQ(kind_of(send(*transport, {"GET", "/", {{"X", "1\r\nY: 2"}}, {}})), ErrorKind::Invalid);
  EXPECT_EQ(kind_of(send(*transport, {"GET ", "/", {}, {}})), ErrorKind::Invalid);
  EXPECT_EQ(server.connections(), 0);
}

TEST(CpprestRequest, NamesTheReasonWhenABaseUrlCanNotBeUsed) {
  const auto error_of = [](const std::string& base_url) {
    const auto transport = make_cpprest_transport(Endpoint{.base_url = base_url});
    const auto result = send(*transport, get());
    EXPECT_EQ(kind_of(result), ErrorKind::Invalid);
    return result ? "" : result.error().message;
  };
  EXPECT_THAT(error_of("https://[::1]:6443"), HasSubstr("host name"));
  EXPECT_THAT(error_of("ftp://example.com"), HasSubstr("neither http nor https"));
  EXPECT_THAT(error_of("https://example.com/?query"), HasSubstr("query"));
}

}  // namespace
}  // namespace patchwave::http
