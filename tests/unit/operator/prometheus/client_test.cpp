#include "operator/prometheus/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/fake_transport.hpp"

namespace patchwave::prometheus {
namespace {

using patchwave::testing::FakeTransport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Time kTime{seconds(1'700'000'000)};

class PrometheusClient : public ::testing::Test {
 protected:
  [[nodiscard]] ClientOptions options() const {
    ClientOptions out;
    out.transport = server_;
    return out;
  }
  Result<QueryAnswer> ask() { return Client(options()).query("up", kTime, {}); }
  Result<QueryAnswer> ask(int status, std::string body) {
    server_->on("POST", "/api/v1/query").reply(status, std::move(body));
    return ask();
  }
  QueryFailure failure(int status, std::string body) {
    const auto answer = ask(status, std::move(body));
    EXPECT_FALSE(answer);
    return failure_of(answer.error());
  }
  std::shared_ptr<FakeTransport> server_ = std::make_shared<FakeTransport>();
};

TEST_F(PrometheusClient, AsksByFormWithTheTimeInMilliseconds) {
  server_->on("POST", "/prometheus/api/v1/query")
      .reply(200, R"({"status":"success","data":{"resultType":"vector","result":[]}})");
  ClientOptions with = options();
  with.path_prefix = "/prometheus";
  with.authorization = []() -> Result<std::string> { return "Bearer abc"; };
  ASSERT_TRUE(Client(with).query("up{a=\"b\"}", kTime + milliseconds(7), {}));
  const auto request = server_->last_request();
  EXPECT_EQ(request.body, "query=up%7Ba%3D%22b%22%7D&time=1700000000.007");
  EXPECT_EQ(request.headers.at("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.headers.at("Authorization"), "Bearer abc");
}

TEST_F(PrometheusClient, AsksForARangeWithItsStep) {
  server_->on("POST", "/api/v1/query_range")
      .reply(200, R"({"status":"success","data":{"resultType":"matrix","result":[]}})");
  ASSERT_TRUE(Client(options()).query_range("up", kTime, kTime + seconds(60), milliseconds(1'500), {}));
  EXPECT_EQ(server_->last_request().body, "query=up&start=1700000000.000&end=1700000060.000&step=1.500");
}

TEST_F(PrometheusClient, RefusesARangeThatRunsBackwardsWithoutAsking) {
  EXPECT_FALSE(Client(options()).query_range("up", kTime, kTime - seconds(1), seconds(1), {}));
  EXPECT_FALSE(Client(options()).query_range("up", kTime, kTime, seconds(0), {}));
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(PrometheusClient, DoesNotAskWhenItsCredentialCanNotBeRead) {
  ClientOptions with = options();
  with.authorization = []() -> Result<std::string> { return fail(ErrorKind::NotFound, "no token file"); };
  EXPECT_FALSE(Client(with).query("up", kTime, {}));
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(PrometheusClient, ReadsAVector) {
  const auto answer = ask(200, R"({"status":"success","data":{"resultType":"vector","result":[
      {"metric":{"__name__":"up","pod":"web-1"},"value":[1700000000.123,"1.5"]}]}})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->kind, ValueKind::Vector);
  ASSERT_EQ(answer->series.size(), 1U);
  EXPECT_THAT(answer->series[0].labels, ElementsAre(std::pair("__name__", "up"), std::pair("pod", "web-1")));
  ASSERT_EQ(answer->series[0].samples.size(), 1U);
  EXPECT_EQ(answer->series[0].samples[0].time, kTime + milliseconds(123));
  EXPECT_EQ(answer->series[0].samples[0].value, 1.5);
}

TEST_F(PrometheusClient, ReadsAMatrixInTimeOrder) {
  const auto answer = ask(200, R"({"status":"success","data":{"resultType":"matrix","result":[
      {"metric":{},"values":[[1700000000,"1"],[1700000015,"2e3"]]}]}})");
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->series[0].samples.size(), 2U);
  EXPECT_EQ(answer->series[0].samples[1].time, kTime + seconds(15));
  EXPECT_EQ(answer->series[0].samples[1].value, 2000);
}

TEST_F(PrometheusClient, ReadsAScalar) {
  const auto answer =
      ask(200, R"({"status":"success","data":{"resultType":"scalar","result":[1700000000,"4"]}})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->kind, ValueKind::Scalar);
  EXPECT_EQ(answer->series.at(0).samples.at(0).value, 4);
}

TEST_F(PrometheusClient, KeepsNotANumberAndInfinities) {
  const auto answer = ask(200, R"({"status":"success","data":{"resultType":"matrix","result":[
      {"metric":{},"values":[[1,"NaN"],[2,"+Inf"],[3,"-Inf"]]}]}})");
  ASSERT_TRUE(answer) << answer.error().message;
  const auto& samples = answer->series[0].samples;
  EXPECT_TRUE(std::isnan(samples[0].value));
  EXPECT_EQ(samples[1].value, HUGE_VAL);
  EXPECT_EQ(samples[2].value, -HUGE_VAL);
}

TEST_F(PrometheusClient, KeepsWarnings) {
  const auto answer = ask(200, R"({"status":"success","warnings":["store b is away"],
      "data":{"resultType":"vector","result":[]}})");
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->warnings, ElementsAre("store b is away"));
}

