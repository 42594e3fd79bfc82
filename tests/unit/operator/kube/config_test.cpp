#include "operator/kube/config.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "operator/kube/credentials.hpp"
#include "operator/kube/encoding.hpp"
#include "operator/kube/kubeconfig.hpp"
#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Config : public ::testing::Test {
 protected:
  Config() {
    std::string pattern = ::testing::TempDir() + "/kubeconfig-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    source_.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    };
    source_.run = [this](const Command& command) -> Result<std::string> {
      ++runs_;
      last_command_ = command;
      return plugin_output_;
    };
  }
  ~Config() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::trunc) << text;
    return folder_ / name;
  }
  /// A kubeconfig with one context "dev" whose user and cluster have these fields.
  std::string kubeconfig(const std::string& user,
                         const std::string& cluster = "server: https://api.example.com:6443") {
    return write(
        "config",
        "current-context: dev\ncontexts: [{name: dev, context: {cluster: c, user: u, namespace: ops}}]\n"
        "clusters: [{name: c, cluster: {" +
            cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n");
  }
  Result<Connection> load(const std::string& file) {
    source_.kubeconfig = file;
    return load_connection(source_, clock_);
  }
  std::string problem(const std::string& file) {
    const auto loaded = load(file);
    return loaded ? "no problem" : loaded.error().message;
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> environment_;
  ConfigSource source_;
  ManualClock clock_{kStart};
  std::string plugin_output_;
  Command last_command_;
  int runs_ = 0;
};

TEST_F(Config, ReadsServerNamespaceAndTokenOfTheCurrentContext) {
  const auto loaded = load(kubeconfig("token: abc"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->endpoint.base_url, "https://api.example.com:6443");
  EXPECT_EQ(loaded->namespace_, "ops");
  EXPECT_EQ(loaded->origin, "context \"dev\"");
  EXPECT_EQ(*loaded->credentials->authorization(), "Bearer abc");
}

TEST_F(Config, TakesAnotherClusterAndUserThanTheContextsWhenTheyAreNamed) {
  const auto file = write("config", R"(
current-context: dev
contexts: [{name: dev, context: {cluster: c, user: u, namespace: ops}}]
clusters: [{name: c, cluster: {server: "https://c:6443"}}, {name: other, cluster: {server: "https://o:6443"}}]
users: [{name: u, user: {token: abc}}, {name: admin, user: {token: xyz}}])");
  source_.cluster = "other";
  source_.user = "admin";
  const auto loaded = load(file);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->endpoint.base_url, "https://o:6443");
  EXPECT_EQ(*loaded->credentials->authorization(), "Bearer xyz");
  EXPECT_EQ(loaded->namespace_, "ops");
}

TEST_F(Config, NamesTheFlagWhoseClusterOrUserTheKubeconfigDoesNotHave) {
  const auto file = kubeconfig("token: abc");
  source_.user = "nobody";
  EXPECT_THAT(problem(file), HasSubstr("--user is \"nobody\", which is not among users (u)"));
  source_.user.clear();
  source_.cluster = "nowhere";
  EXPECT_THAT(problem(file), HasSubstr("--cluster is \"nowhere\", which is not among clusters (c)"));
}

TEST_F(Config, DecodesInlineMaterialAndFindsFilesBesideTheKubeconfig) {
  write("key.pem", "KEY");
  const auto loaded = load(kubeconfig(
      "client-certificate-data: " + base64_encode("CERT") + ", client-key: key.pem",
      "server: 'https://h:1/', tls-server-name: api, certificate-authority-data: " + base64_encode("CA")));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->endpoint.base_url, "https://h:1");
  EXPECT_EQ(loaded->endpoint.ca_pem, "CA");
  EXPECT_EQ(loaded->endpoint.client_certificate_pem, "CERT");
  EXPECT_EQ(loaded->endpoint.client_key_pem, "KEY");
  EXPECT_EQ(loaded->endpoint.server_name, "api");
  EXPECT_EQ(*loaded->credentials->authorization(), "");
}

