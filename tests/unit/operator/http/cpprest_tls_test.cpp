#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <mutex>
#include <thread>

#include "tests/unit/operator/http/cpprest_fixture.hpp"

namespace patchwave::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CpprestTls : public ::testing::Test {
 protected:
  Endpoint endpoint(const LoopbackServer& server) const {
    return {.base_url = server.url(), .ca_pem = authority_.pem()};
  }
  LoopbackTls loopback() const { return {.identity = authority_.issue_loopback()}; }
  CertificateAuthority authority_;
};

std::string refusal(const Endpoint& endpoint) {
  const auto transport = make_cpprest_transport(endpoint);
  const auto result = send(*transport, get());
  EXPECT_EQ(kind_of(result), ErrorKind::Transport);
  return result ? "" : result.error().message;
}

TEST_F(CpprestTls, TrustsTheGivenAuthority) {
  LoopbackServer server(answers(kOk), loopback());
  const auto transport = make_cpprest_transport(endpoint(server));
  const auto response = send(*transport, get());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "ok");
}

TEST_F(CpprestTls, RefusesAnotherAuthorityAndSaysSo) {
  LoopbackServer server(answers(kOk), loopback());
  Endpoint other = endpoint(server);
  other.ca_pem = CertificateAuthority("another").pem();
  EXPECT_THAT(refusal(other), AllOf(HasSubstr("certificate was refused"), HasSubstr("issuer")));
}

TEST_F(CpprestTls, RefusesACertificateForAnotherNameAndNamesBoth) {
  LoopbackServer server(answers(kOk),
                        LoopbackTls{.identity = authority_.issue("else", {{"else.example.com"}, {}})});
  EXPECT_THAT(refusal(endpoint(server)), AllOf(HasSubstr("CN=else"), HasSubstr("not for 127.0.0.1")));
}

TEST_F(CpprestTls, RefusesAnExpiredCertificate) {
  const auto identity = authority_.issue("late", {{}, {"127.0.0.1"}}, true);
  LoopbackServer server(answers(kOk), LoopbackTls{.identity = identity});
  EXPECT_THAT(refusal(endpoint(server)), HasSubstr("expired"));
}

TEST_F(CpprestTls, AcceptsAnyCertificateOnlyWhenToldTo) {
  LoopbackServer server(answers(kOk), loopback());
  Endpoint careless = endpoint(server);
  careless.ca_pem = CertificateAuthority("another").pem();
  careless.insecure_skip_verify = true;
  const auto transport = make_cpprest_transport(careless);
  EXPECT_TRUE(send(*transport, get()));
}

TEST_F(CpprestTls, VerifiesAndIndicatesTheGivenServerName) {
  std::promise<std::string> indicated;
  LoopbackServer server(
      [&](Peer& peer) {
        indicated.set_value(peer.indicated_name());
        peer.read_head();
        peer.write(kOk);
      },
      LoopbackTls{.identity = authority_.issue("kube", {{"kubernetes.example.com"}, {}})});
  Endpoint named = endpoint(server);
  named.server_name = "kubernetes.example.com";
  const auto transport = make_cpprest_transport(named);
  const auto response = send(*transport, get());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(indicated.get_future().get(), "kubernetes.example.com");
}

TEST_F(CpprestTls, PresentsItsClientCertificate) {
  std::promise<std::string> subject;
  LoopbackTls tls = loopback();
  tls.client_ca = authority_.pem();
  LoopbackServer server(
      [&](Peer& peer) {
        subject.set_value(peer.peer_subject());
        peer.read_head();
        peer.write(kOk);
      },
      tls);
  const auto identity = authority_.issue("operator", {});
  Endpoint mutual = endpoint(server);
  mutual.client_certificate_pem = identity.certificate;
  mutual.client_key_pem = identity.key;
  const auto transport = make_cpprest_transport(mutual);
  const auto response = send(*transport, get());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_THAT(subject.get_future().get(), HasSubstr("operator"));
}

TEST_F(CpprestTls, TakesACertificateThatChangedWithTheNextConnection) {
  LoopbackServer server(
      [](Peer& peer) {
        peer.read_head();
        peer.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      },
      loopback());
  std::mutex mutex;
  Endpoint current = endpoint(server);
  current.ca_pem = CertificateAuthority("old").pem();
  const auto transport = make_cpprest_transport(server.url(), [&]() -> Result<Endpoint> {
    const std::scoped_lock lock(mutex);
    return current;
  });
  EXPECT_EQ(kind_of(send(*transport, get())), ErrorKind::Transport);
  {
    const std::scoped_lock lock(mutex);
    current = endpoint(server);
  }
  EXPECT_TRUE(send(*transport, get()));
}

TEST_F(CpprestTls, NamesAPemTextThatCanNotBeUsed) {
  LoopbackServer server(answers(kOk), loopback());
  Endpoint broken = endpoint(server);
  broken.ca_pem = "no certificate";
  const auto transport = make_cpprest_transport(broken);
  const auto result = send(*transport, get());
  EXPECT_EQ(kind_of(result), ErrorKind::Invalid);
  EXPECT_THAT(result.error().message, HasSubstr("CA certificate"));
}

TEST_F(CpprestTls, GivesTheErrorOfTheEndpointsReader) {
  LoopbackServer server(answers(kOk), loopback());
  const auto transport = make_cpprest_transport(
      server.url(), []() -> Result<Endpoint> { return fail(ErrorKind::NotFound, "ca.crt is missing"); });
  const auto result = send(*transport, get());
  EXPECT_EQ(kind_of(result), ErrorKind::NotFound);
  EXPECT_THAT(result.error().message, HasSubstr("ca.crt is missing"));
}

TEST_F(CpprestTls, TimesOutAndCancelsWithinTheHandshake) {
  LoopbackTls silent = loopback();
  silent.never_handshake = true;
  LoopbackServer server([](Peer&) {}, silent);
  const auto transport = make_cpprest_transport(endpoint(server));
  EXPECT_EQ(kind_of(send(*transport, get(), {.total = milliseconds(60)})), ErrorKind::Timeout);
  std::stop_source stop;
  std::jthread canceller([&] { stop.request_stop(); });
  EXPECT_EQ(kind_of(transport->send(get(), {}, stop.get_token())), ErrorKind::Cancelled);
}

TEST_F(CpprestTls, CutsACancelledStream) {
  std::latch cut(1);
  LoopbackServer server(
      [&](Peer& peer) {
        peer.read_head();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
        peer.wait_until_closed();
        cut.count_down();
      },
      loopback());
  const auto transport = make_cpprest_transport(endpoint(server));
  std::stop_source stop;
  const auto result =
      transport->stream(get(), {}, [&](std::string_view) { return stop.request_stop(); }, stop.get_token());
  EXPECT_EQ(kind_of(result), ErrorKind::Cancelled);
  cut.wait();
}

}  // namespace
}  // namespace patchwave::http
