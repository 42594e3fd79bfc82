// The whole command: a patch list and an environment in, a plan out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "operator/base/date.hpp"
#include "operator/cli/app.hpp"

namespace patchwave::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kHeader =
    "patch_id,cve,vendor,product,vendor_release_date,cvss_vector,epss,kev,asset_group,affected_systems,"
    "ticket\n";
constexpr const char* kPatches[] = {
    "P1,CVE-2024-1111,Acme,\"Gate <1>, "
    "small\",2024-07-09,CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H,0.01,1,web,9,T-1\n",
    "P2,CVE-2024-2222,Acme,Gate,2024-07-09,CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H,0.002,0,web,2,T-2\n",
    "P3,CVE-2024-3333,Acme,Desk,2024-07-09,CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/"
    "A:N,0.0004,0,workstation,80,T-3\n",
    "P4,CVE-2024-4444,Acme,Desk,2024-07-09,CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/"
    "A:N,0.0004,0,workstation,5,T-4\n",
    "P5,CVE-2024-5555,Acme,Loom,2024-07-09,CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/"
    "A:N,0.0004,0,attic,5,T-5\n"};
constexpr const char* kEnvironment =
    R"json({"asOf": "2024-07-31", "timezone": "America/New_York", "topN": 2, "waves": 2, "assetGroups": [
      {"name": "web", "count": 10, "criticality": "high", "exposure": "open", "window": "Sat 02:00-06:00"},
      {"name": "workstation", "count": 80, "criticality": "medium", "exposure": "small",
       "window": "Mon-Fri 20:00-06:00(+1d)"}]})json";

class PlanCommand : public ::testing::Test {
 protected:
  PlanCommand() {
    std::filesystem::create_directories(folder_);
    write("environment.json", kEnvironment);
    write("patches.csv", patches());
  }
  ~PlanCommand() override { std::filesystem::remove_all(folder_); }

  static std::string patches() {
    std::string text = kHeader;
    for (const char* patch : kPatches) text += patch;
    return text;
  }
  void write(const std::string& name, std::string_view text) const { std::ofstream(folder_ + name) << text; }

  int run_on(const std::string& patches, const std::string& environment,
             const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"plan", "--patches", patches, "--environment", environment};
    arguments.insert(arguments.end(), more.begin(), more.end());
    out_.str("");
    err_.str("");
    std::istringstream in;
    Environment outside{.out = out_,
                        .err = err_,
                        .in = in,
                        .variable = [](const std::string&) { return std::nullopt; },
                        .clock = clock_,
                        .connect = [](const ConnectOptions&) -> Result<Session> {
                          return fail(ErrorKind::Unavailable, "planning from files needs no cluster");
                        },
                        .wait = [](milliseconds) { return false; }};
    return cli::run(arguments, outside);
  }
  int run(const std::vector<std::string>& more = {}) {
    return run_on(folder_ + "patches.csv", folder_ + "environment.json", more);
  }
  Json answer(const std::vector<std::string>& more = {}) {
    auto arguments = more;
    arguments.insert(arguments.end(), {"-o", "json"});
    EXPECT_EQ(run(arguments), 0) << err_.str();
    return parse_json(out_.str(), "the answer").value_or(Json());
  }
  static std::vector<std::string> names(const Json& list) {
    std::vector<std::string> result;
    for (const auto& each : list) result.push_back(string_at(each, {"patch"}));
    return result;
  }

  std::string folder_ = ::testing::TempDir() + "patchwave-plan-" +
                        ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
  ManualClock clock_{Time{}};
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(PlanCommand, DoesNotMakeUpSinceWhenSomethingIsKnownToBeExploited) {
  EXPECT_THAT(answer()["top"][0]["reason"].get<std::string>(),
              AllOf(HasSubstr("known exploited by 2024-07-31"), HasSubstr("in KEV by 2024-07-31")));
}

