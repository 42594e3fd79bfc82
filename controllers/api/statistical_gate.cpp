#include "controllers/api/statistical_gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>

#include "controllers/api/object_reader.hpp"
#include "controllers/api/shared_codec.hpp"
#include "operator/base/time.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kMetricRule{1, 1024};

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Both bounds are outside of what is allowed.
double number_between(const ObjectReader& fields, std::string_view key, double otherwise,
                      Range<double> range) {
  if (!fields.has(key)) return otherwise;
  const auto text = fields.text(key, {1, 26});
  const auto value = number(text);
  if (value && *value > range.low && *value < range.high) return *value;
  fields.refuse(key, fmt::format("is '{}' and must be a decimal number above {:g} and below {:g}", text,
                                 range.low, range.high));
  return otherwise;
}

/// A misspelt field would leave its default in force without a word.
void refuse_unknown(const ObjectReader& fields, const Json& object,
                    std::initializer_list<std::string_view> known) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) {
      fields.refuse(key, fmt::format("is not a field of a gate; there are: {}", fmt::join(known, ", ")));
    }
  }
}

void refuse_unknown(const ObjectReader& fields, const Json& object) {
  refuse_unknown(fields, object, {"name", "counter", "histogram", "gauge", "tolerate", "alpha", "beta"});
  if (fields.has("counter"))
    refuse_unknown(fields.object("counter"), object.at("counter"), {"events", "exposure"});
  if (fields.has("histogram"))
    refuse_unknown(fields.object("histogram"), object.at("histogram"), {"metric", "slowerThan"});
  if (fields.has("gauge")) refuse_unknown(fields.object("gauge"), object.at("gauge"), {"metric"});
}

void read_kind(const ObjectReader& fields, StatisticalGate& gate) {
  if (fields.has("counter")) {
    const auto counter = fields.object("counter");
    gate.counter = CounterGate{counter.text("events", kMetricRule, Presence::Required),
                               counter.text("exposure", kMetricRule, Presence::Required)};
  }
  if (fields.has("histogram")) {
    const auto histogram = fields.object("histogram");
    gate.histogram =
        HistogramGate{histogram.text("metric", kMetricRule, Presence::Required),
                      histogram.duration("slowerThan", milliseconds(1),
                                         {milliseconds(1), std::chrono::hours(1)}, Presence::Required)};
  }
  if (fields.has("gauge"))
    gate.gauge = GaugeGate{fields.object("gauge").text("metric", kMetricRule, Presence::Required)};
  const int kinds =
      int{gate.counter.has_value()} + int{gate.histogram.has_value()} + int{gate.gauge.has_value()};
  if (kinds != 1) fields.refuse("counter", "or `histogram` or `gauge` must be set, and only one of them");
}

}  // namespace

Result<StatisticalGate> parse_statistical_gate(const Json& object) {
  Finding finding;
  const ObjectReader fields(object, "", finding);
  StatisticalGate gate;
  refuse_unknown(fields, object);
  gate.name = fields.text("name", {1, 40, is_label_name, kLabelNameRule.allowed}, Presence::Required);
  read_kind(fields, gate);
  gate.tolerate = number_between(fields, "tolerate", gate.tolerate, {1, 100});
  gate.alpha = number_between(fields, "alpha", gate.alpha, {0, 1});
  gate.beta = number_between(fields, "beta", gate.beta, {0, 1});
  if (finding.first) return fail(*finding.first);
  return gate;
}

Json print_statistical_gate(const StatisticalGate& gate) {
  Json fields = {{"name", gate.name},
                 {"tolerate", fmt::format("{}", gate.tolerate)},
                 {"alpha", fmt::format("{}", gate.alpha)},
                 {"beta", fmt::format("{}", gate.beta)}};
  if (gate.counter)
    fields["counter"] = {{"events", gate.counter->events}, {"exposure", gate.counter->exposure}};
  if (gate.histogram) {
    fields["histogram"] = {{"metric", gate.histogram->metric},
                           {"slowerThan", format_duration(gate.histogram->slower_than)}};
  }
  if (gate.gauge) fields["gauge"] = {{"metric", gate.gauge->metric}};
  return fields;
}

}  // namespace patchwave::api
