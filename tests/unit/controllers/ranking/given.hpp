// Patches, feeds and circumstances for tests.
#pragma once

#include <algorithm>

#include "controllers/ranking/assess.hpp"
#include "operator/base/time.hpp"

namespace patchwave::ranking::given {

using namespace std::chrono_literals;

inline const Time kNow = *parse_time("2026-11-26T12:00:00Z");
inline constexpr Date kToday = 2026y / 11 / 26;

inline api::Patch patch(std::vector<std::string> fixes = {"CVE-2026-0001"},
                        const std::string& name = "web-1.4.3") {
  api::Patch one;
  one.metadata.ns = "shop";
  one.metadata.name = name;
  one.metadata.uid = "uid-" + name;
  one.metadata.creation_time = *parse_time("2026-11-01T00:00:00Z");
  one.spec.image = "registry.example.com/web";
  one.spec.tag = "1.4.3";
  one.spec.fixes = std::move(fixes);
  return one;
}

inline Circumstances circumstances(risk::SystemExposure exposure = risk::SystemExposure::Open,
                                   risk::HumanImpact criticality = risk::HumanImpact::Medium) {
  return {1, exposure, "Deployment shop/web: Service shop/web (LoadBalancer)", criticality,
          "Deployment shop/web: inferred: nothing says otherwise"};
}

/// Feeds as an operator keeps them: kev and epss, each as a text or not there.
class Feeds {
 public:
  Feeds() : kept_({{"epss", intel::FeedKind::Epss, 168h}, {"kev", intel::FeedKind::Kev, 168h}}) {}

  Feeds& epss(const std::string& rows = "CVE-2026-0001,0.01,0.7\n", const std::string& day = "2026-11-25") {
    return take(
        0, intel::FeedKind::Epss,
        "#model_version:v2025.03.14,score_date:" + day + "T00:00:00+0000\ncve,epss,percentile\n" + rows);
  }
  Feeds& kev(const std::vector<std::string>& cves = {"CVE-2020-0001"},
             const std::string& added = "2026-11-25", const std::string& version = "2026.11.25") {
    Json list = Json::array();
    for (const auto& cve : cves) list.push_back({{"cveID", cve}, {"dateAdded", added}});
    return take(1, intel::FeedKind::Kev,
                print_json({{"catalogVersion", version}, {"vulnerabilities", std::move(list)}}));
  }
  Feeds& broken(std::size_t feed, const std::string& problem) {
    kept_.take(feed, fail(ErrorKind::Unavailable, problem), kNow);
    return *this;
  }
  [[nodiscard]] intel::FeedsSnapshot snapshot() const { return kept_.snapshot(); }

 private:
  Feeds& take(std::size_t feed, intel::FeedKind kind, const std::string& text) {
    kept_.take(feed, intel::read_feed(kind, text, risk::built_in_threat_model(), kToday), kNow);
    return *this;
  }
  intel::KeptFeeds kept_;
};

inline AssessedPatch assess(const api::Patch& patch, const Feeds& feeds,
                            const Circumstances& around = circumstances(), Time now = kNow) {
  const auto snapshot = feeds.snapshot();
  return assess_patch(patch, around, {snapshot, risk::built_in_threat_model(), {}, now});
}

inline const api::RiskFactor& factor(const AssessedPatch& assessed, std::string_view name) {
  static const api::RiskFactor kNone;
  const auto& factors = assessed.report.risk->factors;
  const auto found = std::ranges::find(factors, name, &api::RiskFactor::name);
  return found == factors.end() ? kNone : *found;
}

}  // namespace patchwave::ranking::given