TEST_F(PlanCommand, SaysWhatGoesFirstWhatFollowsAndWhen) {
  const Json plan = answer();
  EXPECT_EQ(plan["asOf"], "2024-07-31");
  EXPECT_THAT(names(plan["top"]), ElementsAre("P1", "P2"));
  EXPECT_EQ(plan["top"][0]["deadlineClass"], "3 days & forensic investigation");
  EXPECT_EQ(plan["top"][0]["due"], "2024-08-03T00:00:00-04:00");
  EXPECT_EQ(
      plan["waves"],
      Json::parse(R"([{"name": "wave-1", "items": ["P5", "P3"]}, {"name": "wave-2", "items": ["P4"]}])"));
  EXPECT_THAT(names(plan["calendar"]), ElementsAre("P3", "P4", "P1", "P2"));
  const Json& first = plan["calendar"][2];
  EXPECT_EQ(first["start"], "2024-08-03T02:00:00-04:00");
  EXPECT_EQ(first["end90"], "2024-08-03T02:34:00-04:00") << "rounds of 3: 12, 11 and 11 minutes";
  EXPECT_EQ(first["window"], "Sat 02:00-06:00");
  EXPECT_EQ(first["wave"], "top");
}

TEST_F(PlanCommand, ProposesAnEmergencyAndNamesWhatIsNowhere) {
  const Json plan = answer();
  ASSERT_THAT(names(plan["emergencies"]), ElementsAre("P1"));
  EXPECT_EQ(plan["emergencies"][0]["needsApproval"], true);
  EXPECT_EQ(plan["emergencies"][0]["start"], "2024-08-01T02:00:00-04:00");
  ASSERT_THAT(names(plan["unscheduled"]), ElementsAre("P5"));
  EXPECT_EQ(plan["unscheduled"][0]["reason"], "the environment has no asset group 'attic'");
}

TEST_F(PlanCommand, JustifiesEveryPatchWithASentenceAndThreeFactors) {
  const Json plan = answer();
  ASSERT_THAT(plan["items"], SizeIs(5));
  for (const auto& item : plan["items"]) {
    EXPECT_THAT(string_at(item, {"reason"}), EndsWith("."));
    EXPECT_GE(item["factors"].size(), 3);
    EXPECT_THAT(item["columns"], Contains(StartsWith("T-"))) << "unknown columns are kept";
  }
}

TEST_F(PlanCommand, TestsKnownIssuesLonger) {
  write("issues.json", R"([{"product": "Desk", "issue": "forgets its settings"}])");
  const Json plan = answer({"--known-issues", folder_ + "issues.json"});
  EXPECT_THAT(names(plan["extendedTesting"]), ElementsAre("P3", "P4"));
  EXPECT_EQ(
      plan["extendedTesting"][0]["reason"],
      "known issue: forgets its settings; it can be tested until Wed 2024-07-31 20:00, when it is planned");
  EXPECT_THAT(names(plan["fastTrack"]), ElementsAre("P1"));
}

TEST_F(PlanCommand, KeepsWhatComesAfterWhatAndRefusesUnknownNamesAndCircles) {
  const auto write_after = [&](const std::string& of_first, const std::string& of_second) {
    write("patches.csv", "patch_id,cve,asset_group,affected_systems,after\nP1,CVE-2024-1111,web,3," +
                             of_first + "\nP2,CVE-2024-2222,web,3," + of_second + "\n");
  };
  write_after("P2", "");
  EXPECT_THAT(names(answer()["top"]), ElementsAre("P2", "P1"));
  EXPECT_EQ(answer()["top"][1]["after"], Json::parse(R"(["P2"])"));
  write_after("P9", "");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("patch 'P1' is to come after 'P9', which is not in the list"));
  write_after("P2", "P1");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("wait for each other in a circle: 'P1' after 'P2' after 'P1'"));
}

