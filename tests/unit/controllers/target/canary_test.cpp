#include "controllers/target/canary.hpp"

#include <gtest/gtest.h>

#include "tests/unit/controllers/target/builders.hpp"

namespace patchwave::target::testing {
namespace {

Json service(const Json& selector) {
  return {{"spec", {{"selector", selector}}}};
}

Json canary_of(const Given& target, int replicas = 1) {
  return build_canary({.target = target.record.target,
                       .primary = *target.live.workload,
                       .services = target.live.services,
                       .image = kNewImage,
                       .replicas = replicas,
                       .claim = kClaim});
}

Json labels_of_pods(const Given& target) {
  return canary_of(target).at("spec").at("template").at("metadata").at("labels");
}

Given web() {
  return given(api::TargetKind::Deployment, 3);
}

TEST(CanaryCopy, RunsTheTemplateOfThePrimaryWithTheTargetedImagesReplaced) {
  auto target = web();
  auto& spec = (*target.live.workload)["spec"]["template"]["spec"];
  spec["containers"].push_back({{"name", "proxy"}, {"image", "envoy:1"}});
  spec["nodeSelector"] = {{"disk", "fast"}};
  const Json made = canary_of(target).at("spec").at("template").at("spec");
  EXPECT_EQ(made.at("containers")[0].at("image"), kNewImage);
  EXPECT_EQ(made.at("containers")[1].at("image"), "envoy:1");
  EXPECT_EQ(made.at("nodeSelector"), Json({{"disk", "fast"}}));
}

TEST(CanaryCopy, GoesWhenThePrimaryGoesWithoutHoldingItUp) {
  const Json canary = canary_of(web());
  const Json& owner = array_at(canary, {"metadata", "ownerReferences"}).at(0);
  EXPECT_EQ(owner.at("uid"), kUid);
  EXPECT_EQ(owner.at("blockOwnerDeletion"), false);
  EXPECT_FALSE(owner.contains("controller"));
}

TEST(CanaryCopy, SelectsByLabelsOfItsOwnThatItsPodsCarry) {
  const Json canary = canary_of(web());
  const Json& labels = object_at(canary, {"spec", "template", "metadata", "labels"});
  const Json& selector = object_at(canary, {"spec", "selector", "matchLabels"});
  EXPECT_EQ(selector, Json({{"patchwave.dev/track", "canary"}, {"patchwave.dev/canary-of", "web"}}));
  for (const auto& [key, value] : selector.items()) EXPECT_EQ(labels.at(key), value);
}

TEST(CanaryCopy, TakesNoneOfThePrimarysOwnAnnotationsAndKeepsThoseOfItsTemplate) {
  auto target = web();
  auto& workload = *target.live.workload;
  workload["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = "{}";
  workload["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "4";
  workload["spec"]["template"]["metadata"]["annotations"]["sidecar.istio.io/inject"] = "true";
  const Json canary = canary_of(target);
  const Json& annotations = object_at(canary, {"metadata", "annotations"});
  EXPECT_EQ(annotations.size(), 2U);
  EXPECT_EQ(annotations.at("patchwave.dev/claimed-by"), kClaim);
  EXPECT_TRUE(annotations.contains(std::string(kAppliedHashAnnotation)));
  EXPECT_EQ(string_at(canary, {"spec", "template", "metadata", "annotations", "sidecar.istio.io/inject"}),
            "true");
}

TEST(CanaryCopy, EscapesThePrimarysSelectorByAKeyThatNoServiceUses) {
  auto target = web();
  target.live.services = {service({{"app", "web"}})};
  const Json labels = labels_of_pods(target);
  EXPECT_EQ(labels.at("app"), "web");
  EXPECT_EQ(labels.at("tier"), "front-patchwave-canary");
}

TEST(CanaryCopy, KeepsEveryKeyThatAServiceNeeds) {
  auto target = web();
  target.live.services = {service({{"app", "web"}}), service({{"tier", "front"}})};
  const Json labels = labels_of_pods(target);
  EXPECT_EQ(labels.at("app"), "web");
  EXPECT_EQ(labels.at("tier"), "front");
}

TEST(CanaryCopy, IgnoresServicesOfOtherPods) {
  auto target = web();
  target.live.services = {service({{"app", "web"}}), service({{"tier", "back"}}), service(Json::object())};
  EXPECT_EQ(labels_of_pods(target).at("tier"), "front-patchwave-canary");
}

TEST(CanaryCopy, IsNotAppliedAgainForWhatAdmissionAdded) {
  const Json wanted = canary_of(web());
  Json live = wanted;
  live["spec"]["template"]["spec"]["tolerations"] = Json::array({Json{{"key", "added"}}});
  EXPECT_FALSE(needs_apply(live, wanted));
  EXPECT_TRUE(needs_apply(live, canary_of(web(), 2)));
}

TEST(CanaryName, FitsIntoALabelAndTellsLongNamesApart) {
  EXPECT_EQ(canary_name("web"), "web-patchwave-canary");
  const std::string a = canary_name(std::string(80, 'w') + "a");
  const std::string b = canary_name(std::string(80, 'w') + "b");
  EXPECT_EQ(a.size(), 63U);
  EXPECT_TRUE(a.ends_with("-patchwave-canary"));
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace patchwave::target::testing
