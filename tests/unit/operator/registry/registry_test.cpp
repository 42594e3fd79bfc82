#include "operator/registry/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/time.hpp"
#include "operator/registry/manifest.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::registry {
namespace {

using patchwave::testing::FakeTransport;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kImageType = "application/vnd.oci.image.manifest.v1+json";
const std::string kIndexType = "application/vnd.oci.image.index.v1+json";
const std::string kManifest = R"({"schemaVersion":2,"config":{},"layers":[]})";
const std::string kDigest = digest_of(kManifest);
const std::string kAmd = "sha256:" + std::string(64, 'a');
const std::string kArm = "sha256:" + std::string(64, 'b');
const std::string kIndex = R"({"manifests":[
  {"digest":")" + kAmd + R"(","platform":{"os":"linux","architecture":"amd64"}},
  {"digest":")" + kArm + R"(","platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
  {"digest":")" + kAmd + R"(","platform":{"os":"unknown","architecture":"unknown"}}]})";
const std::string kBearer =
    R"(Bearer realm="https://r.example.com/token",service="r",scope="repository:shop/web:pull")";
const Credential kJane{"jane", "hunter2"};

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    options_.transport = [this](const std::string& host) -> std::shared_ptr<http::Transport> {
      return hosts_.contains(host) ? hosts_.at(host) : nullptr;
    };
    hosts_["r.example.com"] = server_;
  }
  FakeTransport& host(const std::string& name) {
    return *hosts_.emplace(name, std::make_shared<FakeTransport>()).first->second;
  }
  void have_credential() {
    options_.credentials = [](const std::string&, const std::string&) { return std::optional(kJane); };
  }
  Registry& registry() {
    if (!registry_) registry_ = std::make_unique<Registry>(options_, clock_);
    return *registry_;
  }
  Result<ResolvedImage> resolve(Reference reference = {"r.example.com", "shop/web", "1.4.3", ""}) {
    return registry().resolve(reference, {});
  }
  void challenge(const std::string& value) {
    server_->on("HEAD", kTag).reply(401, "", {{"WWW-Authenticate", value}});
  }
  void answer_head(const std::string& type = kImageType, const std::string& digest = kDigest) {
    http::Headers headers{{"Content-Type", type}};
    if (!digest.empty()) headers["Docker-Content-Digest"] = digest;
    server_->on("HEAD", kTag).reply(200, "", headers);
  }
  Error error_of_head(int status, http::Headers headers = {}) {
    server_->on("HEAD", kTag).reply(status, "", std::move(headers));
    const auto image = resolve();
    EXPECT_FALSE(image);
    return image ? Error{} : image.error();
  }

  static constexpr const char* kTag = "/v2/shop/web/manifests/1.4.3";
  const std::string token_target_ = "/token?service=r&scope=repository%3Ashop%2Fweb%3Apull";
  std::shared_ptr<FakeTransport> server_ = std::make_shared<FakeTransport>();
  std::map<std::string, std::shared_ptr<FakeTransport>> hosts_;
  ManualClock clock_{Time(seconds(1'700'000'000))};
  RegistryOptions options_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(RegistryTest, TakesTheDigestOfAHeadForASingleImage) {
  answer_head();
  const auto image = resolve();
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->digest, kDigest);
  EXPECT_TRUE(image->platform_digests.empty());
  EXPECT_THAT(server_->last_request().headers.at("Accept"),
              AllOf(HasSubstr(kIndexType), HasSubstr(kImageType)));
}

TEST_F(RegistryTest, ListsTheDigestsOfAnIndexByPlatformAndKeepsThem) {
  const std::string digest = digest_of(kIndex);
  answer_head(kIndexType, digest);
  answer_head(kIndexType, digest);
  server_->on("GET", "/v2/shop/web/manifests/" + digest).reply(200, kIndex);
  for (int i = 0; i < 2; ++i) {
    const auto image = resolve();
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->digest, digest);
    EXPECT_THAT(image->platform_digests,
                ElementsAre(std::pair("linux/amd64", kAmd), std::pair("linux/arm64/v8", kArm)));
  }
}

TEST_F(RegistryTest, ReadsWhenAnImageWasMadeFromItsConfigurationOnce) {
  const std::string config = R"({"created":"2026-11-20T10:00:00.5Z"})";
  const std::string manifest = R"({"config":{"digest":")" + digest_of(config) + R"("}})";
  server_->on("GET", "/v2/shop/web/manifests/" + digest_of(manifest)).reply(200, manifest);
  server_->on("GET", "/v2/shop/web/blobs/" + digest_of(config)).reply(200, config);
  for (int i = 0; i < 2; ++i) {
    const auto made = registry().time_made({"r.example.com", "shop/web", "", ""}, digest_of(manifest), {});
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(*made, parse_time("2026-11-20T10:00:00.5Z").value());
  }
}

TEST_F(RegistryTest, ReadsWhenAnIndexWasMadeFromItsFirstImage) {
  const std::string image = R"({"annotations":{"org.opencontainers.image.created":"2026-11-20T10:00:00Z"}})";
  const std::string index = R"({"manifests":[
    {"digest":")" + kAmd + R"(","platform":{"os":"unknown","architecture":"unknown"}},
    {"digest":")" + digest_of(image) +
                            R"(","platform":{"os":"linux","architecture":"amd64"}}]})";
  server_->on("GET", "/v2/shop/web/manifests/" + digest_of(index)).reply(200, index);
  server_->on("GET", "/v2/shop/web/manifests/" + digest_of(image)).reply(200, image);
  const auto made = registry().time_made({"r.example.com", "shop/web", "", ""}, digest_of(index), {});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, parse_time("2026-11-20T10:00:00Z").value());
}

