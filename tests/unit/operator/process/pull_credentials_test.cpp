#include "operator/process/pull_credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/http/url.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::process {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kHost = "registry.example.com";

class PullCredentialsTest : public ::testing::Test {
 protected:
  static std::string auths(const std::string& key, const std::string& user) {
    return Json{{key, {{"username", user}, {"password", "s3cret"}}}}.dump();
  }
  static std::string config(const std::string& key, const std::string& user) {
    return R"({"auths":)" + auths(key, user) + "}";
  }

  void given_secret(const std::string& name, const std::string& content, bool old_form = false) {
    const std::string key = old_form ? ".dockercfg" : ".dockerconfigjson";
    api_->on("GET", "/api/v1/namespaces/shop/secrets/" + name)
        .reply(200, Json{{"type", "kubernetes.io/" + key.substr(1)},
                         {"data", {{key, http::base64_encode(content)}}}}
                        .dump());
  }
  void given_refusal(const std::string& path, int code, const std::string& reason) {
    api_->on("GET", "/api/v1/namespaces/shop/" + path)
        .reply(code, Json{{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", "no"}}.dump());
  }

  PullCredentials read(std::vector<std::string> secrets, const std::string& repository = "shop/web") {
    return read_all({{"Deployment shop/web", "shop", std::move(secrets), "default"}}, repository);
  }
  PullCredentials read_all(const std::vector<patch::Puller>& pullers,
                           const std::string& repository = "shop/web") {
    kube::ClientOptions options;
    options.transport = api_;
    options.max_retries = 0;
    return read_pull_credentials(kube::Client(std::move(options)), pullers, kHost, repository);
  }

  std::shared_ptr<patchwave::testing::FakeTransport> api_ =
      std::make_shared<patchwave::testing::FakeTransport>();
};

TEST_F(PullCredentialsTest, AreThoseOfThePodTemplatesSecret) {
  given_secret("pull", config(kHost, "jane"));
  const auto found = read({"pull"});
  EXPECT_THAT(found.credentials, ElementsAre(registry::Credential{"jane", "s3cret"}));
  EXPECT_THAT(found.problems, IsEmpty());
}

TEST_F(PullCredentialsTest, ComeFromTheOlderFormToo) {
  given_secret("pull", auths(kHost, "jane"), true);
  EXPECT_THAT(read({"pull"}).credentials, ElementsAre(registry::Credential{"jane", "s3cret"}));
}

TEST_F(PullCredentialsTest, AreChosenByTheLongestPathOverAllSecretsOfAPod) {
  given_secret("all", config(kHost, "all"));
  given_secret("team", config(kHost + "/shop", "team"));
  EXPECT_THAT(read({"all", "team"}).credentials, ElementsAre(registry::Credential{"team", "s3cret"}));
}

TEST_F(PullCredentialsTest, AreThoseOfTheServiceAccountWhereTheTemplateNamesNone) {
  api_->on("GET", "/api/v1/namespaces/shop/serviceaccounts/default")
      .reply(200, R"({"imagePullSecrets":[{"name":"pull"}]})");
  given_secret("pull", config(kHost, "jane"));
  EXPECT_THAT(read({}).credentials, ElementsAre(registry::Credential{"jane", "s3cret"}));
}

TEST_F(PullCredentialsTest, OfAnotherHostAreNotUsed) {
  given_secret("pull", config("other.example.com", "jane"));
  const auto found = read({"pull"});
  EXPECT_THAT(found.credentials, IsEmpty());
  EXPECT_THAT(found.problems, IsEmpty());
}

TEST_F(PullCredentialsTest, ThatAreNotGrantedSayWhichSecretAndWhatToGrant) {
  given_refusal("secrets/pull", 403, "Forbidden");
  EXPECT_THAT(read({"pull"}).problems,
              ElementsAre(AllOf(HasSubstr("Secret shop/pull, which Deployment shop/web pulls with"),
                                HasSubstr("rbac.pullSecrets"))));
}

TEST_F(PullCredentialsTest, ThatAreAbsentAreNamedAndDoNotHideTheNext) {
  given_refusal("secrets/gone", 404, "NotFound");
  given_secret("pull", config(kHost, "jane"));
  const auto found = read({"gone", "pull"});
  EXPECT_THAT(found.credentials, ElementsAre(registry::Credential{"jane", "s3cret"}));
  EXPECT_THAT(found.problems,
              ElementsAre(HasSubstr("Secret shop/gone, which Deployment shop/web pulls with, does not")));
}

TEST_F(PullCredentialsTest, OfAnotherTypeOrWithoutTheirKeyAreOfNoUse) {
  api_->on("GET", "/api/v1/namespaces/shop/secrets/opaque")
      .reply(200, R"({"type":"Opaque","data":{"a":"YQ=="}})");
  api_->on("GET", "/api/v1/namespaces/shop/secrets/empty")
      .reply(200, R"({"type":"kubernetes.io/dockerconfigjson"})");
  EXPECT_THAT(read({"opaque", "empty"}).problems,
              ElementsAre(HasSubstr("its type is 'Opaque'"), HasSubstr("it has no .dockerconfigjson")));
}

TEST_F(PullCredentialsTest, AreNeverPartOfAProblem) {
  given_secret("broken", R"({"auths":{"registry.example.com":{"auth":"s3cret!"}}})");
  given_secret("text", "s3cret");
  for (const auto& problem : read({"broken", "text"}).problems)
    EXPECT_THAT(problem, Not(HasSubstr("s3cret")));
}

TEST_F(PullCredentialsTest, OfEveryPullerAreGivenOnceEach) {
  given_secret("one", config(kHost, "one"));
  given_secret("two", config(kHost, "two"));
  given_secret("one", config(kHost, "one"));
  const auto found = read_all({{"Deployment shop/a", "shop", {"one"}, "default"},
                               {"Deployment shop/b", "shop", {"two"}, "default"},
                               {"Deployment shop/c", "shop", {"one"}, "other"}});
  EXPECT_THAT(found.credentials,
              ElementsAre(registry::Credential{"one", "s3cret"}, registry::Credential{"two", "s3cret"}));
}

TEST_F(PullCredentialsTest, AreReadFromNoMoreThanSixteenObjects) {
  api_->always("GET", "/api/v1/namespaces/shop/secrets/pull")
      .reply(200, Json{{"type", "kubernetes.io/dockerconfigjson"},
                       {"data", {{".dockerconfigjson", http::base64_encode(config("x", "y"))}}}}
                      .dump());
  const auto found = read(std::vector<std::string>(17, "pull"));
  EXPECT_EQ(api_->requests().size(), 16U);
  EXPECT_THAT(found.problems, ElementsAre(HasSubstr("was not looked at")));
}

}  // namespace
}  // namespace patchwave::process