TEST_F(Config, ReadsRotatedCertificatesForTheNextConnection) {
  write("ca.pem", "OLD");
  const auto loaded = load(kubeconfig("token: t", "server: https://h, certificate-authority: ca.pem"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  write("ca.pem", "NEW");
  EXPECT_EQ(loaded->current_endpoint()->ca_pem, "NEW");
}

TEST_F(Config, SendsUserNameAndPasswordAsBasic) {
  EXPECT_EQ(*load(kubeconfig("username: jane, password: secret"))->credentials->authorization(),
            "Basic " + base64_encode("jane:secret"));
}

TEST_F(Config, MergesAListOfFilesWithTheFirstWinning) {
  environment_["KUBECONFIG"] =
      (folder_ / "missing").string() + ":" +
      write("a", "current-context: one\ncontexts: [{name: one, context: {cluster: c}}]") + ":" +
      write("b",
            "current-context: two\nclusters: [{name: c, cluster: {server: https://b}}]\n"
            "contexts: [{name: one, context: {cluster: other}}, {name: two, context: {cluster: c, namespace: "
            "n2}}]");
  auto loaded = load("");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->origin, "context \"one\"");
  source_.context = "two";
  EXPECT_EQ(load("")->namespace_, "n2");
}

TEST_F(Config, NamesFileFieldAndValueOfWhatIsWrong) {
  EXPECT_THAT(problem((folder_ / "nowhere").string()), HasSubstr("nowhere"));
  EXPECT_THAT(problem(write("x", "a: [")), AllOf(HasSubstr("/x"), HasSubstr("not readable YAML")));
  EXPECT_THAT(problem(write("x", "clusters: 7")), HasSubstr("clusters is not a list"));
  EXPECT_THAT(problem(write("x", "")), HasSubstr("current-context is not set"));
  EXPECT_THAT(problem(write("x", "current-context: prod\ncontexts: [{name: dev}]")),
              HasSubstr("\"prod\", which is not among contexts (dev)"));
  EXPECT_THAT(problem(kubeconfig("token: t", "server: api.example.com")),
              HasSubstr("clusters[\"c\"].cluster.server: \"api.example.com\" is not an https://"));
  EXPECT_THAT(problem(kubeconfig("token: t", "server: https://h, certificate-authority: gone.pem")),
              AllOf(HasSubstr("certificate-authority"), HasSubstr("gone.pem")));
  EXPECT_THAT(problem(kubeconfig("client-key-data: a2V5")), HasSubstr("belong together"));
}

TEST_F(Config, SaysThatAFileOfTheEnvironmentIsNotThere) {
  environment_["KUBECONFIG"] = folder_ / "missing";
  const auto loaded = load_connection(source_, clock_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().message, "kubeconfig " + (folder_ / "missing").string() + " does not exist");
}

TEST_F(Config, KeepsThePathOfAServerThatStandsForManyClusters) {
  const auto loaded = load(kubeconfig("token: t", "server: https://h/k8s/clusters/c-1/"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->endpoint.base_url, "https://h/k8s/clusters/c-1");
}

TEST_F(Config, RefusesWhatItCannotHonourRatherThanIgnoringIt) {
  EXPECT_THAT(problem(kubeconfig("token: t", "server: https://h, proxy-url: http://proxy")),
              HasSubstr("proxy-url"));
  EXPECT_THAT(problem(kubeconfig("auth-provider: {name: gcp}")), HasSubstr("auth-provider"));
  EXPECT_THAT(problem(kubeconfig("token: t, as: admin")), HasSubstr("impersonate"));
  EXPECT_THAT(problem(kubeconfig("token: t", "server: 'https://h/?cluster=c1'")),
              HasSubstr("more than a host"));
}

TEST_F(Config, NeverShowsASecretInAnError) {
  EXPECT_THAT(problem(kubeconfig("client-key-data: 's3cret!', client-certificate-data: ''")),
              Not(HasSubstr("s3cret")));
  EXPECT_THAT(problem(kubeconfig("token: t", "server: 'https://jane:s3cret@h'")),
              AllOf(HasSubstr("holds a user name"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(problem(kubeconfig("token: *s3cret")),
              AllOf(HasSubstr("not readable YAML"), HasSubstr("anchor"), Not(HasSubstr("s3cret"))));
  plugin_output_ = "s3cret is no JSON";
  EXPECT_THAT(problem(kubeconfig("exec: {apiVersion: client.authentication.k8s.io/v1, command: p}")),
              AllOf(HasSubstr("not JSON"), Not(HasSubstr("s3cret"))));
}

TEST_F(Config, UsesTheServiceAccountInAPod) {
  environment_ = {{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  source_.service_account_folder = folder_;
  write("ca.crt", "CA");
  write("token", "sa-token\n");
  write("namespace", "patchwave-system");
  const auto loaded = load("");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->endpoint.base_url, "https://10.96.0.1:443") << "reached without the cluster's DNS";
  EXPECT_EQ(loaded->endpoint.ca_pem, "CA");
  EXPECT_EQ(loaded->namespace_, "patchwave-system");
  EXPECT_EQ(*loaded->credentials->authorization(), "Bearer sa-token");
  environment_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  EXPECT_EQ(load("")->endpoint.base_url, "https://kubernetes.default.svc:443");
}

TEST_F(Config, SaysWhereItLookedWhenThereIsNoCluster) {
  environment_["HOME"] = folder_;
  EXPECT_THAT(problem(""), AllOf(HasSubstr("KUBECONFIG"), HasSubstr("/.kube/config")));
}

TEST_F(Config, ReadsARotatedTokenAfterAMinute) {
  TokenFileCredentials credentials(write("token", "one\n"), clock_);
  EXPECT_EQ(*credentials.authorization(), "Bearer one");
  write("token", "two\n");
  EXPECT_EQ(*credentials.authorization(), "Bearer one");
  clock_.advance(seconds(60));
  EXPECT_EQ(*credentials.authorization(), "Bearer two");
}

TEST_F(Config, ReadsTheTokenAgainAfterARefusalAndSaysWhetherItChanged) {
  TokenFileCredentials credentials(write("token", "one"), clock_);
  ASSERT_TRUE(credentials.authorization());
  EXPECT_FALSE(credentials.renew());
  write("token", "two");
  EXPECT_TRUE(credentials.renew());
  EXPECT_EQ(*credentials.authorization(), "Bearer two");
}

TEST_F(Config, KeepsTheTokenWhenItsFileIsUnreadableForAMoment) {
  TokenFileCredentials credentials(write("token", "one"), clock_);
  ASSERT_TRUE(credentials.authorization());
  std::filesystem::remove(folder_ / "token");
  clock_.advance(seconds(61));
  EXPECT_EQ(*credentials.authorization(), "Bearer one");
}

std::string credential(const std::string& status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status +
         "}";
}

constexpr const char* kPlugin =
    "exec: {apiVersion: client.authentication.k8s.io/v1, command: get-token, args: [--cluster, c], "
    "env: [{name: PROFILE, value: ops}], provideClusterInfo: true}";

TEST_F(Config, RunsAPluginWithItsArgumentsEnvironmentAndTheCluster) {
  plugin_output_ = credential(R"({"token":"from-plugin"})");
  const auto loaded = load(kubeconfig(kPlugin));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(*loaded->credentials->authorization(), "Bearer from-plugin");
  EXPECT_EQ(runs_, 1);
  EXPECT_THAT(last_command_.argv, ::testing::ElementsAre("get-token", "--cluster", "c"));
  const std::map<std::string, std::string> env(last_command_.env.begin(), last_command_.env.end());
  EXPECT_EQ(env.at("PROFILE"), "ops");
  EXPECT_EQ(string_at(Json::parse(env.at("KUBERNETES_EXEC_INFO")), {"spec", "cluster", "server"}),
            "https://api.example.com:6443");
}

TEST_F(Config, RunsAPluginAgainWhenItsCredentialExpires) {
  plugin_output_ = credential(R"({"token":"one","expirationTimestamp":"2026-11-21T02:10:00Z"})");
  const auto loaded = load(kubeconfig(kPlugin));
  ASSERT_TRUE(loaded) << loaded.error().message;
  plugin_output_ = credential(R"({"token":"two"})");
  EXPECT_EQ(*loaded->credentials->authorization(), "Bearer one");
  clock_.advance(std::chrono::minutes(10));
  EXPECT_EQ(*loaded->credentials->authorization(), "Bearer two");
}

TEST_F(Config, RunsAPluginAgainAfterARefusalButNotInAHotLoop) {
  plugin_output_ = credential(R"({"token":"one"})");
  const auto loaded = load(kubeconfig(kPlugin));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(loaded->credentials->renew());
  clock_.advance(seconds(6));
  EXPECT_TRUE(loaded->credentials->renew());
  ASSERT_TRUE(loaded->credentials->authorization());
  EXPECT_EQ(runs_, 2);
}

TEST_F(Config, ConnectsWithThePluginsClientCertificate) {
  plugin_output_ = credential(R"({"clientCertificateData":"CERT","clientKeyData":"KEY"})");
  const auto loaded = load(kubeconfig(kPlugin));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->endpoint.client_certificate_pem, "CERT");
  EXPECT_EQ(*loaded->credentials->authorization(), "");
}

TEST(RunCommand, ReturnsWhatTheCommandPrinted) {
  Command command;
  command.argv = {"sh", "-c", "printf '%s' \"$GREETING\"; cat"};
  command.env = {{"GREETING", "hello"}};
  const auto output = run_command(command);
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(*output, "hello");
}

TEST(RunCommand, TellsTheExitCodeAndTheBeginningOfItsErrors) {
  const auto output = run_command({{"sh", "-c", "echo no login >&2; exit 3"}, {}});
  EXPECT_EQ(output.error().kind, ErrorKind::Unavailable);
  EXPECT_THAT(output.error().message, AllOf(HasSubstr("exit code 3"), HasSubstr("no login")));
}

TEST(RunCommand, TellsAMissingProgram) {
  EXPECT_EQ(run_command({{"patchwave-no-such-plugin"}, {}}).error().kind, ErrorKind::NotFound);
}

TEST(RunCommand, EndsACommandThatHangsAndWhatItStarted) {
  Command command;
  command.argv = {"sh", "-c", "sleep 600 & sleep 600"};
  command.time_limit = milliseconds(100);
  EXPECT_EQ(run_command(command).error().kind, ErrorKind::Timeout);
}

TEST(RunCommand, EndsACommandThatPrintsTooMuch) {
  Command command;
  command.argv = {"sh", "-c", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"};
  command.max_output = 10'000;
  EXPECT_EQ(run_command(command).error().kind, ErrorKind::TooLarge);
}

TEST(Base64, ReadsWhatItWrites) {
  for (const std::string text : {"", "a", "ab", "abc", "\xff\x00\x10"})
    EXPECT_EQ(base64_decode(base64_encode(text)), text);
  EXPECT_EQ(base64_decode("YW\nJj"), "abc");
  for (const std::string_view wrong : {"a", "=", "YW=J", "YWJj!", "Y==="})
    EXPECT_EQ(base64_decode(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace patchwave::kube