TEST_F(RegistryTest, SaysThatAReproducibleBuildDoesNotSayWhenItWasMade) {
  for (const auto* created :
       {R"({"created":"1970-01-01T00:00:00Z"})", R"({"created":"1980-01-01T00:00:00Z"})",
        R"({"created":"lately"})", "{}", "no JSON"}) {
    EXPECT_EQ(parse_config_time(created), std::nullopt) << created;
  }
}

TEST_F(RegistryTest, RefusesAConfigurationOfOtherBytes) {
  const std::string manifest = R"({"config":{"digest":")" + kAmd + R"("}})";
  server_->on("GET", "/v2/shop/web/manifests/" + digest_of(manifest)).reply(200, manifest);
  server_->on("GET", "/v2/shop/web/blobs/" + kAmd).reply(200, R"({"created":"2026-11-20T10:00:00Z"})");
  const auto made = registry().time_made({"r.example.com", "shop/web", "", ""}, digest_of(manifest), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::Protocol);
}

TEST_F(RegistryTest, DoesNotAskAHostThatLimitsOurRateBeforeItWantsToBe) {
  (void)error_of_head(429, {{"Retry-After", "30"}});
  const auto refused = resolve();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::TooManyRequests);
  EXPECT_EQ(refused.error().retry_after, seconds(30));
  clock_.advance(seconds(30));
  answer_head();
  EXPECT_TRUE(resolve());
}

TEST_F(RegistryTest, LeavesTheLastQuarterOfARateLimitToPulls) {
  server_->on("HEAD", kTag)
      .reply(200, "",
             {{"Content-Type", kImageType},
              {"Docker-Content-Digest", kDigest},
              {"ratelimit-limit", "100;w=21600"},
              {"ratelimit-remaining", "25;w=21600"}});
  ASSERT_TRUE(resolve());
  const auto tags = registry().list_tags({"r.example.com", "shop/web", "", ""}, {});
  ASSERT_FALSE(tags);
  EXPECT_EQ(tags.error().kind, ErrorKind::TooManyRequests);
  answer_head();
  EXPECT_TRUE(resolve());
}

TEST_F(RegistryTest, HashesTheBytesWhenTheRegistryNamesNoDigest) {
  answer_head(kImageType, "");
  server_->on("GET", kTag).reply(200, kManifest);
  const auto image = resolve();
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->digest, kDigest);
}

TEST_F(RegistryTest, GetsTheManifestWhereHeadIsNotAllowed) {
  server_->on("HEAD", kTag).reply(405);
  server_->on("GET", kTag).reply(200, kManifest);
  EXPECT_TRUE(resolve());
}

TEST_F(RegistryTest, RefusesBytesThatAreNotWhatTheirDigestNames) {
  server_->on("HEAD", kTag).reply(405);
  server_->on("GET", kTag).reply(200, kManifest, {{"Docker-Content-Digest", kAmd}});
  EXPECT_EQ(resolve().error().kind, ErrorKind::Protocol);

  answer_head(kIndexType, kArm);
  server_->on("GET", "/v2/shop/web/manifests/" + kArm).reply(200, kIndex);
  EXPECT_EQ(resolve().error().kind, ErrorKind::Protocol);
}

