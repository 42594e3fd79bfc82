#include "operator/registry/docker_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

DockerConfig config(std::string_view json) {
  DockerConfig out;
  const auto added = out.add(json);
  EXPECT_TRUE(added) << added.error().message;
  return out;
}

std::optional<Credential> found(const DockerConfig& config, std::string_view host,
                                std::string_view repository = "a/b") {
  auto credential = config.find(host, repository);
  EXPECT_TRUE(credential) << credential.error().message;
  return credential.value_or(std::nullopt);
}

TEST(DockerConfig, ReadsAuthAndUserWithPassword) {
  const auto both = config(
      R"({"auths":{"a.example.com":{"auth":"amFuZTpwOnc="},"b.example.com":{"username":"joe","password":"q"}}})");
  EXPECT_EQ(found(both, "a.example.com"), (Credential{"jane", "p:w"}));
  EXPECT_EQ(found(both, "b.example.com"), (Credential{"joe", "q"}));
  EXPECT_EQ(found(both, "c.example.com"), std::nullopt);
}

TEST(DockerConfig, ReadsTheOlderFormThatIsTheAuthsAlone) {
  DockerConfig old;
  ASSERT_TRUE(old.add_entries(R"({"r.example.com":{"auth":"amFuZTpwOnc="}})"));
  EXPECT_EQ(found(old, "r.example.com"), (Credential{"jane", "p:w"}));
  EXPECT_FALSE(old.add_entries(R"(["s3cret"])"));
}

TEST(DockerConfig, KnowsDockerHubByItsOldName) {
  EXPECT_EQ(found(config(R"({"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}}})"), "docker.io"),
            (Credential{"a", "b"}));
}

TEST(DockerConfig, PrefersTheLongestPath) {
  const auto paths = config(R"({"auths":{"r.example.com":{"username":"all","password":"x"},
      "r.example.com/team":{"username":"team","password":"x"}}})");
  EXPECT_EQ(found(paths, "r.example.com", "team/web")->user, "team");
  EXPECT_EQ(found(paths, "r.example.com", "teamwork/web")->user, "all");
}

TEST(DockerConfig, MatchesAWildcardWithinOneLabel) {
  const auto wild = config(R"({"auths":{"*.azurecr.example":{"username":"u","password":"x"}}})");
  EXPECT_TRUE(found(wild, "one.azurecr.example"));
  EXPECT_FALSE(found(wild, "one.two.azurecr.example"));
  EXPECT_FALSE(found(wild, "azurecr.example"));
}

TEST(DockerConfig, RefusesAnIdentityTokenOnlyForItsOwnHost) {
  const auto token =
      config(R"({"auths":{"a.example.com":{"identitytoken":"s3cret"},"b.example.com":{"auth":"YTpi"}}})");
  const auto refused = token.find("a.example.com", "x");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("identity token"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("s3cret")));
  EXPECT_TRUE(found(token, "b.example.com"));
}

TEST(DockerConfig, RefusesWhatStandsBehindANulByte) {
  using namespace std::string_view_literals;
  DockerConfig out;
  EXPECT_FALSE(out.add("{\"auths\":{}}\0 more"sv));
}

TEST(DockerConfig, NeverRepeatsItsContentInAnError) {
  for (const auto* text :
       {R"({"auths":{"a":{"auth":"s3cret!"}}})", R"({"auths": s3cret)", R"({"s3cret":1})", R"(["s3cret"])"}) {
    DockerConfig out;
    const auto added = out.add(text);
    ASSERT_FALSE(added) << text;
    EXPECT_EQ(added.error().kind, ErrorKind::Invalid);
    EXPECT_THAT(added.error().message, Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace patchwave::registry