TEST_F(PrometheusClient, IsRejectedInTheServersOwnWords) {
  const auto answer =
      ask(400, R"({"status":"error","errorType":"bad_data","error":"parse error at char 3"})");
  ASSERT_FALSE(answer);
  EXPECT_EQ(failure_of(answer.error()), QueryFailure::Rejected);
  EXPECT_EQ(answer.error().reason, "bad_data");
  EXPECT_THAT(answer.error().message, HasSubstr("parse error at char 3"));
}

TEST_F(PrometheusClient, IsRejectedWhenTheCredentialIs) {
  EXPECT_EQ(failure(401, "no"), QueryFailure::Rejected);
  EXPECT_EQ(failure(403, "no"), QueryFailure::Rejected);
}

TEST_F(PrometheusClient, IsUnreachableWhenTheServerCanNotAnswerNow) {
  EXPECT_EQ(failure(503, R"({"status":"error","errorType":"timeout","error":"query timed out"})"),
            QueryFailure::Unreachable);
  EXPECT_EQ(failure(502, "<html>"), QueryFailure::Unreachable);
  EXPECT_EQ(failure(429, ""), QueryFailure::Unreachable);
}

TEST_F(PrometheusClient, IsUnreachableWhenTheTransportFails) {
  for (const auto kind : {ErrorKind::Timeout, ErrorKind::Transport, ErrorKind::Unavailable}) {
    server_->on("POST", "/api/v1/query").fail(kind);
    EXPECT_EQ(failure_of(ask().error()), QueryFailure::Unreachable);
  }
}

TEST_F(PrometheusClient, SaysTooLargeForBytesAndForSamples) {
  ClientOptions with = options();
  with.limits.max_body = 10;
  server_->on("POST", "/api/v1/query").reply(200, std::string(100, ' '));
  EXPECT_EQ(failure_of(Client(with).query("up", kTime, {}).error()), QueryFailure::TooLarge);

  const auto many = parse_answer(R"({"status":"success","data":{"resultType":"matrix","result":[
      {"metric":{},"values":[[1,"1"],[2,"1"],[3,"1"]]}]}})",
                                 2);
  ASSERT_FALSE(many);
  EXPECT_EQ(failure_of(many.error()), QueryFailure::TooLarge);
}

TEST_F(PrometheusClient, TakesNothingElseForAnAnswer) {
  for (
      const auto* body :
      {"", "<html>", "{}", R"({"status":"success"})",
       R"({"status":"success","data":{"resultType":"string","result":[1,"a"]}})",
       R"({"status":"success","data":{"resultType":"vector","result":{}}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{}}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1x"]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1e300,"1"]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":1},"value":[1,"1"]}]}})",
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}})",
       R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[2,"1"],[1,"1"]]}]}})"}) {
    EXPECT_EQ(failure(200, body), QueryFailure::Protocol) << body;
  }
  EXPECT_EQ(failure(302, ""), QueryFailure::Protocol);
}

}  // namespace
}  // namespace patchwave::prometheus