TEST_F(RegistryTest, SignsInForATokenAndUsesItUntilItExpires) {
  have_credential();
  challenge(kBearer);
  answer_head();
  answer_head();
  server_->on("GET", token_target_).reply(200, R"({"token":"t1","expires_in":300})");
  ASSERT_TRUE(resolve());
  EXPECT_EQ(server_->requests()[1].headers.at("Authorization"), "Basic amFuZTpodW50ZXIy");
  EXPECT_EQ(server_->requests()[2].headers.at("Authorization"), "Bearer t1");
  clock_.advance(seconds(200));
  ASSERT_TRUE(resolve());
  EXPECT_EQ(server_->requests().size(), 4U);
  EXPECT_EQ(server_->last_request().headers.at("Authorization"), "Bearer t1");

  clock_.advance(seconds(95));
  answer_head();
  ASSERT_TRUE(resolve());
  EXPECT_FALSE(server_->last_request().headers.contains("Authorization"));
}

TEST_F(RegistryTest, TakesAnAnonymousTokenWithoutACredential) {
  challenge(kBearer);
  answer_head();
  server_->on("GET", token_target_).reply(200, R"({"access_token":"t2"})");
  ASSERT_TRUE(resolve());
  EXPECT_FALSE(server_->requests()[1].headers.contains("Authorization"));
  EXPECT_EQ(server_->last_request().headers.at("Authorization"), "Bearer t2");
}

TEST_F(RegistryTest, AnswersABasicChallenge) {
  have_credential();
  challenge("Basic realm=\"r\"");
  answer_head();
  ASSERT_TRUE(resolve());
  EXPECT_EQ(server_->last_request().headers.at("Authorization"), "Basic amFuZTpodW50ZXIy");
}

TEST_F(RegistryTest, SaysThatACredentialIsMissing) {
  challenge("Basic realm=\"r\"");
  const auto image = resolve();
  EXPECT_EQ(image.error().kind, ErrorKind::Unauthorized);
  EXPECT_THAT(image.error().message, HasSubstr("add a pull secret"));
}

TEST_F(RegistryTest, SaysThatACredentialIsNotAccepted) {
  have_credential();
  challenge(kBearer);
  server_->on("GET", token_target_).reply(401);
  const auto image = resolve();
  EXPECT_EQ(image.error().kind, ErrorKind::Unauthorized);
  EXPECT_THAT(image.error().message, AllOf(HasSubstr("renew the pull secret"), Not(HasSubstr("hunter2"))));
}

