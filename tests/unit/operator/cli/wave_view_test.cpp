#include "operator/cli/wave_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/api/hold.hpp"
#include "example_wave.hpp"

namespace patchwave::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const Style kUtf8{false, true};
const Style kAscii{false, false};

TEST(RenderWave, DrawsHeadAndTree) {
  EXPECT_EQ(render_wave(example_wave(), kUtf8, kNow), R"(Name:        shop/web-1.4.3-canary
Patch:       web-1.4.3
Policy:      web
Image:       registry.example.com/storefront/web:1.4.3@sha256:1111111111112222222222222222222222222222222222222222222222222222
Status:      ◌ Running
Verdict:     Undecided
Progress:    1/2 targets, 1 in flight
Window:      always open
Plan:        sha256:7f3a90c1d2e3

NAME               KIND          STATUS        AGE   INFO
web-1.4.3-canary   PatchWave     ◌ Running     17m   1/2 targets, 1 in flight
├──shop/web        Deployment    ◌ Canary      5m    1.4.2 → 1.4.3, step 2/2, 3 copies
├──shop/cart       StatefulSet   ✔ Promoted    12m   1.4.2 → 1.4.3
└──gates
   ├──pods         Kubernetes    ✔ Pass        4m    0 restarts
   └──errors       Threshold     ? Undecided   5m    3/912 against 31/11204 (Deployment shop/web)
)");
}

TEST(RenderWave, NeedsNothingBeyondAscii) {
  const std::string text = render_wave(example_wave(), kAscii, kNow);
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) << text;
  EXPECT_THAT(text, HasSubstr("`--gates"));
}

TEST(RenderWave, SaysWhatHoldsItAndWhatMovesIt) {
  auto wave = waiting_wave(api::hold::kWindowClosed, kNow + 5h + 30min);
  wave.status.hold->message = "outside the allowed windows";
  const std::string text = render_wave(wave, kUtf8, kNow);
  EXPECT_THAT(text, HasSubstr("Held by:     WindowClosed: outside the allowed windows (for 3h)\n"));
  EXPECT_THAT(text, HasSubstr("Moved by:    the next maintenance window, Sun 22 Nov 02:00 UTC (in 5h30m)\n"));
}

TEST(RenderWave, ShowsWhatDiffersAndCountsTheCrowd) {
  auto wave = example_wave();
  auto promoted = wave.status.targets[1];
  for (int i = 0; i < 300; ++i) {
    promoted.target.name = "p" + std::to_string(i);
    wave.status.targets.push_back(promoted);
    wave.spec.targets.push_back(promoted.target);
  }
  for (int i = 0; i < 40; ++i) wave.spec.targets.push_back({api::TargetKind::Deployment, "shop", "u", {"u"}});
  const std::string text = render_wave(wave, kUtf8, kNow);
  EXPECT_THAT(text, HasSubstr("shop/web"));
  EXPECT_THAT(text, HasSubstr("301 more"));
  EXPECT_THAT(text, HasSubstr("40 more"));
  EXPECT_THAT(text, Not(HasSubstr("shop/p7 ")));
}

TEST(RenderWaves, PrintsTheColumnsOfTheKind) {
  const auto waiting = waiting_wave(api::hold::kApprovalRequired);
  EXPECT_EQ(render_waves({example_wave(), waiting}, {true, false, true}, kUtf8, kNow),
            "NAMESPACE   NAME               PATCH       STATUS      PROGRESS   HOLD               UNTIL    "
            "VERDICT     AGE\n"
            "shop        web-1.4.3-canary   web-1.4.3   ◌ Running   1/2        <none>             <none>   "
            "Undecided   17m\n"
            "shop        web-1.4.3-rest     web-1.4.3   ◷ Waiting   0/2        ApprovalRequired   <none>   "
            "Undecided   17m\n");
}

TEST(RenderPlan, ShowsEverythingThatAnApprovalMeans) {
  EXPECT_EQ(render_plan(waiting_wave(api::hold::kApprovalRequired), kUtf8, kNow),
            R"(Wave:        shop/web-1.4.3-rest
Patch:       web-1.4.3
Image:       registry.example.com/storefront/web:1.4.3@sha256:1111111111112222222222222222222222222222222222222222222222222222
Targets:     2
  Deployment shop/web   → 1.4.3
  StatefulSet shop/cart   → 1.4.3
Steps:       1, 100%, each watched for 1m or longer
Bake:        15m
Gates:       pods, errors
On harm:     Rollback to what each target runs now
Window:      always open
Plan:        sha256:7f3a90c1d2e3f4a5b6c7d8e9f00112233445566778899aabbccddeeff0011223
)");
}

TEST(DescribeWindow, SaysWhenAClosedWindowOpens) {
  api::Windows windows;
  windows.allow = {{"0 2 * * SUN", 4h, "Etc/UTC"}};
  EXPECT_THAT(describe_window(windows, kNow), HasSubstr("opens Sun 22 Nov 02:00 UTC (in 5h30m)"));
  EXPECT_EQ(describe_window(windows, kNow + 7h), "open until Sun 22 Nov 06:00 UTC (in 150m)");
}

}  // namespace
}  // namespace patchwave::cli
