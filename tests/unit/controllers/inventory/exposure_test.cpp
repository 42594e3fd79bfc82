#include "controllers/inventory/exposure.hpp"

#include <gtest/gtest.h>

#include "controllers/inventory/criticality.hpp"

namespace patchwave::inventory {
namespace {

using risk::HumanImpact;
using risk::SystemExposure;

Json workload() {
  return {
      {"metadata", {{"namespace", "shop"}, {"name", "web"}}},
      {"spec",
       {{"replicas", 2}, {"template", {{"metadata", {{"labels", {{"app", "web"}, {"tier", "front"}}}}}}}}}};
}
Json service(const Json& spec = Json::object()) {
  Json one = {{"metadata", {{"namespace", "shop"}, {"name", "web"}}}, {"spec", spec}};
  if (!one["spec"].contains("selector")) one["spec"]["selector"] = {{"app", "web"}};
  return one;
}
Json ingress(const std::string& service_name = "web") {
  return {{"metadata", {{"namespace", "shop"}, {"name", "front"}}},
          {"spec",
           {{"rules",
             {{{"host", "shop.example.com"},
               {"http", {{"paths", {{{"backend", {{"service", {{"name", service_name}}}}}}}}}}}}}}}};
}
std::vector<kube::Object> list(std::initializer_list<Json> objects) {
  std::vector<kube::Object> all;
  for (const auto& object : objects) all.push_back(std::make_shared<const Json>(object));
  return all;
}

struct Case {
  const char* name;
  Json pod_changes;
  Json service_spec;
  SystemExposure level;
  std::string evidence;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

class ExposureBy : public testing::TestWithParam<Case> {};

TEST_P(ExposureBy, ItsEvidence) {
  auto target = workload();
  target.merge_patch(GetParam().pod_changes);
  const auto services =
      GetParam().service_spec.is_null() ? list({}) : list({service(GetParam().service_spec)});
  EXPECT_EQ(exposure_of(target, services, {}), (Exposure{GetParam().level, GetParam().evidence}));
}

Json pod(const Json& spec) {
  return {{"spec", {{"template", {{"spec", spec}}}}}};
}

INSTANTIATE_TEST_SUITE_P(
    Of, ExposureBy,
    testing::Values(Case{"nothing", Json::object(), nullptr, SystemExposure::Small,
                         "no Service selects its pods"},
                    Case{"clusterIp", Json::object(), Json::object(), SystemExposure::Controlled,
                         "Service shop/web (ClusterIP)"},
                    Case{"anotherSelector",
                         Json::object(),
                         {{"selector", {{"app", "db"}}}},
                         SystemExposure::Small,
                         "no Service selects its pods"},
                    Case{"noSelector",
                         Json::object(),
                         {{"selector", Json::object()}},
                         SystemExposure::Small,
                         "no Service selects its pods"},
                    Case{"loadBalancer",
                         Json::object(),
                         {{"type", "LoadBalancer"}},
                         SystemExposure::Open,
                         "Service shop/web (LoadBalancer)"},
                    Case{"nodePort",
                         Json::object(),
                         {{"type", "NodePort"}},
                         SystemExposure::Open,
                         "Service shop/web (NodePort)"},
                    Case{"externalIps",
                         Json::object(),
                         {{"externalIPs", {"192.0.2.1"}}},
                         SystemExposure::Open,
                         "Service shop/web (externalIPs)"},
                    Case{"hostPort", pod({{"containers", {{{"ports", {{{"hostPort", 80}}}}}}}}), nullptr,
                         SystemExposure::Open, "hostPort 80 on every node it runs on"},
                    Case{"hostNetwork", pod({{"hostNetwork", true}}), nullptr, SystemExposure::Controlled,
                         "hostNetwork: it may listen on the node's addresses"},
                    Case{"annotation",
                         {{"metadata", {{"annotations", {{"patchwave.dev/exposure", "small"}}}}}},
                         {{"type", "LoadBalancer"}},
                         SystemExposure::Small,
                         "annotation patchwave.dev/exposure"},
                    Case{"unreadableLabel",
                         {{"metadata", {{"labels", {{"patchwave.dev/exposure", "wide"}}}}}},
                         {{"type", "LoadBalancer"}},
                         SystemExposure::Open,
                         "Service shop/web (LoadBalancer)"}),
    [](const auto& each) { return each.param.name; });

TEST(Exposure, BehindAnIngressIsOpenWithTheWholePath) {
  EXPECT_EQ(exposure_of(workload(), list({service()}), list({ingress("other"), ingress()})),
            (Exposure{SystemExposure::Open, "Ingress shop/front for shop.example.com → Service shop/web"}));
  const Json all = {{"metadata", {{"namespace", "shop"}, {"name", "all"}}},
                    {"spec", {{"defaultBackend", {{"service", {{"name", "web"}}}}}}}};
  EXPECT_EQ(exposure_of(workload(), list({service()}), list({all})).evidence,
            "Ingress shop/all for every host → Service shop/web");
}

TEST(Exposure, OfALoadBalancerThatIsMarkedInternalIsControlled) {
  auto internal = service({{"type", "LoadBalancer"}});
  internal["metadata"]["annotations"] = {{"networking.gke.io/load-balancer-type", "Internal"}};
  EXPECT_EQ(exposure_of(workload(), list({internal}), {}).level, SystemExposure::Controlled);
}

TEST(Exposure, IsThatOfTheServiceThatExposesMost) {
  const auto some = service();
  auto open = service({{"type", "LoadBalancer"}});
  open["metadata"]["name"] = "public";
  for (const auto& services : {list({some, open}), list({open, some})})
    EXPECT_EQ(exposure_of(workload(), services, {}).evidence, "Service shop/public (LoadBalancer)");
}

class CriticalityBy : public testing::Test {
 protected:
  Criticality criticality() {
    target["metadata"]["namespace"] = ns_name;
    return criticality_of(target, ns, exposure);
  }
  Json target = workload();
  Json ns = Json::object();
  std::string ns_name = "shop";
  Exposure exposure{SystemExposure::Controlled, "Service shop/web (ClusterIP)"};
};

TEST_F(CriticalityBy, TheWorkloadsOwnLabelCountsMost) {
  target["metadata"]["labels"] = {{"patchwave.dev/criticality", "very-high"}};
  ns["metadata"]["labels"] = {{"patchwave.dev/criticality", "low"}};
  EXPECT_EQ(criticality(),
            (Criticality{HumanImpact::VeryHigh, "label patchwave.dev/criticality of the workload"}));
}

TEST_F(CriticalityBy, TheNamespacesAnnotationCountsForAllInIt) {
  ns["metadata"]["annotations"] = {{"patchwave.dev/criticality", "Very High"}};
  EXPECT_EQ(criticality(),
            (Criticality{HumanImpact::VeryHigh, "annotation patchwave.dev/criticality of the namespace"}));
}

TEST_F(CriticalityBy, AWordThatIsNoneIsNamedAndTheRestInferred) {
  target["metadata"]["labels"] = {{"patchwave.dev/criticality", "huge"}};
  EXPECT_EQ(criticality(),
            (Criticality{HumanImpact::Medium,
                         "inferred: nothing says otherwise; 'huge' of patchwave.dev/criticality is none "
                         "of low, medium, high, very-high"}));
}

TEST_F(CriticalityBy, InferenceNamesItsReason) {
  target["spec"]["template"]["spec"]["priorityClassName"] = "system-node-critical";
  EXPECT_EQ(criticality(),
            (Criticality{HumanImpact::VeryHigh, "inferred: priority class system-node-critical"}));
  target = workload();
  ns_name = "kube-system";
  EXPECT_EQ(criticality().level, HumanImpact::High);
  ns_name = "shop-staging";
  EXPECT_EQ(criticality(), (Criticality{HumanImpact::Low, "inferred: namespace shop-staging"}));
  ns_name = "contest";
  EXPECT_EQ(criticality(), (Criticality{HumanImpact::Medium, "inferred: nothing says otherwise"}));
}

TEST_F(CriticalityBy, ManyCopiesThatAreOpenMatterMore) {
  exposure.level = SystemExposure::Open;
  EXPECT_EQ(criticality().level, HumanImpact::Medium);
  target["spec"]["replicas"] = 3;
  EXPECT_EQ(criticality(), (Criticality{HumanImpact::High, "inferred: openly exposed in 3 copies"}));
}

}  // namespace
}  // namespace patchwave::inventory
