// Findings as scanners and vendors publish them: trivy-operator, CycloneDX, OpenVEX.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "controllers/intel/findings.hpp"
#include "controllers/intel/purl.hpp"
#include "controllers/intel/vex.hpp"

namespace patchwave::intel {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Date kToday = 2024y / 9 / 30;

constexpr const char* kReport = R"({"kind": "VulnerabilityReport", "report": {
  "artifact": {"repository": "library/nginx", "tag": "1.16"}, "registry": {"server": "index.docker.io"},
  "vulnerabilities": [
    {"vulnerabilityID": "CVE-2019-20367", "resource": "libbsd0", "publishedDate": "2020-01-08T17:15:00Z",
     "packagePURL": "pkg:deb/debian/libbsd0@0.9.1-2?arch=amd64",
     "cvss": {"redhat": {"V3Vector": "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:L", "V3Score": 5.3},
              "nvd": {"V2Vector": "AV:N/AC:L/Au:N/C:P/I:N/A:P", "V3Score": 9.0,
                      "V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H"}}},
    {"vulnerabilityID": "GHSA-xxxx-yyyy-zzzz", "resource": "libwebp6"},
    {"resource": "nameless"},
    {"vulnerabilityID": "CVE-2024-9999", "resource": "libwebp6", "publishedDate": "2024-10-01T00:00:00Z"}]}})";

TEST(TrivyReports, NameTheImageThePackageAndTheVector) {
  const auto findings = parse_findings_json(kReport, kToday).value();
  ASSERT_EQ(findings.rows.size(), 2);
  const auto& row = findings.rows[0];
  EXPECT_EQ(row.product, "pkg:oci/nginx?repository_url=index.docker.io/library/nginx");
  EXPECT_EQ(row.component, "pkg:deb/debian/libbsd0@0.9.1-2");
  EXPECT_EQ(row.finding.vulnerability.published, Date(2020y / 1 / 8));
  EXPECT_EQ(row.finding.vulnerability.cvss->score, 9.1) << "of NVD, and by its vector";
  EXPECT_EQ(findings.disagreements, 1);
  EXPECT_EQ(findings.later, 1);
  ASSERT_EQ(findings.set_aside.count, 1);
  EXPECT_EQ(findings.set_aside.rows[0].line, 3);
}

TEST(TrivyReports, MayComeAsAList) {
  const auto findings = parse_findings_json(
      R"({"kind": "List", "items": [)" + std::string(kReport) + "," + kReport + "]}", kToday);
  EXPECT_EQ(findings.value().rows.size(), 4);
}

constexpr const char* kCycloneDx = R"({"bomFormat": "CycloneDX", "vulnerabilities": [
  {"id": "CVE-2021-44228", "published": "2021-12-10T00:00:00Z",
   "ratings": [{"method": "CVSSv2", "vector": "AV:N/AC:M/Au:N/C:C/I:C/A:C"},
               {"method": "CVSSv31", "score": 10.0, "vector": "AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
   "affects": [{"ref": "product-ABC"}, {"ref": "pkg:Maven/org.example/web@1.2?type=jar"}]},
  {"id": "GHSA-aaaa-bbbb-cccc", "references": [{"id": "CVE-2024-1111"}],
   "analysis": {"state": "not_affected", "justification": "code_not_present", "detail": "removed"}}]})";

TEST(CycloneDx, HasAFindingForEachThingThatIsAffected) {
  const auto findings = parse_findings_json(kCycloneDx, kToday).value();
  ASSERT_EQ(findings.rows.size(), 3);
  EXPECT_EQ(findings.rows[0].product, "product-ABC");
  EXPECT_EQ(findings.rows[1].product, "pkg:maven/org.example/web@1.2");
  EXPECT_EQ(findings.rows[1].finding.vulnerability.cvss->score, 10);
  EXPECT_FALSE(findings.rows[1].finding.not_affected);
  EXPECT_EQ(findings.rows[2].finding.vulnerability.cve, risk::parse_cve("CVE-2024-1111"));
  EXPECT_TRUE(findings.rows[2].finding.not_affected);
  EXPECT_EQ(findings.rows[2].finding.justification, "code_not_present: removed");
}

TEST(FindingsAsJson, AreRefusedWhenTheyAreSomethingElse) {
  for (const char* text : {"{}", "[]", R"({"items": [7]})", R"({"bomFormat": "CycloneDX"})"})
    EXPECT_THAT(parse_findings_json(text, kToday).error().message, HasSubstr("neither VulnerabilityReports"))
        << text;
  EXPECT_FALSE(parse_findings_json("{", kToday));
}

TEST(Purl, NamesTheSameThingTheSame) {
  EXPECT_EQ(normal_purl("PKG:Golang/github.com/aws/aws-sdk-go@v1.44.321?x=y#sub"),
            "pkg:golang/github.com/aws/aws-sdk-go@v1.44.321");
  EXPECT_EQ(normal_purl("pkg:npm/%40angular/core@1.0"), "pkg:npm/@angular/core@1.0");
  EXPECT_EQ(normal_purl("pkg:oci/web@sha256%3Aab?tag=1&repository_url=registry.example.com/web"),
            "pkg:oci/web@sha256:ab?repository_url=registry.example.com/web");
  EXPECT_EQ(normal_purl("product-ABC"), "product-ABC");
  EXPECT_EQ(without_version("pkg:npm/@angular/core"), "pkg:npm/@angular/core");
  EXPECT_TRUE(covers("pkg:npm/@angular/core", "pkg:npm/@angular/core@1.0"));
  EXPECT_FALSE(covers("pkg:npm/@angular/core@1.1", "pkg:npm/@angular/core@1.0"));
  EXPECT_FALSE(covers("", ""));
}