std::string calendar_of(std::string_view lines) {
  return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + std::string(lines) + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

TEST_F(PlanCommand, TouchesNothingWhileAFreezeGoesOn) {
  ASSERT_EQ(answer()["calendar"][2]["start"], "2024-08-03T02:00:00-04:00");
  write("books.ics", calendar_of("DTSTART;VALUE=DATE:20240802\r\nDTEND;VALUE=DATE:20240804\r\n"));
  write("zones.ics", calendar_of("DTSTART;TZID=Europe/Amsterdam:20240810T080000\r\nDURATION:PT4H\r\n"));
  const Json plan =
      answer({"--freeze-calendar", folder_ + "books.ics", "--freeze-calendar", folder_ + "zones.ics"});
  EXPECT_EQ(plan["calendar"][2]["start"], "2024-08-17T02:00:00-04:00")
      << "3 August is of the first calendar, 10 August until six of the second";
  EXPECT_THAT(err_.str(), HasSubstr("books.ics: 1 freezes in 30 days"));
}

TEST_F(PlanCommand, ProposesNoEmergencyWhileAFreezeGoesOn) {
  write("books.ics", calendar_of("DTSTART;VALUE=DATE:20240801\r\n"));
  EXPECT_THAT(answer()["emergencies"][0]["reason"].get<std::string>(), HasSubstr("for Thu 2024-08-01 02:00"));
  EXPECT_THAT(
      answer({"--freeze-calendar", folder_ + "books.ics"})["emergencies"][0]["reason"].get<std::string>(),
      HasSubstr("for Fri 2024-08-02 02:00"));
}

TEST_F(PlanCommand, UsesTheWindowsOfAGroupsCalendarBesideItsEnvironment) {
  write("web.ics", calendar_of("DTSTART;TZID=America/New_York:20240628T220000\r\nDURATION:PT6H\r\n"
                               "RRULE:FREQ=MONTHLY;BYDAY=-1FR\r\nSUMMARY:Last Friday\r\n"));
  write("environment.json",
        R"json({"asOf": "2024-07-31", "horizonDays": 40, "timezone": "America/New_York", "assetGroups": [
      {"name": "web", "count": 10, "calendar": "web.ics"}, {"name": "workstation", "count": 80, "window": "daily 20:00-24:00"}]})json");
  const Json plan = answer();
  const Json& first = plan["calendar"][plan["calendar"].size() - 2];
  EXPECT_EQ(first["group"], "web");
  EXPECT_EQ(first["start"], "2024-08-30T22:00:00-04:00") << err_.str();
  EXPECT_EQ(first["window"], "Last Friday");
}

TEST_F(PlanCommand, ReadsItsOwnCalendarAsFreezes) {
  ASSERT_EQ(run({"-o", "ics"}), 0);
  write("own.ics", out_.str());
  const Json plan = answer({"--freeze-calendar", folder_ + "own.ics"});
  EXPECT_EQ(plan["calendar"][2]["start"].get<std::string>().substr(0, 10), "2024-08-03")
      << "what is left of the same window";
  EXPECT_GE(plan["calendar"][2]["start"], "2024-08-03T02:34:00-04:00");
}

TEST_F(PlanCommand, NamesTheCalendarAndTheLineThatItDoesNotUnderstand) {
  write("freezes.ics", calendar_of("DTSTART;VALUE=DATE:20240802\r\nRRULE:FREQ=YEARLY\r\n"));
  EXPECT_EQ(run({"--freeze-calendar", folder_ + "freezes.ics"}), 1);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("freezes.ics"), HasSubstr("line 4"), HasSubstr("FREQ=YEARLY")));
  EXPECT_EQ(run({"--freeze-calendar", folder_ + "nowhere.ics"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("nowhere.ics"));
}

TEST_F(PlanCommand, UsesAnotherThreatModel) {
  write("model.json", "{}");
  EXPECT_EQ(run({"--model", folder_ + "model.json"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("model.json"));
}

TEST_F(PlanCommand, PrintsTablesForPeople) {
  EXPECT_EQ(run(), 0);
  EXPECT_THAT(out_.str(),
              AllOf(StartsWith("SESSION"), HasSubstr("Sat 2024-08-03 02:00"), HasSubstr("EMERGENCY"),
                    HasSubstr("NOT SCHEDULED"), HasSubstr("no plan with these waves is below")));
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr("columns that are not there: metasploit"), HasSubstr("no --known-issues")));
}

TEST_F(PlanCommand, PrintsMarkdownInWhichNoNameIsMarkup) {
  EXPECT_EQ(run({"-o", "markdown"}), 0);
  EXPECT_THAT(out_.str(), AllOf(StartsWith("# Patches from 2024-07-31 on"), HasSubstr("## wave-2: 1 patch\n"),
                                HasSubstr("Gate \\<1\\>, small"), HasSubstr("## Emergencies")));
}

TEST_F(PlanCommand, PrintsAPageThatNeedsNothingBesideIt) {
  EXPECT_EQ(run({"-o", "html"}), 0);
  EXPECT_THAT(out_.str(),
              AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("Gate &lt;1&gt;, small"), HasSubstr("wave-1"),
                    Not(HasSubstr("<script")), Not(HasSubstr("http")), Not(HasSubstr("src="))));
}

