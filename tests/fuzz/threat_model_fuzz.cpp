// Threat models from files: what is accepted gives numbers, and more exploits never less threat.
#include <cmath>

#include "controllers/risk/threat.hpp"
#include "tests/fuzz/feeds.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace patchwave;
  const auto model = risk::parse_threat_model(fuzz::text_of(data, size));
  if (!model) return 0;
  risk::Vulnerability vulnerability;
  vulnerability.cve = risk::CveId{2023, 1234};
  const auto before = risk::estimate_threat(*model, vulnerability, fuzz::kToday);
  fuzz::expect(before.probability >= 0 && before.probability <= model->known_exploited + 1e-9,
               "a probability is within its limit");
  vulnerability.signals = {fuzz::kToday, fuzz::kToday, fuzz::kToday, fuzz::kToday};
  const auto after = risk::estimate_threat(*model, vulnerability, fuzz::kToday);
  fuzz::expect(after.probability >= before.probability, "more exploits are no less threat");
  for (const auto& knots : model->epss_places) {
    if (!knots.empty())
      fuzz::expect(std::isfinite(risk::epss_place(*model, risk::EpssVersion::V3, 0.5).value_or(0)),
                   "a place is a number");
  }
  return 0;
}
