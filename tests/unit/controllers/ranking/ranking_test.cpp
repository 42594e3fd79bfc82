#include "controllers/ranking/ranking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/api/codec.hpp"
#include "tests/unit/controllers/ranking/given.hpp"

namespace patchwave::ranking {
namespace {

using given::Feeds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Json object(const std::string& ns, const std::string& name) {
  Json metadata = {{"name", name}, {"resourceVersion", "1"}, {"uid", "uid-" + name}};
  if (!ns.empty()) metadata["namespace"] = ns;
  return {{"metadata", metadata}};
}

class TheRanking : public testing::Test {
 protected:
  void SetUp() override {
    feeds_.epss().kev();
    auto web = object("shop", "web");
    web["spec"] = {
        {"replicas", 1},
        {"template",
         {{"metadata", {{"labels", {{"app", "web"}}}}},
          {"spec", {{"containers", {{{"name", "web"}, {"image", "registry.example.com/web:1.4.2"}}}}}}}}};
    put(stores_.deployments, web);
  }
  void put(kube::ObjectStore& store, Json json) {
    json["metadata"]["resourceVersion"] = std::to_string(++version_);
    ASSERT_TRUE(store.apply(json));
  }
  void given_patch(const std::string& name, const std::vector<std::string>& fixes,
                   const std::string& ns = "shop") {
    auto patch = given::patch(fixes, name);
    patch.metadata.ns = ns;
    write(patch);
  }
  void write(const api::Patch& patch) {
    auto json = object(patch.metadata.ns, patch.metadata.name);
    json["metadata"]["creationTimestamp"] = format_time(*patch.metadata.creation_time);
    json["spec"] = api::print_spec(patch.spec);
    json["status"] = api::print_status(patch.status);
    put(stores_.patches, json);
  }
  api::RiskReport report(const std::string& name, const std::string& ns = "shop") {
    auto patch = given::patch({}, name);
    patch.metadata.ns = ns;
    return ranking_.report_of(patch).value_or(api::RiskReport{});
  }
  /// What the patch reconciler does with what is outdated.
  void write_all(const std::vector<Outdated>& outdated) {
    for (const auto& each : outdated) {
      const auto slash = each.key.find('/');
      auto patch =
          *api::parse_patch(*stores_.patches.get(each.key.substr(0, slash), each.key.substr(slash + 1)));
      const auto report = ranking_.report_of(patch);
      patch.status.risk = report->risk;
      patch.status.deadline = report->deadline;
      api::set_condition(patch.status.conditions, report->condition, given::kNow);
      write(patch);
    }
  }

  int version_ = 1;
  Feeds feeds_;
  inventory::Stores stores_;
  ManualClock clock_{given::kNow};
  Ranking ranking_{{[this] { return feeds_.snapshot(); }, nullptr, {}}, stores_, clock_, "patchwave-system"};
};

TEST_F(TheRanking, SaysNothingUntilEveryFeedWasTried) {
  feeds_ = Feeds().epss();
  given_patch("web", {"CVE-2026-0001"});
  EXPECT_THAT(ranking_.refresh(), IsEmpty());
  EXPECT_FALSE(ranking_.report_of(given::patch({}, "web")));
}

TEST_F(TheRanking, TakesTheNodesOfAPoolForReachableAndImportant) {
  auto patch = given::patch({"CVE-2026-0001"}, "os");
  patch.metadata.ns = "patchwave-system";
  patch.spec.image.clear();
  patch.spec.tag.clear();
  patch.spec.digest.clear();
  patch.spec.node_pool = "workers";
  patch.spec.version = "2026-11";
  write(patch);
  ranking_.refresh();
  const auto risk = report("os", "patchwave-system").risk;
  ASSERT_TRUE(risk);
  EXPECT_THAT(std::ranges::find(risk->factors, "exposure", &api::RiskFactor::name)->source,
              HasSubstr("pool workers: assumed of nodes"));
}

TEST_F(TheRanking, NamesEachPatchOnceUntilItsStatusSaysTheSame) {
  given_patch("one", {"CVE-2026-0001"});
  given_patch("two", {"CVE-2026-0002"});
  const auto outdated = ranking_.refresh();
  EXPECT_THAT(outdated, SizeIs(2));
  write_all(outdated);
  EXPECT_THAT(ranking_.refresh(), IsEmpty());
}

TEST_F(TheRanking, TellsWhichPatchesOnlyMovedInTheOrder) {
  given_patch("one", {"CVE-2026-0001"});
  given_patch("two", {"CVE-2026-0002"});
  write_all(ranking_.refresh());
  const auto second = report("one").risk->rank == 2 ? "one" : "two";
  const auto cve = report(second).risk->finding;
  feeds_.kev({cve});
  for (const auto& each : ranking_.refresh()) {
    // The catalogue's edition is the same, and so is what both say of it.
    EXPECT_EQ(each.rank_only, each.key != std::string("shop/") + second);
  }
  EXPECT_EQ(report(second).risk->rank, 1);
}

TEST_F(TheRanking, SeesAServiceOnceItIsToldOfIt) {
  given_patch("web", {"CVE-2026-0001"});
  ranking_.refresh();
  EXPECT_EQ(report("web").risk->deadline_class, "fix on system upgrade");
  auto service = object("shop", "web");
  service["spec"] = {{"type", "LoadBalancer"}, {"selector", {{"app", "web"}}}};
  put(stores_.services, service);
  ranking_.inventory_changed();
  ranking_.refresh();
  EXPECT_EQ(report("web").risk->deadline_class, "60 days");
}

TEST_F(TheRanking, IsAboutTheWorkloadsThatAPatchCanReach) {
  given_patch("web", {"CVE-2026-0001"}, "elsewhere");
  given_patch("web", {"CVE-2026-0001"}, "patchwave-system");
  ranking_.refresh();
  const auto reason = [&](const std::string& ns) {
    const auto risk = report("web", ns).risk;
    return std::ranges::find(risk->factors, "exposure", &api::RiskFactor::name)->source;
  };
  EXPECT_THAT(reason("elsewhere"), HasSubstr("no workload of namespace elsewhere runs the image"));
  EXPECT_THAT(reason("patchwave-system"), HasSubstr("Deployment shop/web: no Service selects its pods"));
}

TEST_F(TheRanking, KnowsAPatchByItsUid) {
  given_patch("web", {"CVE-2026-0001"});
  ranking_.refresh();
  auto made_again = given::patch({}, "web");
  made_again.metadata.uid = "another";
  EXPECT_FALSE(ranking_.report_of(made_again));
}

TEST_F(TheRanking, WithoutAnyFeedSaysThatNothingIsKnown) {
  Ranking none({}, stores_, clock_, "patchwave-system");
  EXPECT_THAT(none.refresh(), IsEmpty());
  const auto report = none.report_of(given::patch());
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->risk);
  EXPECT_EQ(report->condition.reason, "NoFeeds");
}

}  // namespace
}  // namespace patchwave::ranking
