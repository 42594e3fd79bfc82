// Whole commands against a scripted API server.
#include "operator/cli/app.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "controllers/api/codec.hpp"
#include "controllers/api/hold.hpp"
#include "example_wave.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kApi = "/apis/patchwave.dev/v1alpha1/namespaces/shop/";

Json wave_json(const api::PatchWave& wave) {
  return {{"apiVersion", "patchwave.dev/v1alpha1"},
          {"kind", "PatchWave"},
          {"metadata",
           {{"name", wave.metadata.name},
            {"namespace", wave.metadata.ns},
            {"uid", "u-1"},
            {"resourceVersion", wave.metadata.resource_version}}},
          {"spec", api::print_spec(wave.spec)},
          {"status", api::print_status(wave.status)}};
}

std::string status_json(int code, const std::string& reason, const std::string& message) {
  return print_json({{"kind", "Status"},
                     {"apiVersion", "v1"},
                     {"status", "Failure"},
                     {"code", code},
                     {"reason", reason},
                     {"message", message}});
}

class AppTest : public ::testing::Test {
 protected:
  int run(const std::vector<std::string>& arguments, const std::string& typed = "") {
    in_.str(typed);
    kube::ClientOptions options;
    options.transport = std::shared_ptr<http::Transport>(&server_, [](auto*) {});
    options.max_retries = 0;
    options.sleep = [](milliseconds) {};
    const auto client = std::make_shared<kube::Client>(options);
    Environment environment{
        .out = out_,
        .err = err_,
        .in = in_,
        .out_is_terminal = out_is_terminal_,
        .err_is_terminal = false,
        .in_is_terminal = in_is_terminal_,
        .variable = [](const std::string&) { return std::nullopt; },
        .clock = clock_,
        .connect = [&](const ConnectOptions&) -> Result<Session> { return Session{client, "shop"}; },
        .wait =
            [&](milliseconds pause) {
              clock_.advance(pause);
              return true;
            }};
    return cli::run(arguments, environment);
  }
  void serve_wave(const api::PatchWave& wave) {
    server_.on("GET", kApi + ("patchwaves/" + wave.metadata.name)).reply(200, print_json(wave_json(wave)));
  }
  void serve_user() {
    server_.on("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .reply(201, R"({"status": {"userInfo": {"username": "jane@example.com"}}})");
  }

  patchwave::testing::FakeTransport server_;
  ManualClock clock_{kNow};
  std::ostringstream out_;
  std::ostringstream err_;
  std::istringstream in_;
  bool out_is_terminal_ = false;
  bool in_is_terminal_ = false;
};

TEST_F(AppTest, ApprovesThePlanThatWasShownInTheNameOfTheCaller) {
  serve_wave(waiting_wave(api::hold::kApprovalRequired));
  serve_user();
  server_.on("POST", kApi + std::string("patchapprovals*")).reply(201, "{}");
  EXPECT_EQ(run({"approve", "web-1.4.3-rest", "--reason", "CAB-1234", "--yes"}), exit_code::kOk)
      << err_.str();
  EXPECT_EQ(out_.str(), "patchwave.patchwave.dev/web-1.4.3-rest approved\n");
  const auto sent = parse_json(server_.last_request().body, "the approval");
  ASSERT_TRUE(sent);
  EXPECT_EQ(string_at(*sent, {"metadata", "name"}), "web-1.4.3-rest-7f3a90c1d2e3-approve");
  EXPECT_EQ(string_at(*sent, {"spec", "waveRef", "name"}), "web-1.4.3-rest");
  EXPECT_EQ(string_at(*sent, {"spec", "approver"}), "jane@example.com");
  EXPECT_EQ(string_at(*sent, {"spec", "planHash"}), kPlan);
  EXPECT_EQ(string_at(*sent, {"spec", "decision"}), "Approve");
  EXPECT_EQ(string_at(*sent, {"spec", "reason"}), "CAB-1234");
}

TEST_F(AppTest, DeclaresAnEmergencyForSoLongAndWithAReason) {
  serve_wave(waiting_wave(api::hold::kWindowClosed));
  serve_user();
  server_.on("POST", kApi + std::string("patchapprovals*")).reply(201, "{}");
  EXPECT_EQ(run({"approve", "web-1.4.3-rest", "--emergency", "4h", "--reason", "CVE-2026-1234", "--yes"}),
            exit_code::kOk)
      << err_.str();
  const auto sent = parse_json(server_.last_request().body, "the approval");
  ASSERT_TRUE(sent);
  const auto until = parse_time(string_at(*sent, {"spec", "emergency", "untilTime"}));
  EXPECT_EQ(*until, std::chrono::floor<seconds>(kNow + std::chrono::hours(4)));
  EXPECT_EQ(string_at(*sent, {"spec", "emergency", "reason"}), "CVE-2026-1234");
  EXPECT_THAT(string_at(*sent, {"metadata", "name"}), HasSubstr("-emergency-"));
}

TEST_F(AppTest, DeclaresNoEmergencyWithoutAReasonOrForLongerThanADay) {
  EXPECT_EQ(run({"approve", "web-1.4.3-rest", "--emergency", "4h", "--yes"}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("--emergency needs --reason"));
  EXPECT_EQ(run({"approve", "web-1.4.3-rest", "--emergency", "25h", "--reason", "x", "--yes"}),
            exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("--emergency 25h is too long: it must be 24h at most"));
  EXPECT_EQ(server_.requests().size(), 0u);
}

TEST_F(AppTest, ApprovesTwiceWithoutComplaint) {
  serve_wave(waiting_wave(api::hold::kApprovalRequired));
  serve_user();
  server_.on("POST", kApi + std::string("patchapprovals*"))
      .reply(409, status_json(409, "AlreadyExists", "exists"));
  EXPECT_EQ(run({"approve", "web-1.4.3-rest", "--yes"}), exit_code::kOk);
  EXPECT_THAT(err_.str(), HasSubstr("nothing was changed"));
}

TEST_F(AppTest, AsksBeforeItApprovesOnATerminal) {
  in_is_terminal_ = true;
  serve_wave(waiting_wave(api::hold::kApprovalRequired));
  EXPECT_EQ(run({"approve", "web-1.4.3-rest"}, "n\n"), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("Approve 2 targets? [y/N]"));
  EXPECT_THAT(err_.str(), HasSubstr("Plan:        " + kPlan));
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(AppTest, NeedsYesWhereNobodyCanBeAsked) {
  serve_wave(waiting_wave(api::hold::kApprovalRequired));
  EXPECT_EQ(run({"approve", "web-1.4.3-rest"}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("--yes"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(AppTest, RefusesToApproveAPlanThatHasChanged) {
  serve_wave(waiting_wave(api::hold::kApprovalRequired));
  EXPECT_EQ(run({"approve", "web-1.4.3-rest", "--yes", "--plan-hash", "sha256:0000000000"}),
            exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("the plan has changed"));
}

TEST_F(AppTest, AcceptsTheShortenedHashThatItShows) {
  serve_wave(waiting_wave(api::hold::kApprovalRequired));
  serve_user();
  EXPECT_EQ(run({"approve", "web-1.4.3-rest", "--plan-hash", "sha256:7f3a90c1d2e3", "--dry-run=client"}),
            exit_code::kOk)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("approved (dry run)"));
}

TEST_F(AppTest, WritesNothingInAServerDryRun) {
  serve_wave(waiting_wave(api::hold::kApprovalRequired));
  serve_user();
  server_.on("POST", kApi + std::string("patchapprovals*")).reply(201, "{}");
  EXPECT_EQ(run({"deny", "web-1.4.3-rest", "--dry-run=server"}), exit_code::kOk) << err_.str();
  EXPECT_THAT(server_.last_request().target, HasSubstr("dryRun=All"));
  EXPECT_EQ(string_at(*parse_json(server_.last_request().body, "it"), {"spec", "decision"}), "Deny");
}

TEST_F(AppTest, CancelsTheWaveThatItLookedAtWhateverItsStatusIsByNow) {
  serve_wave(example_wave());
  server_.on("PATCH", kApi + std::string("patchwaves/web-1.4.3-canary*")).reply(200, "{}");
  EXPECT_EQ(run({"cancel", "web-1.4.3-canary", "--yes"}), exit_code::kOk) << err_.str();
  const auto sent = parse_json(server_.last_request().body, "the patch");
  EXPECT_EQ(*sent, Json({{"metadata", {{"uid", "u-1"}}}, {"spec", {{"cancel", true}}}}));
}

TEST_F(AppTest, LiftsTheQuarantineOfTheDigestThatIsInIt) {
  const Json patch = {
      {"metadata", {{"name", "web-1.4.3"}, {"namespace", "shop"}, {"uid", "u"}, {"resourceVersion", "7"}}},
      {"spec", {{"subject", {{"image", "registry.example.com/web"}}}, {"to", {{"tag", "1.4.3"}}}}},
      {"status",
       {{"phase", "Quarantined"},
        {"digest", kDigest},
        {"quarantine", {{"digest", kDigest}, {"reason", "errors rose"}, {"wave", "w"}}}}}};
  server_.on("GET", kApi + std::string("patches/web-1.4.3")).reply(200, print_json(patch));
  server_.on("PATCH", kApi + std::string("patches/web-1.4.3*")).reply(200, "{}");
  EXPECT_EQ(run({"quarantine", "lift", "web-1.4.3", "--yes"}), exit_code::kOk) << err_.str();
  const auto sent = parse_json(server_.last_request().body, "the patch");
  EXPECT_EQ(
      *sent,
      Json({{"metadata", {{"uid", "u"}, {"annotations", {{"patchwave.dev/lift-quarantine", kDigest}}}}}}));
}

TEST_F(AppTest, NamesTheNearestWaveForOneThatDoesNotExist) {
  server_.on("GET", kApi + std::string("patchwaves/web-1.4.4-rest"))
      .reply(404, status_json(404, "NotFound", "not found"));
  server_.on("GET", kApi + std::string("patchwaves*"))
      .reply(200, print_json({{"metadata", Json::object()}, {"items", {wave_json(waiting_wave("X"))}}}));
  EXPECT_EQ(run({"get", "wave", "web-1.4.4-rest"}), exit_code::kError);
  EXPECT_EQ(err_.str(),
            "error: patchwaves.patchwave.dev \"web-1.4.4-rest\" not found in namespace \"shop\"\nNearest: "
            "web-1.4.3-rest\n");
}

TEST_F(AppTest, SaysWhichRuleIsMissing) {
  server_.on("GET", kApi + std::string("patchwaves*")).reply(403, status_json(403, "Forbidden", "no"));
  EXPECT_EQ(run({"status"}), exit_code::kError);
  EXPECT_THAT(err_.str(),
              HasSubstr("{apiGroups: [\"patchwave.dev\"], resources: [patchwaves], verbs: [list]}"));
  EXPECT_THAT(err_.str(), HasSubstr("kubectl auth can-i list patchwaves.patchwave.dev -n shop"));
}

TEST_F(AppTest, SaysHowToInstallCrdsThatAreMissing) {
  server_.on("GET", kApi + std::string("patchwaves*")).reply(404, "404 page not found\n");
  EXPECT_EQ(run({"status"}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("CRDs are not installed"));
}

TEST_F(AppTest, PrintsTheObjectItselfAsJson) {
  serve_wave(example_wave());
  EXPECT_EQ(run({"get", "wave", "web-1.4.3-canary", "-o", "json"}), exit_code::kOk);
  EXPECT_EQ(*parse_json(out_.str(), "it"), wave_json(example_wave()));
}

TEST_F(AppTest, KeepsEscapeSequencesInAStatusFromTheTerminal) {
  auto wave = waiting_wave(api::hold::kWriteRefused);
  wave.status.hold->message = "\x1b]0;owned\x07";
  serve_wave(wave);
  EXPECT_EQ(run({"get", "wave", "web-1.4.3-rest"}), exit_code::kOk) << err_.str();
  EXPECT_THAT(out_.str(), Not(HasSubstr("\x1b")));
}

TEST_F(AppTest, WatchesUntilTheWaveHasEnded) {
  auto wave = example_wave();
  serve_wave(wave);
  serve_wave(wave);
  wave.status.phase = api::WavePhase::Baking;
  serve_wave(wave);
  wave.status.phase = api::WavePhase::Succeeded;
  serve_wave(wave);
  EXPECT_EQ(run({"get", "wave", "web-1.4.3-canary", "--watch"}), exit_code::kOk) << err_.str();
  EXPECT_EQ(out_.str(),
            "20:30:00 shop/web-1.4.3-canary Running\n"
            "20:30:02 shop/web-1.4.3-canary Running -> Baking\n"
            "20:30:03 shop/web-1.4.3-canary Baking -> Succeeded\n");
}

TEST_F(AppTest, EndsAWatchWithItsOwnCodeWhenTheWaveWasPutBack) {
  auto wave = example_wave();
  wave.status.phase = api::WavePhase::RolledBack;
  serve_wave(wave);
  EXPECT_EQ(run({"get", "wave", "web-1.4.3-canary", "--watch"}), exit_code::kEndedBadly);
}

TEST_F(AppTest, EndsAWatchWithItsOwnCodeWhenItTookTooLong) {
  for (int i = 0; i < 4; ++i) serve_wave(example_wave());
  EXPECT_EQ(run({"get", "wave", "web-1.4.3-canary", "--watch", "--timeout", "3s"}), exit_code::kTimedOut);
}

TEST_F(AppTest, GoesOnWatchingWhenTheServerIsAwayForAWhile) {
  serve_wave(example_wave());
  server_.on("GET", kApi + std::string("patchwaves/web-1.4.3-canary"))
      .fail(ErrorKind::Unavailable, "refused");
  auto wave = example_wave();
  wave.status.phase = api::WavePhase::Succeeded;
  serve_wave(wave);
  EXPECT_EQ(run({"get", "wave", "web-1.4.3-canary", "--watch"}), exit_code::kOk);
  EXPECT_THAT(err_.str(), HasSubstr("trying again"));
}

TEST_F(AppTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run({"promote"}), exit_code::kError);
  EXPECT_EQ(run({"status", "-o", "xml"}), exit_code::kError);
  EXPECT_EQ(run({}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("--help"));
}

TEST_F(AppTest, PrintsTheHelpOfACommandWithItsExamples) {
  EXPECT_EQ(run({"approve", "--help"}), exit_code::kOk);
  EXPECT_THAT(out_.str(), HasSubstr("Usage: kubectl patchwave approve [OPTIONS] NAME"));
  EXPECT_THAT(out_.str(), HasSubstr("kubectl patchwave approve web-1.4.3-rest --reason CAB-1234"));
}

TEST_F(AppTest, PrintsItsOwnVersionWithoutACluster) {
  EXPECT_EQ(run({"version", "--client"}), exit_code::kOk);
  EXPECT_EQ(out_.str(), "client:   " PATCHWAVE_VERSION "\n");
}

TEST_F(AppTest, CompletesCommands) {
  EXPECT_EQ(run({"__complete", "qua"}), exit_code::kOk);
  EXPECT_EQ(out_.str(), "quarantine\tPatches that did harm and are denied\n:4\n");
}

TEST_F(AppTest, CompletesFlagsAndTheirValues) {
  run({"__complete", "approve", "--dry-run="});
  run({"__complete", "status", "-o", "j"});
  run({"__complete", "approve", "--plan"});
  EXPECT_EQ(out_.str(),
            "--dry-run=none\n--dry-run=client\n--dry-run=server\n:4\n"
            "json\n:4\n"
            "--plan-hash\tOnly if the plan is still this one\n:4\n");
}

TEST_F(AppTest, CompletesLiveNamesInTheNamespaceThatWasTyped) {
  server_.on("GET", "/apis/patchwave.dev/v1alpha1/namespaces/bank/patchwaves*")
      .reply(200, print_json({{"metadata", Json::object()}, {"items", {wave_json(example_wave())}}}));
  run({"__complete", "approve", "-n", "bank", ""});
  EXPECT_EQ(out_.str(), "web-1.4.3-canary\n:4\n");
}

TEST_F(AppTest, CompletesNothingWhenTheServerDoesNotAnswer) {
  server_.on("GET", kApi + std::string("patchwaves*")).fail(ErrorKind::Timeout, "no answer");
  EXPECT_EQ(run({"__complete", "explain", "wave/"}), exit_code::kOk);
  EXPECT_EQ(out_.str(), ":4\n");
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(AppTest, HasTheCommandsThatTheReferencePageLists) {
  std::ifstream page(PATCHWAVE_SOURCE_DIR "/docs/reference/command-line.md");
  std::set<std::string> listed;
  for (std::string line; std::getline(page, line) && line != "## Flags of every command";) {
    if (line.starts_with("| `")) listed.insert(line.substr(3, line.find_first_of(" `", 3) - 3));
  }
  run({"__complete", ""});
  std::set<std::string> offered;
  std::istringstream candidates(out_.str());
  for (std::string line; std::getline(candidates, line) && line != ":4";)
    offered.insert(line.substr(0, line.find('\t')));
  EXPECT_EQ(listed, offered);
}

TEST_F(AppTest, PrintsAScriptForEachShell) {
  for (const char* shell : {"bash", "zsh", "kubectl"}) {
    out_.str("");
    EXPECT_EQ(run({"completion", shell}), exit_code::kOk);
    EXPECT_THAT(out_.str(), HasSubstr("__complete"));
  }
  EXPECT_EQ(run({"completion", "fish"}), exit_code::kError);
}

}  // namespace
}  // namespace patchwave::cli
