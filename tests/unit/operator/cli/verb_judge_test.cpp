// The whole command: a gate and samples in, a verdict out.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "operator/cli/app.hpp"

namespace patchwave::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
    out_.str("");
    err_.str("");
    std::istringstream in(samples);
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
                            .wait = [](milliseconds) { return false; }};
    return cli::run(arguments, environment);
  }
  Json answer_to(const std::string& samples) {
    EXPECT_EQ(run(samples, {"-o", "json"}), 0) << err_.str();
    return parse_json(out_.str(), "the answer").value_or(Json());
  }

  std::string gate_ = ::testing::TempDir() + "patchwave-judge-" +
                      ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml";
  ManualClock clock_{Time{}};
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

}  // namespace
}  // namespace patchwave::cli
