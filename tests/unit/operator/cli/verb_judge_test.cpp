// The whole command: a gate and samples in, a verdict out.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "operator/base/time.hpp"
#include "operator/cli/app.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kGate = R"(name: errors
counter: {events: 'http_requests_total{code=~"5.."}', exposure: http_requests_total}
tolerate: "1.5"
)";

/// Two hours, minute by minute: a canary that fails at one of ten requests, a baseline at one of a hundred.
std::vector<std::string> rows_of_harm() {
  std::vector<std::string> rows;
  for (int minute = 1; minute <= 120; ++minute) {
    const int time = 1'750'000'000 + 60 * minute;
    rows.push_back(fmt::format("{},canary,web-new,10,100", time));
    rows.push_back(fmt::format("{},baseline,web-old-1,{},100", time, 1 + minute % 2));
    rows.push_back(fmt::format("{},baseline,web-old-2,{},100", time, 2 - minute % 2));
  }
  return rows;
}

std::string csv(const std::vector<std::string>& rows) {
  std::string text = "time,arm,series,events,exposure\n";
  for (const auto& row : rows) text += row + "\n";
  return text;
}

class JudgeCommand : public ::testing::Test {
 protected:
  JudgeCommand() { std::ofstream(gate_) << kGate; }
  ~JudgeCommand() override { std::filesystem::remove(gate_); }

  int run(const std::string& samples, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"judge", "--gate", gate_, "--samples", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_command(arguments, samples);
  }
  int run_command(const std::vector<std::string>& arguments, const std::string& input = "") {
    out_.str("");
    err_.str("");
    std::istringstream in(input);
    Environment environment{.out = out_,
                            .err = err_,
                            .in = in,
                            .out_is_terminal = false,
                            .err_is_terminal = false,
                            .in_is_terminal = false,
                            .variable = [](const std::string&) { return std::nullopt; },
                            .clock = clock_,
                            .connect = [](const ConnectOptions&) -> Result<Session> {
                              return fail(ErrorKind::Unavailable, "judging a recording needs no cluster");
                            },
                            .wait = [](milliseconds) { return false; },
                            .prometheus =
                                [this](const prometheus::Access& access, milliseconds) {
                                  access_ = access;
                                  prometheus::ClientOptions options;
                                  options.transport = server_;
                                  return Result<prometheus::Client>(prometheus::Client(std::move(options)));
                                }};
    return cli::run(arguments, environment);
  }
  Json answer_to(const std::string& samples) {
    EXPECT_EQ(run(samples, {"-o", "json"}), 0) << err_.str();
    return parse_json(out_.str(), "the answer").value_or(Json());
  }

