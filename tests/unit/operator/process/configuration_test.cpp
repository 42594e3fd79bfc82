#include "operator/process/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace patchwave::process {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string message_of(std::string_view yaml) {
  const auto read = parse_configuration(yaml, "config.yaml");
  return read ? "no error" : read.error().message;
}

TEST(Configuration, OfAnEmptyFileIsTheDefault) {
  EXPECT_EQ(*parse_configuration("", "config.yaml"), Configuration{});
  EXPECT_EQ(*parse_configuration("# nothing\n", "config.yaml"), Configuration{});
  EXPECT_EQ(*parse_configuration("leaderElection:\n", "config.yaml"), Configuration{});
  EXPECT_TRUE(validate(Configuration{}));
}

TEST(Configuration, ReadsEveryKeyOfTheFile) {
  const auto read = parse_configuration(R"(
kubeconfig: /k
context: c
namespace: ops
workers: {policies: 2, patches: 3, waves: 5}
kubernetes: {qps: 7.5, burst: 9}
logLevel: debug
metricsAddress: "127.0.0.1:9090"
healthAddress: "off"
leaderElection: {enabled: false, leaseName: lease, leaseDuration: 30s, renewDeadline: 20s, retryPeriod: 4s}
prometheus:
  url: https://prom.example.com
  bearerTokenFile: /token
  caFile: /ca
  timeout: 5s
  queryInterval: 1m
  scrapeDelay: 40s
registries:
  - {host: "r:5000", plainHTTP: true, caFile: /rca, credentialsFile: /creds, tokenServer: "t:5001"}
gitOpsManagers: [mine]
podGate: {pullDeadline: 90s, maxRestarts: 0}
judge: {falseRollbacksPerYear: 0.5, wavesPerYear: 40}
risk: {deadlines: SSVC}
feeds:
  - {kind: kev, name: known, url: "https://f/kev.json", caFile: /fca, sha256From: "https://f/sum", interval: 6h,
     timeout: 30s, staleAfter: 48h, maxSize: 8Mi}
)",
                                        "config.yaml");
  ASSERT_TRUE(read) << read.error().message;
  Configuration wanted;
  wanted.kubeconfig = "/k";
  wanted.context = "c";
  wanted.ns = "ops";
  wanted.workers = {2, 3, 5};
  wanted.kubernetes = {7.5, 9};
  wanted.log_level = LogLevel::Debug;
  wanted.metrics_address = ListenAddress{"127.0.0.1", 9090};
  wanted.health_address.reset();
  wanted.leader_election = {false, "lease", 30s, 20s, 4s};
  wanted.prometheus = {"https://prom.example.com", "/token", "/ca", "", "", 5s, 1min, 40s};
  wanted.registries = {{"r:5000", true, "/rca", "/creds", "t:5001"}};
  wanted.git_ops_managers = {"mine"};
  wanted.pod_gate = {90s, 0};
  wanted.judge = {0.5, 40};
  wanted.risk = {risk::DeadlinePolicy::Ssvc};
  wanted.feeds = {{"known",
                   intel::FeedKind::Kev,
                   {"https://f/kev.json", "", "/fca"},
                   "",
                   "https://f/sum",
                   6h,
                   30s,
                   48h,
                   std::size_t{8} * 1024 * 1024}};
  EXPECT_EQ(*read, wanted);
}

TEST(Configuration, NamesTheNearestKeyForAnUnknownOne) {
  EXPECT_EQ(message_of("leaderElection: {leasename: x}"),
            "config.yaml: unknown key leaderElection.leasename; did you mean leaderElection.leaseName?");
  EXPECT_THAT(message_of("loglevel: info"), HasSubstr("did you mean logLevel?"));
  EXPECT_THAT(message_of("registry: []"), HasSubstr("did you mean registries?"));
  EXPECT_THAT(message_of("registries: [{hosts: a}]"),
              HasSubstr("unknown key registries[0].hosts; did you mean host?"));
}

TEST(Configuration, PointsToTheReferenceWhenNoKeyIsNear) {
  EXPECT_THAT(message_of("somethingElseEntirely: 1"), HasSubstr("docs/reference/configuration.md"));
}

