#include "controllers/api/statistical_gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>

#include "controllers/api/shared_codec.hpp"
#include "operator/base/time.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kSelectorRule{1, 1024, is_metric_selector,
                                 "the selector of a metric, such as 'http_requests_total{code=~\"5..\"}'"};

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Both bounds are outside of what is allowed.
std::optional<double> number_between(const ObjectReader& fields, std::string_view key, Range<double> range) {
  if (!fields.has(key)) return std::nullopt;
  const auto text = fields.text(key, {1, 26});
  const auto value = number(text);
  if (value && *value > range.low && *value < range.high) return value;
  fields.refuse(key, fmt::format("is '{}' and must be a decimal number above {:g} and below {:g}", text,
                                 range.low, range.high));
  return std::nullopt;
}

/// The shortest decimal text without an exponent that is read back as the same number.
std::string print_decimal(double value) {
  std::array<char, 400> text{};
  const auto printed = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return {text.data(), printed.ptr};
}

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
  refuse_unknown(fields, object,
                 {"name", "counter", "histogram", "gauge", "tolerate", "alpha", "beta", "interval"});
  if (fields.has("counter"))
    refuse_unknown(fields.object("counter"), object.at("counter"), {"events", "exposure"});
  if (fields.has("histogram"))
    refuse_unknown(fields.object("histogram"), object.at("histogram"), {"metric", "slowerThan"});
  if (fields.has("gauge")) refuse_unknown(fields.object("gauge"), object.at("gauge"), {"metric"});
}

}  // namespace

bool is_statistical(const GateSpec& gate) {
  return gate.counter || gate.histogram || gate.gauge;
}

void read_statistics(const ObjectReader& fields, GateSpec& gate) {
  if (fields.has("counter")) {
    const auto counter = fields.object("counter");
    gate.counter = CounterGate{counter.text("events", kSelectorRule, Presence::Required),
                               counter.text("exposure", kSelectorRule, Presence::Required)};
  }
  if (fields.has("histogram")) {
    const auto histogram = fields.object("histogram");
    gate.histogram =
        HistogramGate{histogram.text("metric", kSelectorRule, Presence::Required),
                      histogram.duration("slowerThan", milliseconds(1),
                                         {milliseconds(1), std::chrono::hours(1)}, Presence::Required)};
  }
  if (fields.has("gauge")) {
    gate.gauge = GaugeGate{fields.object("gauge").text("metric", kSelectorRule, Presence::Required)};
  }
  gate.tolerate = number_between(fields, "tolerate", {1, 100});
  gate.alpha = number_between(fields, "alpha", {0, 1});
  gate.beta = number_between(fields, "beta", {0, 1});
  if (!gate.threshold && !gate.alerts) return;
  for (const auto* key : {"tolerate", "alpha", "beta"}) {
    if (fields.has(key)) fields.refuse(key, "must be set only beside `counter`, `histogram` or `gauge`");
  }
}

void print_statistics(const GateSpec& gate, Json& fields) {
  if (gate.counter) {
    fields["counter"] = {{"events", gate.counter->events}, {"exposure", gate.counter->exposure}};
  }
  if (gate.histogram) {
    fields["histogram"] = {{"metric", gate.histogram->metric},
                           {"slowerThan", format_duration(gate.histogram->slower_than)}};
  }
  if (gate.gauge) fields["gauge"] = {{"metric", gate.gauge->metric}};
  if (gate.tolerate) fields["tolerate"] = print_decimal(*gate.tolerate);
  if (gate.alpha) fields["alpha"] = print_decimal(*gate.alpha);
  if (gate.beta) fields["beta"] = print_decimal(*gate.beta);
}

Result<GateSpec> parse_statistical_gate(const Json& object) {
  Finding finding;
  const ObjectReader fields(object, "", finding);
  refuse_unknown(fields, object);
  const int kinds = int{fields.has("counter")} + int{fields.has("histogram")} + int{fields.has("gauge")};
  if (kinds != 1) fields.refuse("counter", "or `histogram` or `gauge` must be set, and only one of them");
  GateSpec gate = read_gate(fields);
  if (finding.first) return fail(*finding.first);
  return gate;
}

Json print_statistical_gate(const GateSpec& gate) {
  return print_gate(gate);
}

}  // namespace patchwave::api