  std::string gate_ = ::testing::TempDir() + "patchwave-judge-" +
                      ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml";
  ManualClock clock_{*parse_time("2026-11-21T04:00:00Z")};
  std::shared_ptr<patchwave::testing::FakeTransport> server_ =
      std::make_shared<patchwave::testing::FakeTransport>();
  prometheus::Access access_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(JudgeCommand, TellsPeopleTheVerdictWithItsNumbers) {
  EXPECT_EQ(run(csv(rows_of_harm())), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Gate errors: Harm\n"));
  EXPECT_THAT(out_.str(), HasSubstr("The canary's rate is above 1 times the baseline's"));
  EXPECT_THAT(out_.str(), HasSubstr("Evidence, ln: harm "));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(JudgeCommand, TellsProgramsTheSameInJson) {
  const auto answer = answer_to(csv(rows_of_harm()));
  EXPECT_EQ(answer["gate"], "errors");
  EXPECT_EQ(answer["verdict"], "Harm");
  EXPECT_GE(answer["harm"]["logE"].get<double>(), answer["harm"]["threshold"].get<double>());
  EXPECT_NEAR(answer["harm"]["threshold"].get<double>(), std::log(1000), 1e-9);
  EXPECT_NEAR(answer["pass"]["threshold"].get<double>(), std::log(20), 1e-9);
  const int looks = answer["looks"];
  EXPECT_EQ(answer["decidedAt"], 1'750'000'000 + 60 * looks);
  EXPECT_EQ(answer["canary"], (Json{{"events", 10.0 * looks}, {"exposure", 100.0 * looks}}));
  EXPECT_EQ(answer["baseline"], (Json{{"events", 3.0 * looks}, {"exposure", 200.0 * looks}}));
}

TEST_F(JudgeCommand, AnswersTheSameWhateverTheOrderOfTheRows) {
  auto rows = rows_of_harm();
  const auto answer = answer_to(csv(rows));
  std::mt19937 random(5);
  for (int turn = 0; turn < 5; ++turn) {
    std::shuffle(rows.begin(), rows.end(), random);
    EXPECT_EQ(answer_to(csv(rows)), answer);
  }
}

TEST_F(JudgeCommand, NamesAMalformedRowByItsLineAndLeavesItOut) {
  auto rows = rows_of_harm();
  const auto answer = answer_to(csv(rows));
  rows.insert(rows.begin() + 5, "1750000060,canary,web-new,many,100");
  auto with = answer_to(csv(rows));
  EXPECT_THAT(err_.str(), HasSubstr("line 7 is left out: events is 'many'"));
  EXPECT_EQ(with["malformed"], Json::array({{{"line", 7},
                                             {"problem",
                                              "events is 'many' and must be a number that is "
                                              "not negative"}}}));
  with["malformed"] = answer["malformed"];
  with["malformedRows"] = answer["malformedRows"];
  EXPECT_EQ(with, answer) << "a malformed row changes no verdict";
}

TEST_F(JudgeCommand, RefusesAGateThatItCanNotReadByTheField) {
  std::ofstream(gate_) << "name: errors\ncounter: {events: a, exposure: b}\ntolerate: '0.5'\n";
  EXPECT_NE(run(csv({})), 0);
  EXPECT_THAT(err_.str(), HasSubstr("tolerate is '0.5' and must be a decimal number above 1"));
}

TEST_F(JudgeCommand, RefusesAnotherHeader) {
  EXPECT_NE(run("time,value\n"), 0);
  EXPECT_THAT(err_.str(), HasSubstr("time,arm,series,events,exposure"));
}

/// What Prometheus has: two old pods since before the change, a new one since 20 s after it, a scrape each
/// 15 s. The new one fails at `canary_errors` of a hundred requests, the old
/// ones at one.
class JudgeFromPrometheus : public JudgeCommand {
 protected:
  /// With flags that stand instead of, or beside, the usual ones.
  int ask(std::map<std::string, std::string> flags = {}) {
    flags.insert({{"--from-prometheus", "http://p"},
                  {"--canary", "new-.*"},
                  {"--baseline", "old-[0-9]"},
                  {"--since", "2h"}});
    std::vector<std::string> arguments = {"judge", "--gate", gate_};
    for (const auto& [flag, value] : flags) arguments.insert(arguments.end(), {flag, value});
    return run_command(arguments);
  }
  void given_history(double canary_errors) {
    server_->always("POST", "/api/v1/query").run([canary_errors](const http::Request& request) {
      const bool is_errors = request.body.find("code") != std::string::npos;
      const std::string series = of_pod("old-1", -300, is_errors ? 1 : 100) + "," +
                                 of_pod("old-2", -300, is_errors ? 1 : 100) + "," +
                                 of_pod("new-1", 20, is_errors ? canary_errors : 100);
      return http::Response{
          200, {}, R"({"status":"success","data":{"resultType":"matrix","result":[)" + series + "]}}"};
    });
  }
  Json json_answer() { return parse_json(out_.str(), "the answer").value_or(Json()); }

  static constexpr std::int64_t kChange = 1'795'226'400;  // 2026-11-21T02:00:00Z

 private:
  static std::string of_pod(const std::string& pod, int from, double rise) {
    std::string values;
    double value = 0;
    for (int at = from; at <= 7200; at += 15) {
      values += fmt::format(R"({}[{},"{:.0f}"])", values.empty() ? "" : ",", kChange + at, value += rise);
    }
    return fmt::format(R"({{"metric":{{"pod":"{}","instance":"{}"}},"values":[{}]}})", pod, pod, values);
  }
};

TEST_F(JudgeFromPrometheus, ShowsHarmInWhatItHasOfTheTwoArms) {
  given_history(30);
  ASSERT_EQ(ask({{"-o", "json"}}), 0) << err_.str();
  EXPECT_EQ(json_answer()["verdict"], "Harm");
  EXPECT_THAT(json_answer()["decidedAt"].get<std::string>(), HasSubstr("2026-11-21T02:"));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(JudgeFromPrometheus, PassesWhatFailsNoMoreOften) {
  given_history(1);
  ASSERT_EQ(ask({{"-o", "json"}}), 0) << err_.str();
  EXPECT_EQ(json_answer()["verdict"], "Pass");
}

TEST_F(JudgeFromPrometheus, AnswersInTheWordsOfARecording) {
  given_history(30);
  ASSERT_EQ(ask({{"-o", "json"}}), 0) << err_.str();
  const auto answer = json_answer();
  const auto recorded = answer_to(csv(rows_of_harm()));
  ASSERT_EQ(answer.size(), recorded.size());
  for (const auto& [key, value] : recorded.items()) EXPECT_TRUE(answer.contains(key)) << key;
}

TEST_F(JudgeFromPrometheus, CountsTheFirstErrorsOfANewPod) {
  given_history(100);
  ASSERT_EQ(ask({{"-o", "json"}, {"--until", "2026-11-21T02:00:30Z"}}), 0) << err_.str();
  EXPECT_EQ(json_answer()["canary"], (Json{{"events", 100.0}, {"exposure", 100.0}}));
}

TEST_F(JudgeFromPrometheus, AsksOncePerMetricForBothArmsInTheNamespace) {
  given_history(1);
  ASSERT_EQ(ask({{"-n", "shop"}, {"--until", "2026-11-21T03:00:00Z"}}), 0) << err_.str();
  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].body,
            "query=http_requests_total%7Bnamespace%3D%22shop%22%2Cpod%3D~%22%28%3F%3Anew-.%2A%29%7C%28%3F%3A"
            "old-%5B0-9%5D%29%22%7D%5B3900000ms%5D&time=1795230000.000");
}

TEST_F(JudgeFromPrometheus, HandsOnWhereAndAsWhom) {
  given_history(1);
  ASSERT_EQ(ask({{"--prometheus-ca-file", "ca.crt"},
                 {"--prometheus-username", "jane"},
                 {"--prometheus-password-file", "password"}}),
            0);
  EXPECT_EQ(access_.url, "http://p");
  EXPECT_EQ(access_.ca_file, "ca.crt");
  EXPECT_EQ(access_.username, "jane");
  EXPECT_EQ(access_.password_file, "password");
}

TEST_F(JudgeFromPrometheus, SaysWhichArmIsNotThere) {
  given_history(1);
  ASSERT_EQ(ask({{"--canary", "newer-.*"}}), 0) << "no data is undecided, and no error";
  EXPECT_THAT(out_.str(), HasSubstr("Gate errors: Undecided"));
  EXPECT_THAT(err_.str(), HasSubstr("warning: Prometheus has no sample of the canary"));
  EXPECT_THAT(err_.str(), Not(HasSubstr("sample of the baseline")));
}

TEST_F(JudgeFromPrometheus, GivesNoVerdictWhenItIsNotAnswered) {
  server_->always("POST", "/api/v1/query").reply(503, "");
  EXPECT_EQ(ask(), 1);
  EXPECT_THAT(out_.str(), IsEmpty());
  EXPECT_THAT(err_.str(), HasSubstr("Prometheus answered 503"));
}

TEST_F(JudgeFromPrometheus, SaysWhatOfTheTimesIsWrong) {
  const auto refused = [this](std::map<std::string, std::string> times) {
    EXPECT_EQ(ask(std::move(times)), 1);
    return err_.str();
  };
  EXPECT_THAT(refused({{"--since", "yesterday"}}), HasSubstr("--since is 'yesterday' and must be a time"));
  EXPECT_THAT(refused({{"--until", "3h"}}),
              HasSubstr("--until is 2026-11-21T01:00:00Z and must be later than"));
  EXPECT_THAT(refused({{"--since", "2026-10-01T00:00:00Z"}}), HasSubstr("over 31 days before"));
  EXPECT_THAT(server_->requests(), IsEmpty());
}

TEST_F(JudgeFromPrometheus, SaysWhatOfTheArmsIsWrong) {
  EXPECT_EQ(ask({{"--canary", "new("}}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("the canary's pods are named by 'new(', which is no regular expression"));
  EXPECT_EQ(ask({{"--pod-label", "pod-name"}}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("--pod-label is 'pod-name' and must be the name of a label"));
  EXPECT_EQ(run_command({"judge", "--gate", gate_, "--from-prometheus", "http://p", "--canary", "a",
                         "--since", "2h"}),
            1);
  EXPECT_THAT(err_.str(), HasSubstr("--baseline must be a regular expression"));
}

TEST_F(JudgeFromPrometheus, TakesSamplesFromOnePlace) {
  EXPECT_EQ(ask({{"--samples", "-"}}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("either --samples or --from-prometheus"));
  EXPECT_EQ(run_command({"judge", "--gate", gate_}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("either --samples or --from-prometheus"));
  EXPECT_EQ(run(csv({}), {"--since", "2h"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("--since needs --from-prometheus"));
}

TEST_F(JudgeFromPrometheus, FillsInTheNamespaceAndNothingElse) {
  given_history(1);
  const auto with = [this](const std::string& matcher) {
    std::ofstream(gate_) << "name: errors\ncounter: {events: 'failed{code=\"5\"," << matcher
                         << "}', exposure: requests}\n";
  };
  with(R"(ns="{{namespace}}")");
  EXPECT_EQ(ask(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("{{namespace}}, which --namespace fills in"));
  EXPECT_EQ(ask({{"-n", "shop"}}), 0) << err_.str();
  EXPECT_THAT(server_->requests().front().body, HasSubstr("ns%3D%22shop%22"));
  with(R"(app="{{workload}}")");
  EXPECT_EQ(ask({{"-n", "shop"}}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("{{workload}}, which only a wave has"));
}

}  // namespace
}  // namespace patchwave::cli
