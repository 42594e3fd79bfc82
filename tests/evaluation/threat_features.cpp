// What the threat model sees of each finding on a day, as CSV: what it is fitted to is by construction what
// the product scores. Usage: threat_features AS_OF FINDINGS EPSS KEV VULNRICHMENT SIGNALS…; "" for what there
// isn't.
#include <fmt/format.h>

#include <iostream>

#include "controllers/risk/features.hpp"
#include "operator/cli/ranking.hpp"

namespace {

using namespace patchwave;

int print(const cli::Ranking& ranking) {
  std::string line = "cve,inKev";
  for (std::size_t i = 0; i < risk::kFeatures; ++i)
    line += fmt::format(",{}", risk::to_string(static_cast<risk::Feature>(i)));
  std::cout << line << "\n";
  for (const auto& row : ranking.findings.rows) {
    const auto& vulnerability = row.finding.vulnerability;
    line = fmt::format("{},{:d}", row.id, vulnerability.kev.has_value());
    for (const auto& feature : risk::features_of(vulnerability, ranking.as_of))
      line += feature ? fmt::format(",{:.7g}", *feature) : ",";
    std::cout << line << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto as_of = arguments.size() < 5 ? std::nullopt : std::optional(parse_date(arguments[0]));
  if (!as_of || !*as_of) {
    std::cerr << "usage: threat_features AS_OF FINDINGS EPSS KEV VULNRICHMENT SIGNALS...\n";
    return 2;
  }
  const SystemClock clock;
  cli::Environment environment{.out = std::cout,
                               .err = std::cerr,
                               .in = std::cin,
                               .variable = [](const std::string&) { return std::nullopt; },
                               .clock = clock,
                               .connect = [](const cli::ConnectOptions&) -> Result<cli::Session> {
                                 return fail(ErrorKind::Unavailable, "files need no cluster");
                               },
                               .wait = [](milliseconds) { return false; }};
  const auto files_if = [](const std::string& path) {
    return path.empty() ? std::vector<std::string>() : std::vector{path};
  };
  const cli::RankingFiles files{.findings = arguments[1],
                                .epss = files_if(arguments[2]),
                                .kev = arguments[3],
                                .signals = {arguments.begin() + 5, arguments.end()},
                                .vulnrichment = arguments[4],
                                .vex = {},
                                .model = {}};
  const auto ranking = cli::rank_findings(environment, files, {}, **as_of);
  if (!ranking) {
    std::cerr << ranking.error().message << "\n";
    return 1;
  }
  return print(*ranking);
}
