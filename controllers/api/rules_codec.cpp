// Label selectors, windows and gates: the rules that a policy and its waves carry.
#include <algorithm>

#include "controllers/api/shared_codec.hpp"
#include "controllers/api/statistical_gate.hpp"
#include "operator/base/time.hpp"

namespace patchwave::api {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr TextRule kLabelValueRule{0, 63, is_label_value, "the value of a label"};
constexpr TextRule kTimeZoneRule{1, 64, is_time_zone_shaped,
                                 "the name of an IANA time zone, such as 'Europe/Amsterdam'"};
constexpr TextRule kScheduleRule{9, 100, is_cron_shaped, "five cron fields, such as '0 2 * * SAT'"};
constexpr TextRule kLocalMinuteRule{16, 16, is_local_minute, "a local time, such as '2026-12-20T00:00'"};
constexpr TextRule kDecimalRule{1, 26, is_decimal, "a decimal number, such as '0.01'"};

LabelRequirement read_requirement(const ObjectReader& fields) {
  LabelRequirement requirement;
  requirement.key = fields.text("key", {1, 317}, Presence::Required);
  const std::vector<std::string_view> operators = {"In", "NotIn", "Exists", "DoesNotExist"};
  const auto chosen = fields.choice_index("operator", operators, Presence::Required);
  requirement.op = chosen ? operators[*chosen] : "";
  requirement.values = fields.texts("values", {0, 50}, {0, 63});
  const bool wants_values = chosen && *chosen < 2;
  if (wants_values == requirement.values.empty()) {
    fields.refuse(
        "values",
        "must be set for the operators 'In' and 'NotIn', and must not be for 'Exists' and 'DoesNotExist'");
  }
  return requirement;
}

std::string read_time_zone(const ObjectReader& fields) {
  return fields.has("timeZone") ? fields.text("timeZone", kTimeZoneRule) : AllowWindow{}.time_zone;
}

AllowWindow read_allow(const ObjectReader& fields) {
  return {fields.text("schedule", kScheduleRule, Presence::Required),
          fields.duration("duration", hours(1), {minutes(1), hours(168)}, Presence::Required),
          read_time_zone(fields)};
}

DenyWindow read_deny(const ObjectReader& fields) {
  DenyWindow window{fields.text("from", kLocalMinuteRule, Presence::Required),
                    fields.text("to", kLocalMinuteRule, Presence::Required), read_time_zone(fields),
                    fields.text("reason", {0, 256})};
  if (window.from >= window.to) fields.refuse("from", "must be before `to`");
  return window;
}

ThresholdGate read_threshold(const ObjectReader& fields) {
  ThresholdGate gate{fields.text("query", {1, 4096}, Presence::Required),
                     fields.optional_text("below", kDecimalRule), fields.optional_text("above", kDecimalRule),
                     fields.duration("for", seconds(0), {seconds(0), hours(24)})};
  if (gate.below.has_value() == gate.above.has_value()) {
    fields.refuse("below", "or `above` must be set, and not both");
  }
  return gate;
}

}  // namespace

std::string_view kind_of(const GateSpec& gate) {
  if (gate.threshold) return "threshold";
  if (gate.alerts) return "alerts";
  if (gate.counter) return "counter";
  return gate.histogram ? "histogram" : "gauge";
}

LabelSelector read_label_selector(const ObjectReader& reader) {
  return {reader.map("matchLabels", 20, kLabelValueRule),
          reader.objects("matchExpressions", {0, 20}, read_requirement)};
}

Json print_label_selector(const LabelSelector& selector) {
  Json fields = Json::object();
  put(fields, "matchLabels", Json(selector.match_labels));
  Json expressions = Json::array();
  for (const auto& requirement : selector.match_expressions) {
    Json expression = {{"key", requirement.key}, {"operator", requirement.op}};
    put(expression, "values", requirement.values);
    expressions.push_back(std::move(expression));
  }
  put(fields, "matchExpressions", std::move(expressions));
  return fields;
}

Windows read_windows(const ObjectReader& reader) {
  const auto fields = reader.object("windows");
  return {fields.objects("allow", {0, 32}, read_allow), fields.objects("deny", {0, 64}, read_deny)};
}

Json print_windows(const Windows& windows) {
  Json fields = Json::object();
  Json allow = Json::array();
  for (const auto& window : windows.allow) {
    allow.push_back({{"schedule", window.schedule},
                     {"duration", format_duration(window.duration)},
                     {"timeZone", window.time_zone}});
  }
  put(fields, "allow", std::move(allow));
  Json deny = Json::array();
  for (const auto& window : windows.deny) {
    Json period = {{"from", window.from}, {"to", window.to}, {"timeZone", window.time_zone}};
    put(period, "reason", window.reason);
    deny.push_back(std::move(period));
  }
  put(fields, "deny", std::move(deny));
  return fields;
}

GateSpec read_gate(const ObjectReader& fields) {
  GateSpec gate;
  gate.name = fields.text("name", {1, 40, is_label_name, kLabelNameRule.allowed}, Presence::Required);
  gate.interval = fields.duration("interval", gate.interval, {seconds(1), hours(1)});
  if (fields.has("threshold")) gate.threshold = read_threshold(fields.object("threshold"));
  if (fields.has("alerts")) {
    gate.alerts = AlertsGate{fields.object("alerts").text("match", {1, 1024}, Presence::Required)};
  }
  read_statistics(fields, gate);
  const int kinds = int{gate.threshold.has_value()} + int{gate.alerts.has_value()} +
                    int{gate.counter.has_value()} + int{gate.histogram.has_value()} +
                    int{gate.gauge.has_value()};
  if (kinds != 1) {
    fields.refuse("threshold",
                  "or `alerts`, `counter`, `histogram` or `gauge` must be set, and only one of them");
  }
  return gate;
}

Json print_gate(const GateSpec& gate) {
  Json fields = {{"name", gate.name}, {"interval", format_duration(gate.interval)}};
  if (gate.threshold) {
    Json threshold = {{"query", gate.threshold->query}, {"for", format_duration(gate.threshold->hold_for)}};
    if (gate.threshold->below) threshold["below"] = *gate.threshold->below;
    if (gate.threshold->above) threshold["above"] = *gate.threshold->above;
    fields["threshold"] = std::move(threshold);
  }
  if (gate.alerts) fields["alerts"] = {{"match", gate.alerts->match}};
  print_statistics(gate, fields);
  return fields;
}

std::vector<GateSpec> read_gates(const ObjectReader& reader) {
  auto gates = reader.objects("gates", {0, 20}, read_gate);
  for (std::size_t at = 0; at < gates.size(); ++at) {
    const auto first = std::ranges::find(gates, gates[at].name, &GateSpec::name);
    if (static_cast<std::size_t>(first - gates.begin()) != at)
      reader.refuse("gates", "must have distinct names");
  }
  return gates;
}

Json print_gates(const std::vector<GateSpec>& gates) {
  Json list = Json::array();
  for (const auto& gate : gates) list.push_back(print_gate(gate));
  return list;
}

}  // namespace patchwave::api
