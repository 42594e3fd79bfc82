#include "controllers/api/patch_risk_codec.hpp"

#include "controllers/api/shared_codec.hpp"

namespace patchwave::api {

std::optional<RiskStatus> read_risk(const ObjectReader& status) {
  constexpr Range<int> kCount{0, std::numeric_limits<int>::max()};
  if (!status.has("risk")) return std::nullopt;
  const auto fields = status.object("risk");
  RiskStatus risk;
  risk.rank = fields.integer("rank", 0, kCount);
  risk.deadline_class = fields.text("deadlineClass", {});
  risk.score = fields.text("score", {});
  risk.probability = fields.text("probability", {});
  risk.finding = fields.text("finding", {});
  risk.findings = fields.integer("findings", 0, kCount);
  risk.reason = fields.text("reason", {});
  risk.factors = fields.objects("factors", {}, [](const ObjectReader& factor) {
    return RiskFactor{factor.text("name", {}), factor.text("contribution", {}), factor.text("source", {})};
  });
  if (fields.has("otherwise")) {
    const auto otherwise = fields.object("otherwise");
    risk.otherwise = RiskCounterfactual{otherwise.text("if", {}), otherwise.text("deadlineClass", {}),
                                        otherwise.text("score", {})};
  }
  return risk;
}

Json print_risk(const RiskStatus& risk) {
  Json fields = {{"rank", risk.rank}, {"findings", risk.findings}};
  put(fields, "deadlineClass", risk.deadline_class);
  put(fields, "score", risk.score);
  put(fields, "probability", risk.probability);
  put(fields, "finding", risk.finding);
  put(fields, "reason", risk.reason);
  Json factors = Json::array();
  for (const auto& factor : risk.factors) {
    Json each = Json::object();
    put(each, "name", factor.name);
    put(each, "contribution", factor.contribution);
    put(each, "source", factor.source);
    factors.push_back(std::move(each));
  }
  put(fields, "factors", std::move(factors));
  if (risk.otherwise) {
    Json otherwise = Json::object();
    put(otherwise, "if", risk.otherwise->change);
    put(otherwise, "deadlineClass", risk.otherwise->deadline_class);
    put(otherwise, "score", risk.otherwise->score);
    fields["otherwise"] = std::move(otherwise);
  }
  return fields;
}

}  // namespace patchwave::api
