#include "controllers/intel/vex.hpp"

#include <algorithm>

#include "controllers/intel/findings.hpp"
#include "controllers/intel/purl.hpp"
#include "operator/base/json.hpp"

namespace patchwave::intel {
namespace {

constexpr std::size_t kLongestJustification = 512;

std::optional<VexStatus> parse_status(std::string_view word) {
  if (word == "not_affected") return VexStatus::NotAffected;
  if (word == "affected") return VexStatus::Affected;
  if (word == "fixed") return VexStatus::Fixed;
  if (word == "under_investigation") return VexStatus::UnderInvestigation;
  return std::nullopt;
}

/// Before 0.2.0 a vulnerability and a product were plain strings.
std::string name_at(const Json& json, std::string_view field) {
  return json.is_string() ? json.get<std::string>() : string_at(json, {field});
}

std::vector<std::string> names_of(const Json& statement) {
  const Json* vulnerability = find(statement, {"vulnerability"});
  if (vulnerability == nullptr) return {};
  std::vector<std::string> names;
  for (const std::string& name : {name_at(*vulnerability, "name"), string_at(*vulnerability, {"@id"})}) {
    if (!name.empty()) names.push_back(name);
  }
  for (const Json& alias : array_at(*vulnerability, {"aliases"})) {
    if (alias.is_string()) names.push_back(alias.get<std::string>());
  }
  return names;
}

std::vector<VexProduct> products_of(const Json& statement) {
  std::vector<VexProduct> products;
  for (const Json& product : array_at(statement, {"products"})) {
    VexProduct one{normal_purl(name_at(product, "@id")), {}};
    for (const Json& component : array_at(product, {"subcomponents"}))
      one.components.push_back(normal_purl(name_at(component, "@id")));
    if (!one.name.empty()) products.push_back(std::move(one));
  }
  return products;
}

std::string justification_of(const Json& statement) {
  std::string text = string_at(statement, {"justification"});
  const std::string impact = string_at(statement, {"impact_statement"});
  if (!impact.empty()) text += (text.empty() ? "" : ": ") + impact;
  return text.substr(0, kLongestJustification);
}

/// The error is why it is set aside.
Result<VexStatement> parse_statement(const Json& json, std::string_view document_time) {
  const auto missing = [](const char* what) { return fail(ErrorKind::Invalid, what); };
  VexStatement statement{names_of(json), products_of(json), {}, justification_of(json), {}};
  if (statement.vulnerabilities.empty()) return missing("vulnerability is missing");
  if (statement.products.empty()) return missing("products is missing");
  const auto status = parse_status(string_at(json, {"status"}));
  if (!status) return missing("status must be not_affected, affected, fixed or under_investigation");
  if (*status == VexStatus::NotAffected && statement.justification.empty())
    return missing("not_affected needs a justification or an impact_statement");
  statement.status = *status;
  const auto date = parse_date(string_at(json, {"timestamp"}, document_time));
  if (!date) return fail(date.error().within("timestamp"));
  statement.date = *date;
  return statement;
}

bool is_about(const VexProduct& product, const FindingRow& row) {
  if (!covers(product.name, row.product)) return false;
  const auto is_it = [&](const std::string& component) { return covers(component, row.component); };
  return product.components.empty() || std::ranges::any_of(product.components, is_it);
}

}  // namespace

Result<VexFeed> parse_openvex(std::string_view text, Date as_of) {
  const auto json = parse_json(text, "OpenVEX document");
  if (!json) return fail(json.error());
  const Json* list = find(*json, {"statements"});
  if (list == nullptr || !list->is_array())
    return fail(ErrorKind::Invalid, "OpenVEX document: statements is missing or is no list");
  VexFeed feed;
  std::size_t number = 0;
  for (const Json& each : *list) {
    ++number;
    auto statement = parse_statement(each, string_at(*json, {"timestamp"}));
    if (!statement) {
      feed.set_aside.add(number, statement.error().message.substr(0, 200));
    } else if (statement->date > as_of) {
      ++feed.later;
    } else {
      feed.statements.push_back(std::move(*statement));
    }
  }
  std::ranges::stable_sort(feed.statements, {}, &VexStatement::date);
  return feed;
}

Vex::Vex(std::vector<VexFeed> feeds) : feeds_(std::move(feeds)) {
  for (const auto& feed : feeds_) {
    for (const auto& statement : feed.statements) {
      for (const auto& name : statement.vulnerabilities) by_name_.push_back({name, &statement});
    }
  }
  std::ranges::stable_sort(by_name_, {}, &Named::vulnerability);
}

const VexStatement* Vex::find(const FindingRow& row) const {
  if (row.product.empty()) return nullptr;
  const VexStatement* newest = nullptr;
  const auto look_for = [&](const std::string& name) {
    for (const auto& each : std::ranges::equal_range(by_name_, name, {}, &Named::vulnerability)) {
      const bool about = std::ranges::any_of(
          each.statement->products, [&](const VexProduct& product) { return is_about(product, row); });
      if (about && (newest == nullptr || each.statement->date >= newest->date)) newest = each.statement;
    }
  };
  look_for(row.id);
  const auto& cve = row.finding.vulnerability.cve;
  if (cve && risk::format_cve(*cve) != row.id) look_for(risk::format_cve(*cve));
  return newest;
}

void apply_vex(const Vex& vex, FindingRow& row) {
  const VexStatement* statement = vex.find(row);
  if (statement == nullptr) return;
  if (statement->status == VexStatus::NotAffected) {
    row.finding.not_affected = true;
    row.finding.justification = statement->justification;
  } else if (statement->status == VexStatus::Fixed) {
    row.finding.not_affected = true;
    row.finding.justification = "fixed";
  }
}

}  // namespace patchwave::intel