TEST_F(RegistryTest, GivesUpAfterTheSecondRefusal) {
  have_credential();
  challenge("Basic realm=\"r\"");
  challenge("Basic realm=\"r\"");
  EXPECT_EQ(resolve().error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(server_->requests().size(), 2U);
}

TEST_F(RegistryTest, ShowsNoCredentialToATokenServerThatIsNotTheRegistrys) {
  have_credential();
  challenge(R"(Bearer realm="https://evil.example.net/token",service="r")");
  FakeTransport& evil = host("evil.example.net");
  const auto image = resolve();
  EXPECT_EQ(image.error().kind, ErrorKind::Forbidden);
  EXPECT_THAT(image.error().message, HasSubstr("evil.example.net"));
  EXPECT_TRUE(evil.requests().empty());
}

TEST_F(RegistryTest, SignsInAtATokenServerThatTheConfigurationNames) {
  have_credential();
  options_.token_servers["r.example.com"] = {"auth.example.com"};
  challenge(R"(Bearer realm="https://auth.example.com/token",service="r")");
  host("auth.example.com").on("GET", token_target_).reply(200, R"({"token":"t"})");
  answer_head();
  EXPECT_TRUE(resolve());
}

TEST_F(RegistryTest, RefusesATokenServerWithoutHttps) {
  have_credential();
  challenge(R"(Bearer realm="http://r.example.com/token",service="r")");
  const auto image = resolve();
  EXPECT_EQ(image.error().kind, ErrorKind::Protocol);
  EXPECT_THAT(image.error().message, HasSubstr("without https"));
}

TEST_F(RegistryTest, AllowsAPlainTokenServerAtAPlainRegistry) {
  options_.plain_http_hosts = {"r.example.com:5000"};
  hosts_["r.example.com:5000"] = server_;
  challenge(R"(Bearer realm="http://r.example.com:5000/token",service="r")");
  server_->on("GET", token_target_).reply(200, R"({"token":"t"})");
  answer_head();
  EXPECT_TRUE(resolve({"r.example.com:5000", "shop/web", "1.4.3", ""}));
}

TEST_F(RegistryTest, FollowsARedirectWithoutItsToken) {
  have_credential();
  challenge("Basic realm=\"r\"");
  server_->on("HEAD", kTag).reply(307, "", {{"Location", "https://mirror.example.net/v2/x"}});
  FakeTransport& mirror = host("mirror.example.net");
  mirror.on("HEAD", "/v2/x")
      .reply(200, "", {{"Content-Type", kImageType}, {"Docker-Content-Digest", kDigest}});
  ASSERT_TRUE(resolve());
  EXPECT_FALSE(mirror.last_request().headers.contains("Authorization"));
}

TEST_F(RegistryTest, FollowsNoRedirectToPlainHttpAndNoneWithoutEnd) {
  EXPECT_EQ(error_of_head(302, {{"Location", "http://mirror.example.net/"}}).kind, ErrorKind::Protocol);
  server_->always("HEAD", kTag).reply(302, "", {{"Location", kTag}});
  EXPECT_EQ(resolve().error().kind, ErrorKind::Protocol);
}

TEST_F(RegistryTest, AsksDockerHubAtItsOwnHosts) {
  std::string asked_for;
  options_.credentials = [&](const std::string& name, const std::string&) {
    asked_for = name;
    return std::optional(kJane);
  };
  FakeTransport& hub = host("registry-1.docker.io");
  hub.on("HEAD", "/v2/library/nginx/manifests/1")
      .reply(401, "",
             {{"WWW-Authenticate",
               R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io")"}});
  host("auth.docker.io").on("GET", "/token?*").reply(200, R"({"token":"t"})");
  hub.on("HEAD", "/v2/library/nginx/manifests/1").reply(200, "", {{"Docker-Content-Digest", kDigest}});
  ASSERT_TRUE(resolve({"docker.io", "library/nginx", "1", ""}));
  EXPECT_EQ(asked_for, "docker.io");
}

TEST_F(RegistryTest, SaysWhatToDoAboutEachRefusal) {
  const Error unknown = error_of_head(404);
  EXPECT_EQ(unknown.kind, ErrorKind::NotFound);
  EXPECT_THAT(unknown.message, AllOf(HasSubstr("r.example.com/shop/web has no 1.4.3"), HasSubstr("push it")));

  const Error limited = error_of_head(429, {{"Retry-After", "30"}});
  EXPECT_EQ(limited.kind, ErrorKind::TooManyRequests);
  EXPECT_EQ(limited.retry_after, milliseconds(30'000));
  EXPECT_THAT(limited.message, HasSubstr("sign in"));
  clock_.advance(seconds(30));

  EXPECT_EQ(error_of_head(403).kind, ErrorKind::Forbidden);
  EXPECT_EQ(error_of_head(500).kind, ErrorKind::Unavailable);
}

TEST_F(RegistryTest, SaysWhatToDoAboutABadCertificate) {
  server_->on("HEAD", kTag)
      .fail(ErrorKind::Transport, "TLS failed: the server's certificate was refused: self-signed");
  const auto image = resolve();
  EXPECT_EQ(image.error().kind, ErrorKind::Transport);
  EXPECT_THAT(image.error().message, AllOf(HasSubstr("self-signed"), HasSubstr("CA of its own")));
}

TEST_F(RegistryTest, ReachesNoHostThatTheConfigurationLeavesOut) {
  EXPECT_EQ(resolve({"other.example.com", "a", "1", ""}).error().kind, ErrorKind::Forbidden);
}

TEST_F(RegistryTest, ListsTagsOverAllPages) {
  server_->on("GET", "/v2/shop/web/tags/list?n=1000")
      .reply(200, R"({"tags":["1.4.2","bad tag"]})",
             {{"Link", R"(</v2/shop/web/tags/list?n=1000&last=1.4.2>; rel="next")"}});
  server_->on("GET", "/v2/shop/web/tags/list?n=1000&last=1.4.2").reply(200, R"({"tags":["1.4.3"]})");
  const auto tags = registry().list_tags({"r.example.com", "shop/web", "", ""}, {});
  ASSERT_TRUE(tags) << tags.error().message;
  EXPECT_THAT(*tags, ElementsAre("1.4.2", "1.4.3"));
}

TEST_F(RegistryTest, StopsAtAListOfTagsThatNeverEnds) {
  server_->always("GET", "/v2/shop/web/tags/list*")
      .reply(200, R"({"tags":["1"]})", {{"Link", R"(</v2/shop/web/tags/list?n=1000&last=1>; rel="next")"}});
  EXPECT_EQ(registry().list_tags({"r.example.com", "shop/web", "", ""}, {}).error().kind,
            ErrorKind::TooLarge);
  EXPECT_LE(server_->requests().size(), 50U);
}

}  // namespace
}  // namespace patchwave::registry