TEST(Configuration, NamesKeyValueAndWhatIsAllowedForABadValue) {
  EXPECT_EQ(message_of("workers: {waves: 0}"),
            "config.yaml: workers.waves: '0' is not allowed; it must be a number from 1 to 64");
  EXPECT_EQ(message_of("leaderElection: {enabled: yes}"),
            "config.yaml: leaderElection.enabled: 'yes' is not allowed; it must be true or false");
  EXPECT_THAT(message_of("podGate: {pullDeadline: 90}"), HasSubstr("a duration from 1s to 1h"));
  EXPECT_THAT(message_of("metricsAddress: 8080"), HasSubstr("host:port"));
  EXPECT_THAT(message_of("metricsAddress: \"::1:8080\""), HasSubstr("not allowed"));
  EXPECT_THAT(message_of("prometheus: {url: \"http://user:secret@host\"}"), HasSubstr("without credentials"));
  EXPECT_THAT(message_of("kubernetes: {qps: nan}"), HasSubstr("not allowed"));
}

TEST(Configuration, NamesTheKeyThatHasAnotherShape) {
  EXPECT_THAT(message_of("workers: 3"), HasSubstr("workers: must be a mapping"));
  EXPECT_THAT(message_of("logLevel: [info]"), HasSubstr("logLevel: must be debug, info, warning or error"));
  EXPECT_THAT(message_of("registries: {}"), HasSubstr("registries: must be a list"));
  EXPECT_THAT(message_of("registries: [{plainHTTP: true}]"), HasSubstr("registries[0].host: is required"));
  EXPECT_THAT(message_of("gitOpsManagers: [[a]]"), HasSubstr("gitOpsManagers: must be a list"));
  EXPECT_THAT(message_of("just words"), HasSubstr("must be a mapping"));
}

TEST(Configuration, SaysWhereTheFileIsNotYaml) {
  EXPECT_THAT(message_of("a: [1, 2"), HasSubstr("config.yaml: not YAML: yaml-cpp: error at line 1"));
}

TEST(Configuration, ReadsAnIpv6Address) {
  const auto read = parse_configuration("healthAddress: \"[::1]:8081\"", "config.yaml");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->health_address, (ListenAddress{"::1", 8081}));
}

TEST(Configuration, RefusesAnElectionThatCouldHaveTwoLeaders) {
  Configuration configuration;
  configuration.leader_election.renew_deadline = configuration.leader_election.lease_duration;
  EXPECT_THAT(validate(configuration).error().message, HasSubstr("leaderElection.leaseDuration"));
  configuration = {};
  configuration.leader_election.retry_period = 9s;
  EXPECT_THAT(validate(configuration).error().message, HasSubstr("leaderElection.renewDeadline"));
}

TEST(Configuration, RefusesCredentialsThatDoNotBelongTogether) {
  Configuration configuration;
  configuration.prometheus.username = "u";
  EXPECT_FALSE(validate(configuration));
  configuration.prometheus.password_file = "/p";
  EXPECT_TRUE(validate(configuration));
  configuration.prometheus.bearer_token_file = "/t";
  EXPECT_FALSE(validate(configuration));
}

TEST(Configuration, NamesTheFeedAndTheKeyWithABadValue) {
  EXPECT_THAT(message_of("feeds: {}"), HasSubstr("feeds: must be a list of feeds"));
  EXPECT_THAT(message_of("feeds: [{url: \"https://f\"}]"), HasSubstr("feeds[0].kind: is required"));
  EXPECT_THAT(
      message_of("feeds: [{kind: weather}]"),
      HasSubstr("feeds[0].kind: 'weather' is not allowed; it must be epss, kev, signals or vulnrichment"));
  EXPECT_THAT(message_of("feeds: [{kind: kev, url: \"https://user:secret@f\"}]"),
              HasSubstr("without credentials"));
  EXPECT_THAT(message_of("feeds: [{kind: kev, maxSize: 1Gi}]"), HasSubstr("a size from 1Mi to 512Mi"));
  EXPECT_THAT(message_of("feeds: [{kind: kev, sha256: abc}]"), HasSubstr("64 lower-case hexadecimal digits"));
  EXPECT_THAT(message_of("risk: {deadlines: soon}"), HasSubstr("BOD-26-04, SSVC or Tiers"));
}

