#include "operator/cli/output.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "operator/cli/problems.hpp"

namespace patchwave::cli {
namespace {

TEST(PrintYaml, QuotesWhatWouldBeReadAsSomethingElse) {
  const Json json = {{"a", "true"}, {"b", "1.4"},  {"c", "plain"},       {"d", ""},      {"e", true},
                     {"f", 3},      {"g", "x: y"}, {"h", Json::array()}, {"i", nullptr}, {"no", "off"}};
  EXPECT_EQ(print_yaml(json),
            "a: \"true\"\nb: \"1.4\"\nc: plain\nd: \"\"\ne: true\nf: 3\ng: \"x: y\"\nh: []\ni: ~\n\"no\": "
            "\"off\"\n");
}

TEST(PrintYaml, NestsListsAndMappings) {
  const Json json = {{"items", {{{"name", "a"}, {"tags", {"x", "y"}}}, {{"name", "b"}}}}};
  const auto read = YAML::Load(print_yaml(json));
  EXPECT_EQ(read["items"][0]["tags"][1].Scalar(), "y");
  EXPECT_EQ(read["items"][1]["name"].Scalar(), "b");
}

TEST(PrintName, IsKindAndGroupBeforeTheName) {
  EXPECT_EQ(print_name(kube::resources::kPatchWaves, "web"), "patchwave.patchwave.dev/web");
  EXPECT_EQ(print_name(kube::resources::kPods, "web"), "pod/web");
}

TEST(ExplainProblem, SaysHowToSeeWhichClusterWasAskedWhenNoServerAnswers) {
  const Error nobody{ErrorKind::Unavailable, "get waves: the connection was refused", 0, {}, ""};
  const Error busy{ErrorKind::Unavailable, "get waves: the server is overloaded", 503, {}, ""};
  const Attempt attempt{"list", kube::resources::kPatchWaves, "shop", ""};
  EXPECT_TRUE(explain_problem(nobody, attempt).message.ends_with("kubectl config view --minify"));
  EXPECT_EQ(explain_problem(busy, attempt).message, busy.message);
}

TEST(NearestNames, PutsTheNameWithTheMostInCommonFirst) {
  EXPECT_EQ(nearest_names("web-1.4.4-rest", {"api-2.0.1-canary", "web-1.4.3-canary", "web-1.4.3-rest"}),
            (std::vector<std::string>{"web-1.4.3-rest", "web-1.4.3-canary"}));
  EXPECT_TRUE(nearest_names("web", {"api", "cart"}).empty());
}

}  // namespace
}  // namespace patchwave::cli
