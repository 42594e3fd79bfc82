// The whole command: findings and feeds in, a ranking out.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "operator/cli/app.hpp"

namespace patchwave::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kKev = R"({"catalogVersion": "2024.09.30", "vulnerabilities": [
  {"cveID": "CVE-2019-1111", "dateAdded": "2024-09-01"}, {"cveID": "CVE-2024-2222", "dateAdded": "2024-10-02"}]})";
constexpr const char* kEpss =
    "#model_version:v2023.03.01,score_date:2024-09-29T00:00:00+0000\ncve,epss,percentile\n"
    "CVE-2019-1111,0.02,0.9\nCVE-2024-2222,0.5,0.98\nCVE-2020-3333,0.0005,0.2\n";

class RankCommand : public ::testing::Test {
 protected:
  RankCommand() {
    std::filesystem::create_directories(folder_);
    write("kev.json", kKev);
    write("epss.csv", kEpss);
    write("signals.csv", "cve,first_seen\nCVE-2024-2222,2024-09-20\n");
  }
  ~RankCommand() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) const { std::ofstream(folder_ + name) << text; }

  int run(const std::string& findings, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"rank",
                                          "--findings",
                                          "-",
                                          "--epss",
                                          folder_ + "epss.csv",
                                          "--kev",
                                          folder_ + "kev.json",
                                          "--signals",
                                          folder_ + "signals.csv",
                                          "--as-of",
                                          "2024-09-30"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    out_.str("");
    err_.str("");
    std::istringstream in(findings);
    Environment environment{.out = out_,
                            .err = err_,
                            .in = in,
                            .variable = [](const std::string&) { return std::nullopt; },
                            .clock = clock_,
                            .connect = [](const ConnectOptions&) -> Result<Session> {
                              return fail(ErrorKind::Unavailable, "ranking files needs no cluster");
                            },
                            .wait = [](milliseconds) { return false; }};
    return cli::run(arguments, environment);
  }
  std::vector<std::string> rows(const std::string& findings, const std::vector<std::string>& more = {}) {
    auto arguments = more;
    arguments.insert(arguments.end(), {"-o", "csv"});
    EXPECT_EQ(run(findings, arguments), 0) << err_.str();
    std::vector<std::string> lines;
    std::istringstream text(out_.str());
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  Json answer(const std::string& findings) {
    EXPECT_EQ(run(findings, {"-o", "json"}), 0) << err_.str();
    return parse_json(out_.str(), "the answer").value_or(Json());
  }

  std::string folder_ = ::testing::TempDir() + "patchwave-rank-" +
                        ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
  ManualClock clock_{Time{}};
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(RankCommand, PutsTheKnownExploitedFirstThenTheLikely) {
  EXPECT_THAT(
      rows("cve\nCVE-2020-3333\nCVE-2024-2222\nCVE-2019-1111\n"),
      ElementsAre(
          "rank,cve,probability,deadline_class,score,reason",
          AllOf(StartsWith("1,CVE-2019-1111,0.99,14 days,"), HasSubstr("known exploited since 2024-09-01")),
          AllOf(StartsWith("2,CVE-2024-2222,"), HasSubstr("60 days"), HasSubstr("seen by 2024-09-20")),
          StartsWith("3,CVE-2020-3333,")));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(RankCommand, UsesNoRowThatIsDatedLater) {
  const auto before = rows("cve\nCVE-2024-2222\n");
  write("kev.json", R"({"vulnerabilities": [{"cveID": "CVE-2019-1111", "dateAdded": "2024-09-01"}]})");
  EXPECT_EQ(rows("cve\nCVE-2024-2222\n"), before) << "KEV learns of it in October";
}

TEST_F(RankCommand, AnswersTheSameWhateverTheOrderOfTheRows) {
  std::vector<std::string> lines = {"CVE-2020-3333,open", "CVE-2024-2222,small", "CVE-2019-1111,controlled",
                                    "CVE-2018-4444,open", "CVE-2018-5555,open",  "GHSA-xxxx-yyyy-zzzz,"};
  const auto text = [&] {
    std::string all = "cve,exposure\n";
    for (const auto& line : lines) all += line + "\n";
    return all;
  };
  const auto expected = rows(text());
  std::mt19937 random(7);
  for (int turn = 0; turn < 10; ++turn) {
    std::shuffle(lines.begin(), lines.end(), random);
    EXPECT_EQ(rows(text()), expected);
  }
}

TEST_F(RankCommand, TellsProgramsWhatEachScoreIsTheSumOf) {
  const auto ranking = answer("cve,criticality\nCVE-2020-3333,high\nCVE-2024-2222,low\n");
  EXPECT_EQ(ranking["asOf"], "2024-09-30");
  EXPECT_EQ(ranking["feeds"][0]["version"], "v3 of 2024-09-29");
  EXPECT_EQ(ranking["feeds"][1]["later"], 1);
  ASSERT_EQ(ranking["findings"].size(), 2);
  for (const auto& finding : ranking["findings"]) {
    double sum = 0;
    for (const auto& factor : finding["factors"]) {
      sum += factor["contribution"].get<double>();
      EXPECT_FALSE(factor["evidence"].get<std::string>().empty());
    }
    EXPECT_NEAR(std::exp(sum) / finding["score"].get<double>(), 1, 1e-9);
    EXPECT_GT(finding["factors"].size(), 3);
  }
}

TEST_F(RankCommand, SaysWhereAFindingWouldStandIfItWasNotExposed) {
  const std::string closed = "cve,exposure\nCVE-2020-3333,small\nCVE-2024-2222,open\nCVE-2021-4444,open\n";
  const auto first = answer(closed)["findings"][0];
  EXPECT_EQ(first["cve"], "CVE-2024-2222");
  EXPECT_EQ(first["counterfactual"]["if"], "not exposed");
  EXPECT_EQ(first["counterfactual"]["deadlineClass"], "fix on system upgrade");
  EXPECT_EQ(first["counterfactual"]["rank"], 2) << "behind the one that stays exposed";
}

TEST_F(RankCommand, ShowsPeopleTheFirstFifteen) {
  std::string findings = "cve\n";
  for (int i = 0; i < 20; ++i) findings += fmt::format("CVE-2021-{}\n", 10'000 + i);
  EXPECT_EQ(run(findings), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("RANK"), HasSubstr("\n15 "), Not(HasSubstr("\n16 ")),
                                HasSubstr("5 more; --top shows them")));
  EXPECT_EQ(run(findings, {"--top", "20"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("\n20 "));
}

TEST_F(RankCommand, SaysWhatItDidNotUseAndWhatItWasNotGiven) {
  EXPECT_EQ(run("cve,owner,cvss_vector\nCVE-2020-3333,jane,CVSS:9\n,,\n"), 0);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("columns not used: owner"),
                                HasSubstr("line 2: CVSS vector 'CVSS:9' must begin"),
                                HasSubstr("line 3: the row has no name")));
}

TEST_F(RankCommand, NamesTheFileThatItCanNotRead) {
  EXPECT_NE(run("package\n"), 0);
  EXPECT_THAT(err_.str(), HasSubstr("findings -: the header has no column cve"));
  EXPECT_NE(run("cve\n", {"--vulnrichment", folder_ + "none.csv"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("none.csv: it can't be opened"));
  write("kev.json", "{\"vulnerabilities\": [");
  EXPECT_NE(run("cve\n"), 0);
  EXPECT_THAT(err_.str(), HasSubstr("kev.json"));
}

TEST_F(RankCommand, ReadsStandardInputForOneFileOnly) {
  EXPECT_NE(run("cve\n", {"--vulnrichment", "-"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("only one file can be -, standard input"));
}

TEST_F(RankCommand, TakesOffWhatAVexDocumentSaysIsNotAffected) {
  write("vex.json", R"({"timestamp": "2024-01-01T00:00:00Z", "statements": [
      {"vulnerability": {"name": "CVE-2019-1111"}, "products": [{"@id": "pkg:oci/web"}], "status": "not_affected",
       "justification": "vulnerable_code_not_present"}]})");
  const auto lines = rows("cve,product\nCVE-2019-1111,pkg:oci/web@1\nCVE-2019-1111,pkg:oci/other@1\n",
                          {"--vex", folder_ + "vex.json"});
  EXPECT_THAT(lines[1], AllOf(StartsWith("1,CVE-2019-1111,"), HasSubstr(",14 days,")));
  EXPECT_THAT(lines[2], HasSubstr(",none,0,not affected: vulnerable_code_not_present"));
}

TEST_F(RankCommand, ChoosesTheTableOfDeadlines) {
  EXPECT_THAT(rows("cve\nCVE-2019-1111\n", {"--deadlines", "SSVC"})[1], HasSubstr(",out-of-cycle,"));
  EXPECT_THAT(rows("cve\nCVE-2019-1111\n", {"--deadlines", "Tiers"})[1], HasSubstr(",72 hours,"));
  EXPECT_NE(run("cve\n", {"--deadlines", "Never"}), 0);
}

TEST_F(RankCommand, QuotesWhatCsvWouldTakeApart) {
  EXPECT_THAT(rows("id,vex,justification\n\"a,b\",not_affected,\"not built, not shipped\"\n")[1],
              StartsWith("1,\"a,b\","));
}

TEST_F(RankCommand, IsTheOnlyOneThatPrintsCsv) {
  EXPECT_NE(run("cve\n", {"-o", "yaml"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("rank prints text, csv or json"));
}

}  // namespace
}  // namespace patchwave::cli