TEST_F(PlanCommand, PrintsACalendarOfFoldedLinesInUtc) {
  EXPECT_EQ(run({"-o", "ics"}), 0);
  const std::string text = out_.str();
  EXPECT_THAT(
      text,
      AllOf(StartsWith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:"), EndsWith("END:VCALENDAR\r\n"),
            HasSubstr("\r\nDTSTART:20240803T060000Z\r\n"), HasSubstr("\r\nDTSTAMP:20240731T040000Z\r\n"),
            HasSubstr("\r\nUID:top.web.20240803T060000Z@patchwave.dev\r\n"),
            HasSubstr("\r\nSUMMARY:web\\, top: 2 patches\r\n"),
            HasSubstr("\r\nUID:emergency.P1@patchwave.dev\r\n"), HasSubstr("STATUS:TENTATIVE")));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    ASSERT_THAT(line, EndsWith("\r"));
    EXPECT_THAT(line.size() - 1, Le(75));
  }
}

TEST_F(PlanCommand, NamesTheFileTheFieldAndWhatIsAllowed) {
  write("patches.csv", "patch_id,cve\n");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(err_.str(),
              HasSubstr("patches.csv: the header lacks the columns asset_group, affected_systems"));
  write("environment.json",
        R"({"asOf": "2024-07-31", "assetGroups": [{"name": "web", "count": 3, "window": "soon"}]})");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("environment.json: assetGroups[0].window 'soon' is not days and times"));
  EXPECT_EQ(run_on(folder_ + "none.csv", folder_ + "none.json", {}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("none.json: it can't be opened"));
}