std::string refusal_of(std::string_view yaml) {
  const auto read = parse_configuration(yaml, "config.yaml");
  if (!read) return "not read: " + read.error().message;
  const auto valid = validate(*read);
  return valid ? "no error" : valid.error().message;
}

TEST(Configuration, RefusesFeedsThatContradictThemselvesOrOneAnother) {
  EXPECT_EQ(
      refusal_of(
          "feeds: [{kind: kev, file: /k}, {kind: signals, file: /a}, {kind: signals, name: b, file: /b}]"),
      "no error");
  EXPECT_EQ(refusal_of("feeds: [{kind: kev}]"), "feeds[0]: must have either a url or a file");
  EXPECT_THAT(refusal_of("feeds: [{kind: kev, file: /k, url: \"https://f\"}]"),
              HasSubstr("either a url or a file"));
  EXPECT_THAT(refusal_of("feeds: [{kind: kev, file: /k, caFile: /c}]"), HasSubstr("feeds[0].caFile"));
  EXPECT_THAT(refusal_of("feeds: [{kind: signals, file: /a}, {kind: signals, file: /b}]"),
              HasSubstr("feeds[1].name: 'signals' is there twice"));
  EXPECT_THAT(refusal_of("feeds: [{kind: kev, file: /a}, {kind: kev, name: more, file: /b}]"),
              HasSubstr("feeds[1].kind: kev is there twice"));
}

TEST(Configuration, SaysWhichFileCannotBeRead) {
  const auto read = read_configuration("no/such/file.yaml");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("no/such/file.yaml"));
}

TEST(CommandLine, OverridesTheFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "patchwave-command-line-test.yaml";
  std::ofstream(path) << "logLevel: debug\nworkers: {waves: 9}\n";
  const auto invocation =
      parse_command_line({"--config", path.string(), "--workers-waves=6", "--leader-election-enabled=false"});
  std::filesystem::remove(path);
  ASSERT_TRUE(invocation) << invocation.error().message;
  EXPECT_EQ(invocation->configuration.log_level, LogLevel::Debug);
  EXPECT_EQ(invocation->configuration.workers.waves, 6);
  EXPECT_FALSE(invocation->configuration.leader_election.enabled);
}

TEST(CommandLine, NamesTheFlagWithABadValue) {
  const auto invocation = parse_command_line({"--log-level=loud"});
  ASSERT_FALSE(invocation);
  EXPECT_EQ(invocation.error().message,
            "--log-level: 'loud' is not allowed; it must be debug, info, warning or error");
}

TEST(CommandLine, RefusesAFlagThatDoesNotExist) {
  EXPECT_FALSE(parse_command_line({"--workers-wave=1"}));
  EXPECT_FALSE(parse_command_line({"positional"}));
}

TEST(CommandLine, PrintsHelpAndVersion) {
  const auto help = parse_command_line({"--help"});
  ASSERT_TRUE(help);
  EXPECT_EQ(help->action, Invocation::Action::PrintAndExit);
  EXPECT_THAT(help->text, HasSubstr("--prometheus-basic-auth-username"));
  EXPECT_THAT(parse_command_line({"--version"})->text, HasSubstr(PATCHWAVE_VERSION));
}

/// The rows of docs/reference/configuration.md: key, default, allowed.
std::vector<std::array<std::string, 3>> documented_keys() {
  std::ifstream page(PATCHWAVE_SOURCE_DIR "/docs/reference/configuration.md");
  std::vector<std::array<std::string, 3>> rows;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    std::istringstream cells(line.substr(1));
    std::array<std::string, 3> row;
    for (std::string& cell : row) {
      std::getline(cells, cell, '|');
      std::erase(cell, '`');
      cell = cell.substr(1, cell.size() < 2 ? 0 : cell.size() - 2);
    }
    rows.push_back(row);
  }
  return rows;
}

TEST(ConfigurationReference, ListsEveryKeyWithItsDefaultAndWhatIsAllowed) {
  std::vector<std::array<std::string, 3>> wanted;
  for (const auto& key : describe_keys()) wanted.push_back({key.name, key.default_value, key.allowed});
  EXPECT_EQ(documented_keys(), wanted);
}

}  // namespace
}  // namespace patchwave::process
