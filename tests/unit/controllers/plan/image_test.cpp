#include <gtest/gtest.h>

#include "controllers/plan/plan.hpp"

namespace patchwave::plan {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

ImageReference image(const std::string& text) {
  const auto parsed = parse_image(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : ImageReference{};
}

TEST(ParseImage, TakesRepositoryTagAndDigestApart) {
  EXPECT_EQ(image("registry.example.com:5000/team/web:1.2@" + kDigest),
            (ImageReference{"registry.example.com:5000/team/web", "1.2", kDigest}));
  EXPECT_EQ(image("localhost/web@" + kDigest), (ImageReference{"localhost/web", "", kDigest}));
}

TEST(ParseImage, WritesOutDockerHub) {
  EXPECT_EQ(image("nginx").repository, "docker.io/library/nginx");
  EXPECT_EQ(image("docker.io/nginx:1").repository, "docker.io/library/nginx");
  EXPECT_EQ(image("index.docker.io/bitnami/redis").repository, "docker.io/bitnami/redis");
  EXPECT_EQ(image("bitnami/redis:7").repository, "docker.io/bitnami/redis");
}

TEST(ParseImage, TellsAPortFromATag) {
  EXPECT_EQ(image("registry:5000/web"), (ImageReference{"registry:5000/web", "", ""}));
  EXPECT_EQ(image("web:5000"), (ImageReference{"docker.io/library/web", "5000", ""}));
}

TEST(ParseImage, RefusesWhatIsNoReference) {
  for (const std::string text : {"", "Web", "web:", "web@sha256:abc", "web::1", "web:1:2", "a//b", "/web",
                                 "web/", "http://web", "web 1", "web\n", "{{.Image}}"}) {
    EXPECT_FALSE(parse_image(text)) << text;
  }
  EXPECT_FALSE(parse_image("r.example.com/" + std::string(300, 'a')));
}

TEST(PrintImage, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(print_image({"r.example.com/web", "1.2", kDigest}), "r.example.com/web:1.2@" + kDigest);
  EXPECT_EQ(print_image({"r.example.com/web", "", kDigest}), "r.example.com/web@" + kDigest);
  EXPECT_EQ(print_image({"r.example.com/web", "1.2", ""}), "r.example.com/web:1.2");
}

TEST(MatchesGlob, StaysWithinASegmentWithOneStar) {
  EXPECT_TRUE(matches_glob("r.example.com/shop/*", "r.example.com/shop/web"));
  EXPECT_FALSE(matches_glob("r.example.com/shop/*", "r.example.com/shop/web/extra"));
  EXPECT_FALSE(matches_glob("r.example.com/*", "r.example.com/shop/web"));
  EXPECT_TRUE(matches_glob("r.example.com/*/web", "r.example.com/shop/web"));
}

TEST(MatchesGlob, CrossesSegmentsWithTwoStars) {
  EXPECT_TRUE(matches_glob("r.example.com/**", "r.example.com/shop/web/extra"));
  EXPECT_TRUE(matches_glob("**/web", "r.example.com/shop/web"));
  EXPECT_TRUE(matches_glob("**", "r.example.com/shop/web"));
  EXPECT_FALSE(matches_glob("**/web", "r.example.com/shop/website"));
}

TEST(MatchesGlob, IsAnchoredAtBothEndsAndTakesOtherCharactersAsTheyAre) {
  EXPECT_FALSE(matches_glob("example.com/web", "r.example.com/web"));
  EXPECT_FALSE(matches_glob("r.example.com/web", "r.example.com/web2"));
  EXPECT_FALSE(matches_glob("r.example.com/web", "rxexample.com/web"));
  EXPECT_FALSE(matches_glob("", "web"));
}

TEST(AllowsImage, KnowsDockerHubByItsShortNames) {
  EXPECT_TRUE(allows_image({"nginx"}, "docker.io/library/nginx"));
  EXPECT_TRUE(allows_image({"bitnami/*"}, "docker.io/bitnami/redis"));
  EXPECT_FALSE(allows_image({"nginx"}, "r.example.com/nginx"));
}

TEST(AllowsImage, AllowsEveryImageWithoutGlobs) {
  EXPECT_TRUE(allows_image({}, "r.example.com/web"));
}

}  // namespace
}  // namespace patchwave::plan
