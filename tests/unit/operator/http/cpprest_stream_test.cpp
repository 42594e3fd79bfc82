#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/unit/operator/http/cpprest_fixture.hpp"

namespace patchwave::http {
namespace {

using ::testing::HasSubstr;

TEST(CpprestStream, HandsTheBodyOverAsItArrives) {
  std::latch first_seen(1);
  LoopbackServer server([&](Peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n");
    first_seen.wait();
    peer.write("7\r\nsecond\n\r\n0\r\n\r\n");
  });
  const auto transport = plain(server);
  std::string body;
  const auto result = transport->stream(get(), {},
                                        [&](std::string_view bytes) {
                                          if (body.empty()) first_seen.count_down();
                                          body += bytes;
                                          return true;
                                        },
                                        {});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "");
  EXPECT_EQ(body, "first\nsecond\n");
}

TEST(CpprestStream, KeepsAnErrorBodyFromTheReaderUpToItsLimit) {
  LoopbackServer server(answers("HTTP/1.1 410 Gone\r\nContent-Length: 10\r\n\r\n0123456789"));
  const auto transport = plain(server);
  bool told = false;
  const auto result =
      transport->stream(get(), {.max_error_body = 4}, [&](std::string_view) { return told = true; }, {});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->status, 410);
  EXPECT_EQ(result->body, "0123");
  EXPECT_FALSE(told);
}

TEST(CpprestStream, TimesOutWhenTheBodyIsSilentForLongerThanAllowed) {
  LoopbackServer server([](Peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    peer.wait_until_closed();
  });
  const auto transport = plain(server);
  const auto result = drain(*transport, {.idle = milliseconds(60)});
  EXPECT_EQ(kind_of(result), ErrorKind::Timeout);
  EXPECT_THAT(result.error().message, HasSubstr("silent"));
}

TEST(CpprestStream, TimesOutWithoutHeadersByTheConnectLimit) {
  LoopbackServer server([](Peer& peer) { peer.wait_until_closed(); });
  const auto transport = plain(server);
  EXPECT_EQ(kind_of(drain(*transport, {.connect = milliseconds(60)})), ErrorKind::Timeout);
}

TEST(CpprestStream, EndsWhenTheReaderHasHadEnough) {
  std::latch cut(1);
  LoopbackServer server([&](Peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    peer.wait_until_closed();
    cut.count_down();
  });
  const auto transport = plain(server);
  const auto result = transport->stream(get(), {}, [](std::string_view) { return false; }, {});
  EXPECT_EQ(kind_of(result), ErrorKind::Cancelled);
  cut.wait();
}

TEST(CpprestStream, SurvivesAReaderThatThrows) {
  LoopbackServer server(answers(kOk));
  const auto transport = plain(server);
  const OnData throws = [](std::string_view) -> bool { throw std::runtime_error("reader"); };
  EXPECT_EQ(kind_of(transport->stream(get(), {}, throws, {})), ErrorKind::Internal);
}

TEST(CpprestStream, NeverCallsTheReaderAfterItReturned) {
  LoopbackServer server([](Peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (peer.write("1\r\nx\r\n")) std::this_thread::yield();
  });
  const auto transport = plain(server);
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> returned = false;
    std::stop_source stop;
    const auto result = transport->stream(
        get(), {},
        [&](std::string_view) {
          EXPECT_FALSE(returned);
          stop.request_stop();
          return true;
        },
        stop.get_token());
    returned = true;
    EXPECT_EQ(kind_of(result), ErrorKind::Cancelled);
  }
}

TEST(CpprestStream, ManyStreamsDoNotStarveARequest) {
  std::latch all_open(8);
  LoopbackServer server([&](Peer& peer) {
    const std::string head = peer.read_head();
    if (head.starts_with("GET /watch")) {
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
      peer.wait_until_closed();
    } else {
      peer.write(kOk);
    }
  });
  const auto transport = plain(server);
  std::stop_source stop;
  std::vector<std::jthread> watchers;
  for (int i = 0; i < 8; ++i) {
    watchers.emplace_back([&] {
      const auto on_data = [&](std::string_view) {
        all_open.count_down();
        return true;
      };
      EXPECT_EQ(kind_of(transport->stream(get("/watch"), {}, on_data, stop.get_token())),
                ErrorKind::Cancelled);
    });
  }
  all_open.wait();
  EXPECT_TRUE(send(*transport, get("/small"), {.total = seconds(60)}));
  stop.request_stop();
}

}  // namespace
}  // namespace patchwave::http
