#include "operator/http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/http_loopback.hpp"

namespace patchwave::http {
namespace {

using patchwave::testing::CertificateAuthority;
using patchwave::testing::connect_loopback;
using patchwave::testing::KeyPairPem;
using patchwave::testing::Peer;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

ServerOptions options() {
  ServerOptions out;
  out.routes["/healthz"] = [](const Request&) { return Reply{200, "text/plain", "ok\n"}; };
  out.routes["/echo"] = [](const Request& request) { return Reply{200, "text/plain", request.target}; };
  out.routes["/throws"] = [](const Request&) -> Reply { throw std::runtime_error("secret"); };
  return out;
}

std::unique_ptr<Server> start(ServerOptions with) {
  auto server = Server::start(std::move(with));
  EXPECT_TRUE(server) << server.error().message;
  return server ? std::move(*server) : nullptr;
}

/// Everything that comes back for these bytes, to the connection's end.
std::string talk(const Server& server, std::string_view bytes) {
  const auto peer = connect_loopback(server.port());
  EXPECT_NE(peer, nullptr);
  peer->write(bytes);
  return peer->read_to_end();
}

std::string close_after(std::string_view request_line, std::string_view fields = "") {
  return std::string(request_line) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + std::string(fields) +
         "\r\n";
}

TEST(Server, AnswersARouteWithItsBodyAndType) {
  const auto server = start(options());
  EXPECT_THAT(talk(*server, close_after("GET /healthz")),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Type: text/plain\r\n"),
                    HasSubstr("Content-Length: 3\r\n"), EndsWith("\r\n\r\nok\n")));
}

TEST(Server, AnswersHeadWithTheLengthAndNoBody) {
  const auto server = start(options());
  EXPECT_THAT(talk(*server, close_after("HEAD /healthz")),
              AllOf(HasSubstr("Content-Length: 3\r\n"), EndsWith("\r\n\r\n")));
}

TEST(Server, FindsTheRouteWithoutTheQueryAndTellsTheHandlerOfIt) {
  const auto server = start(options());
  EXPECT_THAT(talk(*server, close_after("GET /echo?verbose=1")), EndsWith("\r\n\r\n/echo?verbose=1"));
}

TEST(Server, KeepsAConnectionOpenForMoreRequests) {
  const auto server = start(options());
  const auto peer = connect_loopback(server->port());
  for (int i = 0; i < 3; ++i) {
    peer->write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer->read_head(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(peer->read(3), "ok\n");
  }
}

TEST(Server, EndsAConnectionAfterItsLastAllowedRequest) {
  ServerOptions two = options();
  two.limits.max_requests = 2;
  const auto server = start(std::move(two));
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string answers = talk(*server, request + request);
  EXPECT_THAT(answers, AllOf(HasSubstr("Connection: close"), EndsWith("ok\n")));
}

TEST(Server, RefusesOtherPathsAndMethods) {
  const auto server = start(options());
  EXPECT_THAT(talk(*server, close_after("GET /")), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(talk(*server, close_after("POST /healthz", "Content-Length: 0\r\n")),
              AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD")));
}

TEST(Server, TellsNothingOfAHandlersException) {
  const auto server = start(options());
  EXPECT_THAT(talk(*server, close_after("GET /throws")),
              AllOf(StartsWith("HTTP/1.1 500"), ::testing::Not(HasSubstr("secret"))));
}

struct Attack {
  const char* name;
  std::string bytes;
  const char* answer;
};
class ServerUnderAttack : public ::testing::TestWithParam<Attack> {};

TEST_P(ServerUnderAttack, RefusesAndGoesOnServing) {
  const auto server = start(options());
  EXPECT_THAT(talk(*server, GetParam().bytes), StartsWith(GetParam().answer));
  EXPECT_THAT(talk(*server, close_after("GET /healthz")), StartsWith("HTTP/1.1 200"));
}

std::string chunked(std::string_view size) {
  return close_after("GET /healthz", "Transfer-Encoding: chunked\r\n") + std::string(size) +
         "\r\nxx\r\n0\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    List, ServerUnderAttack,
    ::testing::Values(
        Attack{"ChunkOfMinusOne", chunked("-1"), "HTTP/1.1 400"},
        Attack{"ChunkOfMinusTwo", chunked("-2"), "HTTP/1.1 400"},
        Attack{"ChunkOfFourGigabytes", chunked("ffffffff"), "HTTP/1.1 413"},
        Attack{"ChunkOfTwoGigabytes", chunked("7fffffff"), "HTTP/1.1 413"},
        Attack{"ChunkOfWords", chunked("zz"), "HTTP/1.1 400"},
        Attack{"HugeLength", close_after("GET /healthz", "Content-Length: 18446744073709551615\r\n"),
               "HTTP/1.1 4"},
        Attack{"LongBody", close_after("GET /healthz", "Content-Length: 300000000\r\n"), "HTTP/1.1 413"},
        Attack{"TwoLengths", close_after("GET /healthz", "Content-Length: 1\r\nContent-Length: 2\r\n"),
               "HTTP/1.1 400"},
        Attack{"LongHeader", close_after("GET /healthz", "X: " + std::string(17'000, 'x') + "\r\n"),
               "HTTP/1.1 431"},
        Attack{"LongTarget", close_after("GET /" + std::string(17'000, 'x')), "HTTP/1.1 431"},
        Attack{"NotHttp", "\x16\x03\x01\x02 hello\r\n\r\n", "HTTP/1.1 400"}),
    [](const auto& one) { return std::string(one.param.name); });

class ServerWithShortLimits : public ::testing::Test {
 protected:
  ServerWithShortLimits() {
    ServerOptions out = options();
    out.limits.read = milliseconds(60);
    out.limits.handshake = milliseconds(60);
    out.limits.max_connections = 8;
    const KeyPairPem identity = authority_.issue_loopback();
    plain_ = start(out);
    out.certificate = write(identity);
    tls_ = start(out);
  }
  ~ServerWithShortLimits() override { std::filesystem::remove_all(folder_); }

  ServerCertificate write(const KeyPairPem& identity) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "tls.crt") << identity.certificate;
    std::ofstream(folder_ / "tls.key") << identity.key;
    return {folder_ / "tls.crt", folder_ / "tls.key", milliseconds(10), {}};
  }

  CertificateAuthority authority_;
  std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) /
      ("server_test_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  std::unique_ptr<Server> plain_;
  std::unique_ptr<Server> tls_;
};

TEST_F(ServerWithShortLimits, DropsAPeerThatSaysNothing) {
  EXPECT_EQ(talk(*plain_, ""), "");
}

TEST_F(ServerWithShortLimits, DropsAPeerThatNeverEndsItsHeaders) {
  const auto peer = connect_loopback(plain_->port());
  peer->write("GET /healthz HTTP/1.1\r\n");
  while (peer->write("X-Slow: 1\r\n")) std::this_thread::yield();
  SUCCEED() << "the connection was ended";
}

TEST_F(ServerWithShortLimits, DropsAPeerThatNeverShakesHands) {
  EXPECT_EQ(talk(*tls_, ""), "");
}

TEST_F(ServerWithShortLimits, ServesAgainOnceTheSlowPeersAreDropped) {
  std::vector<std::unique_ptr<Peer>> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(connect_loopback(plain_->port()));
  for (const auto& peer : idle) EXPECT_EQ(peer->read_to_end(), "");
  // Again and again, because this peer too may be slower than the limit on a busy machine.
  while (!talk(*plain_, close_after("GET /healthz")).starts_with("HTTP/1.1 200")) {
  }
}

TEST(Server, ClosesConnectionsOverTheCapAtOnce) {
  ServerOptions out = options();
  out.limits.max_connections = 2;
  const auto server = start(std::move(out));
  std::vector<std::unique_ptr<Peer>> held;
  for (int i = 0; i < 2; ++i) {
    held.push_back(connect_loopback(server->port()));
    held.back()->write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(held.back()->read_head(), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_EQ(talk(*server, close_after("GET /healthz")), "");
}

class ServerCertificateFiles : public ServerWithShortLimits {
 protected:
  /// Starts with a short reload, counting its failures.
  std::unique_ptr<Server> start_watched() {
    ServerOptions out = options();
    out.certificate = write(authority_.issue("first", {{"first"}, {}}));
    out.certificate->on_error = [this](const Error& error) {
      const std::scoped_lock lock(mutex_);
      last_error_ = error.message;
      ++failures_;
      changed_.notify_all();
    };
    return start(std::move(out));
  }
  void wait_for_failure() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failures_ > 0; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int failures_ = 0;
  std::string last_error_;
};

TEST_F(ServerCertificateFiles, MakeTheServerSpeakTls) {
  const auto server = start_watched();
  const auto peer = connect_loopback(server->port(), true);
  ASSERT_NE(peer, nullptr);
  peer->write(close_after("GET /healthz"));
  EXPECT_THAT(peer->read_to_end(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerCertificateFiles, TakeEffectWhenTheyChange) {
  const auto server = start_watched();
  EXPECT_THAT(connect_loopback(server->port(), true)->peer_subject(), HasSubstr("first"));
  write(authority_.issue("second", {{"second"}, {}}));
  std::string subject;
  while (!subject.contains("second")) subject = connect_loopback(server->port(), true)->peer_subject();
}

TEST_F(ServerCertificateFiles, KeepTheLastGoodPairWhenTheyBreak) {
  const auto server = start_watched();
  std::ofstream(folder_ / "tls.crt") << "broken";
  wait_for_failure();
  EXPECT_THAT(last_error_, HasSubstr("tls.crt"));
  EXPECT_THAT(connect_loopback(server->port(), true)->peer_subject(), HasSubstr("first"));
}

TEST(Server, SaysWhyItCanNotStart) {
  ServerOptions bad_address = options();
  bad_address.address = "nowhere";
  EXPECT_EQ(Server::start(std::move(bad_address)).error().kind, ErrorKind::Invalid);

  ServerOptions no_files = options();
  no_files.certificate =
      ServerCertificate{"/nonexistent/tls.crt", "/nonexistent/tls.key", milliseconds(10), {}};
  EXPECT_THAT(Server::start(std::move(no_files)).error().message, HasSubstr("/nonexistent/tls.crt"));

  const auto first = start(options());
  ServerOptions taken = options();
  taken.port = first->port();
  const auto second = Server::start(std::move(taken));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
}

TEST(Server, EndsOpenConnectionsWhenItStops) {
  auto server = start(options());
  const auto peer = connect_loopback(server->port());
  peer->write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  peer->read_head();
  peer->read(3);
  server.reset();
  EXPECT_EQ(peer->read_to_end(), "");
}

}  // namespace
}  // namespace patchwave::http