TEST_F(PlanCommand, ReadsStandardInputForOneFileOnly) {
  EXPECT_EQ(run_on("-", "-", {}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("only one file can be -, standard input"));
}

TEST_F(PlanCommand, RefusesFormatsItHasNot) {
  EXPECT_EQ(run({"-o", "yaml"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("plan prints table, json, markdown, ics or html"));
}

TEST_F(PlanCommand, AnswersTheSameWhateverTheOrderOfTheRows) {
  const Json expected = answer();
  std::vector<std::string> rows(std::begin(kPatches), std::end(kPatches));
  std::mt19937 random(7);
  for (int turn = 0; turn < 5; ++turn) {
    std::shuffle(rows.begin(), rows.end(), random);
    std::string text = kHeader;
    for (const auto& row : rows) text += row;
    write("patches.csv", text);
    EXPECT_EQ(answer(), expected);
  }
}

/// A real month: 247 patches of July 2024. What is known since is only looked at here.
class AcceptanceCase : public PlanCommand {
 protected:
  void SetUp() override {
    const char* data = std::getenv("PATCHWAVE_DATA");
    if (data == nullptr) GTEST_SKIP() << "PATCHWAVE_DATA is not set: it names the folder with acceptance_247";
    month_ = std::string(data) + "/acceptance_247/";
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_EQ(run_on(month_ + "patches.csv", month_ + "environment.json", {"-o", "json"}), 0) << err_.str();
    took_ = std::chrono::steady_clock::now() - begin;
    plan_ = parse_json(out_.str(), "the plan").value_or(Json());
  }

  std::string month_;
  std::chrono::steady_clock::duration took_{};
  Json plan_;
};

TEST_F(AcceptanceCase, PutsFifteenOnTopAndTheRestIntoThreeWaves) {
  EXPECT_THAT(plan_["top"], SizeIs(15));
  ASSERT_THAT(plan_["waves"], SizeIs(3));
  std::set<std::string> names;
  std::size_t count = plan_["top"].size();
  for (const auto& item : plan_["top"]) names.insert(string_at(item, {"patch"}));
  for (const auto& wave : plan_["waves"]) {
    count += wave["items"].size();
    for (const auto& name : wave["items"]) names.insert(name.get<std::string>());
  }
  EXPECT_EQ(count, 247);
  EXPECT_THAT(names, SizeIs(247));
}

TEST_F(AcceptanceCase, OrdersAllByDeadlineThenScore) {
  const std::vector<std::string> classes = {"3 days & forensic investigation", "3 days", "14 days", "60 days",
                                            "fix on system upgrade"};
  const auto place = [&](const Json& item) {
    const auto found = std::ranges::find(classes, string_at(item, {"deadlineClass"}));
    return std::pair(found - classes.begin(), -item["score"].get<double>());
  };
  for (std::size_t i = 1; i < plan_["items"].size(); ++i) {
    EXPECT_LE(place(plan_["items"][i - 1]), place(plan_["items"][i]));
    EXPECT_EQ(plan_["items"][i]["rank"], i + 1);
  }
  for (std::size_t i = 0; i < plan_["top"].size(); ++i)
    EXPECT_EQ(plan_["top"][i]["patch"], plan_["items"][i]["patch"]);
}

TEST_F(AcceptanceCase, CatchesAtLeastAsManyThatWereExploitedAsKevThenEpssTimesCvss) {
  std::ifstream file(month_ + "ground_truth.csv");
  std::set<std::string> exploited;
  for (std::string line; std::getline(file, line);) {
    if (!line.ends_with(',') && line.starts_with('P')) exploited.insert(line.substr(0, line.find(',')));
  }
  const auto caught = std::ranges::count_if(
      plan_["top"], [&](const Json& item) { return exploited.contains(string_at(item, {"patch"})); });
  EXPECT_GE(caught, 3);
}

/// Of a time with an offset, "2024-08-03T02:00:00-04:00": what the clock on the wall shows.
struct WallClock {
  explicit WallClock(const std::string& text)
      : date(parse_date(text).value_or(Date{})),
        minutes(std::stoi(text.substr(11, 2)) * 60 + std::stoi(text.substr(14, 2))) {}
  Date date;
  int minutes;
};

TEST_F(AcceptanceCase, StaysInsideTheWindowsOfEachGroup) {
  for (const auto& each : plan_["calendar"]) {
    EXPECT_THAT(string_at(each, {"start"}), EndsWith("-04:00")) << "New York in summer";
    const WallClock start(string_at(each, {"start"}));
    const WallClock end(string_at(each, {"end90"}));
    const std::chrono::weekday day(start.date);
    EXPECT_LT(string_at(each, {"start"}), string_at(each, {"end90"}));
    if (each["group"] == "workstation") {
      EXPECT_TRUE(day != std::chrono::Saturday && day != std::chrono::Sunday) << each;
      EXPECT_GE(start.minutes, 20 * 60);
      EXPECT_TRUE(end.date == start.date ||
                  (end.date == start.date + std::chrono::days(1) && end.minutes <= 6 * 60));
    } else {
      EXPECT_EQ(day, std::chrono::Saturday) << each;
      EXPECT_GE(start.minutes, 2 * 60);
      EXPECT_TRUE(end.date == start.date && end.minutes <= 6 * 60) << each;
    }
  }
}

TEST_F(AcceptanceCase, ProposesAnEmergencyForAllThatIsDueBeforeItsFirstWindow) {
  std::set<std::string> proposed;
  for (const auto& name : names(plan_["emergencies"])) proposed.insert(name);
  for (const auto& item : plan_["items"]) {
    const bool due_before_saturday = item["due"].is_string() && item["group"] != "workstation" &&
                                     item["due"] <= "2024-08-03T02:00:00-04:00";
    EXPECT_EQ(proposed.contains(string_at(item, {"patch"})), due_before_saturday) << item["patch"];
  }
  EXPECT_THAT(proposed, Not(IsEmpty()));
}

TEST_F(AcceptanceCase, SchedulesOrExplainsAndJustifiesEveryPatch) {
  EXPECT_EQ(plan_["calendar"].size() + plan_["unscheduled"].size(), 247);
  for (const auto& item : plan_["items"]) {
    EXPECT_THAT(string_at(item, {"reason"}), Not(IsEmpty()));
    EXPECT_GE(item["factors"].size(), 3);
  }
}

TEST_F(AcceptanceCase, TestsAFewLongerAndOthersAreOnTheFastTrack) {
  const auto tested = names(plan_["extendedTesting"]);
  EXPECT_GE(tested.size(), 5);
  EXPECT_LE(tested.size(), 8);
  for (const auto& name : names(plan_["fastTrack"])) EXPECT_THAT(tested, Not(Contains(name)));
}

TEST_F(AcceptanceCase, IsWithinAPerCentOfTheBestThereCouldBe) {
  const Json& exposure = plan_["exposure"];
  EXPECT_LE(exposure["planned"], exposure["listSchedule"]);
  EXPECT_LE(exposure["lowerBound"], exposure["planned"]);
  EXPECT_LE(exposure["gap"], 0.01);
}

TEST_F(AcceptanceCase, IsPlannedWithinTwoSeconds) {
  EXPECT_LT(took_, 2s);
}

}  // namespace
}  // namespace patchwave::cli
