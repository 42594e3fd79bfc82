// Reads the bodies of Prometheus' HTTP API v1. Raw samples come by the ten thousand, so nothing becomes a
// document in between.
#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "operator/prometheus/client.hpp"

namespace patchwave::prometheus {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::Protocol, fmt::format("Prometheus' answer has {}", what));
}

std::string_view text_of(const simdjson::simdjson_result<element>& found) {
  std::string_view text;
  return found.get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::optional<element> field(const element& object, std::string_view key) {
  element found;
  if (object[key].get(found) != simdjson::SUCCESS || found.is_null()) return std::nullopt;
  return found;
}

std::optional<array> array_in(const element& object, std::string_view key) {
  array found;
  if (object[key].get_array().get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

std::optional<double> parse_value(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  double value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  // Out of range is a number that a double can't tell from infinity or zero; a server never prints one.
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

/// [seconds, "value"]
std::optional<Sample> parse_sample(const element& json) {
  array pair;
  if (json.get_array().get(pair) != simdjson::SUCCESS || pair.size() != 2) return std::nullopt;
  auto part = pair.begin();
  double at = 0;
  if ((*part).get_double().get(at) != simdjson::SUCCESS) return std::nullopt;
  ++part;
  std::string_view text;
  if ((*part).get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  const auto value = parse_value(text);
  constexpr double kFarthest = 9e12;  // in seconds; keeps microseconds inside 64 bits
  if (!value || !std::isfinite(at) || std::abs(at) > kFarthest) return std::nullopt;
  return Sample{Time(microseconds(std::llround(at * 1e3) * 1000)), *value};
}

struct SampleBudget {
  std::size_t left;
  std::size_t max;
  Result<void> take() {
    if (left == 0) {
      return fail(ErrorKind::TooLarge,
                  fmt::format("Prometheus' answer has over {} samples; ask for less", max));
    }
    --left;
    return {};
  }
};

Result<Sample> take_sample(const element& json, SampleBudget& budget) {
  if (auto taken = budget.take(); !taken) return fail(taken.error());
  const auto sample = parse_sample(json);
  if (!sample) return malformed("a sample that is not a time and a value");
  return *sample;
}

Result<std::map<std::string, std::string>> parse_labels(const element& json) {
  std::map<std::string, std::string> labels;
  simdjson::dom::object metric;
  if (json["metric"].get_object().get(metric) != simdjson::SUCCESS) return labels;
  for (const auto [name, value] : metric) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) {
      return malformed("a label whose value is no text");
    }
    labels.insert_or_assign(std::string(name), std::string(text));
  }
  return labels;
}

Result<Series> parse_series(const element& json, SampleBudget& budget) {
  auto labels = parse_labels(json);
  if (!labels) return fail(labels.error());
  Series series{std::move(*labels), {}};
  if (field(json, "histogram") || field(json, "histograms")) {
    return malformed("native histograms, which can't be read here; ask for a quantile or a count of them");
  }
  if (const auto value = field(json, "value")) {
    auto sample = take_sample(*value, budget);
    if (!sample) return fail(sample.error());
    series.samples.push_back(*sample);
    return series;
  }
  const auto values = array_in(json, "values");
  if (!values) return malformed("a series without samples");
  series.samples.reserve(std::min(values->size(), budget.left));
  for (const element value : *values) {
    auto sample = take_sample(value, budget);
    if (!sample) return fail(sample.error());
    if (!series.samples.empty() && sample->time < series.samples.back().time) {
      return malformed("samples out of order");
    }
    series.samples.push_back(*sample);
  }
  return series;
}

std::optional<ValueKind> parse_kind(std::string_view text) {
  if (text == "vector") return ValueKind::Vector;
  if (text == "matrix") return ValueKind::Matrix;
  if (text == "scalar") return ValueKind::Scalar;
  return std::nullopt;
}

std::unexpected<Error> refused(const element& root) {
  Error error{ErrorKind::Invalid, "", 200, std::nullopt, std::string(text_of(root["errorType"]))};
  error.message =
      fmt::format("Prometheus refused, {}: {}", error.reason, text_of(root["error"]).substr(0, kMaxQuoted));
  return fail(std::move(error));
}

std::vector<std::string> parse_warnings(const element& root) {
  std::vector<std::string> warnings;
  const auto list = array_in(root, "warnings");
  if (!list) return warnings;
  for (const element warning : *list) {
    std::string_view text;
    if (warning.get_string().get(text) == simdjson::SUCCESS)
      warnings.emplace_back(text.substr(0, kMaxQuoted));
  }
  return warnings;
}

Result<QueryAnswer> parse_result(const element& root, std::size_t max_samples) {
  const auto kind = parse_kind(text_of(root["data"]["resultType"]));
  array result;
  const bool is_list = root["data"]["result"].get_array().get(result) == simdjson::SUCCESS;
  if (text_of(root["status"]) != "success" || !kind || !is_list) {
    return malformed("no vector, matrix or scalar in it");
  }
  QueryAnswer answer;
  answer.kind = *kind;
  answer.warnings = parse_warnings(root);
  SampleBudget budget{max_samples, max_samples};
  if (*kind == ValueKind::Scalar) {
    auto sample = take_sample(root["data"]["result"].value_unsafe(), budget);
    if (!sample) return fail(sample.error());
    answer.series.push_back({{}, {*sample}});
    return answer;
  }
  for (const element one : result) {
    auto series = parse_series(one, budget);
    if (!series) return fail(series.error());
    answer.series.push_back(std::move(*series));
  }
  return answer;
}

}  // namespace

Result<QueryAnswer> parse_answer(std::string_view body, std::size_t max_samples) {
  simdjson::dom::parser parser;
  element root;
  const auto problem = body.empty() ? simdjson::EMPTY : parser.parse(body.data(), body.size()).get(root);
  if (problem != simdjson::SUCCESS) {
    return fail(ErrorKind::Protocol,
                fmt::format("Prometheus' answer is not JSON: {}", simdjson::error_message(problem)));
  }
  if (text_of(root["status"]) == "error") return refused(root);
  return parse_result(root, max_samples);
}

}  // namespace patchwave::prometheus