std::string statement(const std::string& product, const std::string& status, const std::string& more) {
  return R"({"vulnerability": {"name": "CVE-2019-20367", "aliases": ["GHSA-xxxx-yyyy-zzzz"]}, "products": [)" +
         product + R"(], "status": ")" + status + "\"" + more + "}";
}

constexpr const char* kNginx = R"({"@id": "pkg:oci/nginx?repository_url=index.docker.io/library/nginx"})";
constexpr const char* kNginxLibbsd = R"({"@id": "pkg:oci/nginx?repository_url=index.docker.io/library/nginx",
  "subcomponents": [{"@id": "pkg:deb/debian/libbsd0"}]})";
constexpr const char* kWhy = R"(, "justification": "vulnerable_code_not_present")";

/// The justifications of the rows of kReport that are taken off by a document of these statements.
std::vector<std::string> taken_off(const std::vector<std::string>& statements) {
  std::string text =
      R"({"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2024-01-01T00:00:00Z", "statements": [)";
  for (const auto& each : statements) text += (text.back() == '[' ? "" : ",") + each;
  std::vector<VexFeed> feeds;
  feeds.push_back(parse_openvex(text + "]}", kToday).value());
  const Vex vex(std::move(feeds));
  std::vector<std::string> reasons;
  auto findings = parse_findings_json(kReport, kToday).value();
  for (auto& row : findings.rows) {
    apply_vex(vex, row);
    if (row.finding.not_affected) reasons.push_back(row.finding.justification);
  }
  return reasons;
}

TEST(Vex, TakesOffWhatIsNotAffectedWithItsJustification) {
  EXPECT_THAT(taken_off({statement(kNginx, "not_affected", kWhy)}),
              ElementsAre("vulnerable_code_not_present", "vulnerable_code_not_present"));
  EXPECT_THAT(taken_off({statement(kNginx, "fixed", "")}), ElementsAre("fixed", "fixed"));
  EXPECT_THAT(taken_off({statement(kNginx, "affected", "")}), ElementsAre());
}

TEST(Vex, HoldsOnlyForTheProductAndTheComponentThatItNames) {
  EXPECT_THAT(taken_off({statement(kNginxLibbsd, "not_affected", kWhy)}),
              ElementsAre("vulnerable_code_not_present"));
  EXPECT_THAT(taken_off({statement(R"({"@id": "pkg:oci/nginx?repository_url=quay.io/nginx"})", "not_affected",
                                   kWhy)}),
              ElementsAre());
}

TEST(Vex, HasTheLastWordInItsNewestStatement) {
  const auto early =
      statement(kNginx, "not_affected", std::string(kWhy) + R"(, "timestamp": "2024-01-02T00:00:00Z")");
  const auto late = statement(kNginx, "affected", R"(, "timestamp": "2024-02-02T00:00:00Z")");
  const auto tomorrow = statement(kNginx, "fixed", R"(, "timestamp": "2024-10-01T00:00:00Z")");
  EXPECT_THAT(taken_off({late, early, tomorrow}), ElementsAre());
  EXPECT_EQ(taken_off({early, tomorrow}).size(), 2);
}

TEST(Vex, SetsAsideAStatementWithoutWhatTheSpecificationAsksFor) {
  const auto feed =
      parse_openvex(R"({"timestamp": "2024-01-01T00:00:00Z", "statements": [)" +
                        statement(kNginx, "not_affected", "") + "," + statement("", "fixed", "") + "," +
                        statement(kNginx, "maybe", "") + ", 7]}",
                    kToday)
          .value();
  EXPECT_TRUE(feed.statements.empty());
  ASSERT_EQ(feed.set_aside.count, 4);
  EXPECT_THAT(feed.set_aside.rows[0].reason, HasSubstr("needs a justification or an impact_statement"));
  EXPECT_THAT(feed.set_aside.rows[1].reason, HasSubstr("products is missing"));
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Samples, ThatVendorsPublishedAreRead) {
  const char* data = std::getenv("PATCHWAVE_DATA");
  if (data == nullptr)
    GTEST_SKIP() << "PATCHWAVE_DATA is not set: it names the folder with samples/vex and cyclonedx";
  constexpr Date kLater = 2030y / 1 / 1;
  const std::filesystem::path samples = std::filesystem::path(data) / "samples";
  std::size_t documents = 0;
  for (const auto& entry : std::filesystem::directory_iterator(samples / "vex")) {
    if (!entry.path().string().ends_with(".openvex.json")) continue;
    const auto feed = parse_openvex(read(entry.path()), kLater);
    ASSERT_TRUE(feed) << feed.error().message;
    EXPECT_GT(feed->statements.size(), 0) << entry.path();
    EXPECT_EQ(feed->set_aside.count, 0) << entry.path();
    ++documents;
  }
  EXPECT_EQ(documents, 3);
  for (const char* status : {"affected", "fixed", "not_affected", "under_investigation"}) {
    const auto name = std::string("VEX_CISA-Use-Cases_Case-1_vex-") + status + ".json";
    const auto findings = parse_findings_json(read(samples / "cyclonedx" / name), kLater);
    ASSERT_TRUE(findings) << findings.error().message;
    ASSERT_FALSE(findings->rows.empty());
    const bool closed = status == std::string("fixed") || status == std::string("not_affected");
    EXPECT_EQ(findings->rows[0].finding.not_affected, closed) << status;
  }
}

}  // namespace
}  // namespace patchwave::intel
