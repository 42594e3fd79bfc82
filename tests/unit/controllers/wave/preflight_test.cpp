#include "controllers/wave/preflight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/api/hold.hpp"
#include "tests/unit/controllers/wave/given.hpp"

namespace patchwave::wave {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

drain::Finding finding(drain::Weight weight, drain::Reason reason, const std::string& node,
                       const std::string& what) {
  return {weight, reason, node, "", "", "node " + node + ", " + what};
}

Snapshot wave_of_nodes() {
  auto snapshot = given::wave();
  snapshot.wave.spec.nodes = api::NodeWork{"workers", "debian", {}, api::Reboot::Never, {}};
  NodeContext context;
  context.recipe.emplace();
  context.recipe->undo = api::RecipeStep{{"/undo"}, seconds(60)};
  snapshot.nodes = context;
  return snapshot;
}

Snapshot that_found(std::vector<drain::Finding> findings) {
  auto snapshot = wave_of_nodes();
  snapshot.drain_report = drain::Report{1, 1, std::move(findings)};
  return snapshot;
}

TEST(AWaveOfNodesThatWaits, StartsWhenNothingKeepsItsNodesFromBeingDrained) {
  EXPECT_FALSE(hold_before_start(that_found({}), given::kNow));
}

TEST(AWaveOfNodesThatWaits, DoesNotStartBeforeThatIsKnown) {
  const auto hold = hold_before_start(wave_of_nodes(), given::kNow);
  ASSERT_TRUE(hold);
  EXPECT_EQ(hold->reason, api::hold::kPreflightFailed);
}

TEST(AWaveOfNodesThatWaits, NamesNodePodAndBudgetOfTheFirstBlockAndHowManyMoreThereAre) {
  const auto hold =
      hold_before_start(that_found({finding(drain::Weight::Blocks, drain::Reason::BudgetNeedsAll, "n7",
                                            "pod shop/web-1, PDB shop/web needs 3 and has 3"),
                                    finding(drain::Weight::Blocks, drain::Reason::BarePod, "n9",
                                            "pod shop/tool, no controller would make it again")}),
                        given::kNow);
  ASSERT_TRUE(hold);
  EXPECT_EQ(hold->reason, api::hold::kPreflightFailed);
  EXPECT_EQ(hold->message,
            "this wave would deadlock: node n7, pod shop/web-1, PDB shop/web needs 3 and has 3; and 1 more. "
            "See: kubectl patchwave preflight nodes n7 n9");
}

TEST(AWaveOfNodesThatWaits, StartsInSpiteOfWhatIsLikelyToPass) {
  EXPECT_FALSE(hold_before_start(
      that_found({finding(drain::Weight::Waits, drain::Reason::BudgetExhausted, "n7",
                          "PDB shop/web allows none now"),
                  finding(drain::Weight::Warns, drain::Reason::NoRoom, "n7", "no other node has room")}),
      given::kNow));
}

TEST(AWaveOfNodesThatWaits, StartsInSpiteOfANodeThatAnotherDrainHoldsOrThatIsGone) {
  EXPECT_FALSE(hold_before_start(
      that_found({finding(drain::Weight::Blocks, drain::Reason::HeldByAnother, "n7", "is held by kured"),
                  finding(drain::Weight::Blocks, drain::Reason::NodeNotReady, "n8", "does not exist")}),
      given::kNow));
}

TEST(AWaveOfNodesThatWaits, LooksAheadOnlyWhenNothingElseKeepsItFromStarting) {
  auto snapshot = wave_of_nodes();
  EXPECT_TRUE(only_drain_is_unknown(snapshot, given::kNow));
  snapshot.wave.spec.suspend = true;
  EXPECT_FALSE(only_drain_is_unknown(snapshot, given::kNow));
}

TEST(AWaveOfNodesThatWaits, LooksAheadOnce) {
  EXPECT_FALSE(only_drain_is_unknown(that_found({}), given::kNow));
}

TEST(AWaveOfWorkloads, HasNothingToDrain) {
  const auto snapshot = given::wave();
  EXPECT_FALSE(only_drain_is_unknown(snapshot, given::kNow));
  EXPECT_FALSE(hold_before_start(snapshot, given::kNow));
}

}  // namespace
}  // namespace patchwave::wave
