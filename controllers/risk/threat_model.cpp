#include <fmt/format.h>

#include <cmath>

#include "controllers/risk/threat.hpp"
#include "operator/base/json.hpp"

namespace patchwave::risk {
namespace {

/// −1 for what may only lower the threat, 1 for what may only raise it, 0 for what may do either.
int sign_of(Feature feature) {
  return feature == Feature::Age ? -1 : 1;
}

bool is_signal(Feature feature) {
  return feature == Feature::Metasploit || feature == Feature::Nuclei || feature == Feature::ProofOfConcept ||
         feature == Feature::InTheWild;
}

Result<double> number_at(const Json& json, std::string_view field) {
  const Json* value = find(json, {field});
  if (value == nullptr || !value->is_number())
    return fail(ErrorKind::Invalid, fmt::format("{} is missing or is no number", field));
  return value->get<double>();
}

Result<ThreatTerm> parse_term(const Json& json) {
  const std::string name = string_at(json, {"feature"});
  const auto feature = parse_feature(name);
  if (!feature) return fail(ErrorKind::Invalid, fmt::format("feature is '{}', which is not known", name));
  const auto weight = number_at(json, "weight");
  if (!weight) return fail(weight.error().within(name));
  const auto reference = number_at(json, "reference");
  if (!reference) return fail(reference.error().within(name));
  if (*weight * sign_of(*feature) < 0)
    return fail(ErrorKind::Invalid, fmt::format("{}: weight is {}, which has the wrong sign", name, *weight));
  // Beyond 1, an exploit that is seen would weigh less than not knowing of any.
  if (is_signal(*feature) && (*reference < 0 || *reference > 1))
    return fail(ErrorKind::Invalid,
                fmt::format("{}: reference is {}, which must be between 0 and 1", name, *reference));
  return ThreatTerm{*feature, *weight, *reference};
}

Result<std::vector<EpssPlaceKnot>> parse_knots(const Json& json) {
  std::vector<EpssPlaceKnot> knots;
  for (const Json& pair : json) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number() || !pair[1].is_number())
      return fail(ErrorKind::Invalid, "a knot must be [score, place]");
    const EpssPlaceKnot knot{pair[0].get<double>(), pair[1].get<double>()};
    const bool ascends =
        knots.empty() || (knot.score > knots.back().score && knot.place >= knots.back().place);
    if (!ascends || knot.score <= 0)
      return fail(ErrorKind::Invalid, "knots must have scores above 0 and ascend");
    knots.push_back(knot);
  }
  return knots;
}

Result<void> parse_places(const Json& json, ThreatModel& model) {
  constexpr std::array<std::string_view, 5> kVersions = {"", "v1", "v2", "v3", "v4"};
  for (std::size_t version = 1; version < kVersions.size(); ++version) {
    auto knots = parse_knots(array_at(json, {"epssPlaces", kVersions[version]}));
    if (!knots) return fail(knots.error().within(fmt::format("epssPlaces.{}", kVersions[version])));
    model.epss_places[version] = std::move(*knots);
  }
  return {};
}

}  // namespace

Result<ThreatModel> parse_threat_model(std::string_view text) {
  const auto json = parse_json(text, "threat model");
  if (!json) return fail(json.error());
  ThreatModel model;
  model.name = string_at(*json, {"name"});
  model.provenance = string_at(*json, {"provenance"});
  if (model.name.empty() || model.provenance.empty())
    return fail(ErrorKind::Invalid, "threat model: name and provenance must be there");
  const auto intercept = number_at(*json, "intercept");
  if (!intercept) return fail(intercept.error().within("threat model"));
  const auto known_exploited = number_at(*json, "knownExploited");
  if (!known_exploited) return fail(known_exploited.error().within("threat model"));
  if (*known_exploited <= 0 || *known_exploited >= 1)
    return fail(ErrorKind::Invalid, "threat model: knownExploited must be between 0 and 1");
  model.intercept = *intercept;
  model.known_exploited = *known_exploited;
  for (const Json& entry : array_at(*json, {"terms"})) {
    const auto term = parse_term(entry);
    if (!term) return fail(term.error().within("threat model: terms"));
    model.terms.push_back(*term);
  }
  if (auto places = parse_places(*json, model); !places) return fail(places.error().within("threat model"));
  return model;
}

}  // namespace patchwave::risk
