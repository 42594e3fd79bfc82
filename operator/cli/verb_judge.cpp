#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <fstream>
#include <istream>
#include <ostream>
#include <utility>

#include "controllers/api/statistical_gate.hpp"
#include "controllers/judge/limits.hpp"
#include "operator/base/time.hpp"
#include "operator/cli/samples.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {
namespace {

/// A gate has few fields; what is nested deeper or larger is something else.
constexpr int kDeepest = 8;
constexpr std::streamsize kLargestGate = 64 * 1024;

/// Every scalar as text: the gate's own reader knows which are numbers.
Json as_json(const YAML::Node& node, int depth = 0) {
  if (depth > kDeepest) return nullptr;
  if (node.IsScalar()) return node.Scalar();
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& field : node) {
      if (field.first.IsScalar()) object[field.first.Scalar()] = as_json(field.second, depth + 1);
    }
    return object;
  }
  if (!node.IsSequence()) return nullptr;
  Json array = Json::array();
  for (const auto& element : node) array.push_back(as_json(element, depth + 1));
  return array;
}

Result<api::GateSpec> read_gate(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(ErrorKind::NotFound, "the gate " + path + " can't be opened");
  std::string text(kLargestGate, '\0');
  file.read(text.data(), kLargestGate);
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file) return fail(ErrorKind::TooLarge, "the gate " + path + " is over 64 KiB");
  try {
    auto gate = api::parse_statistical_gate(as_json(YAML::Load(text)));
    if (!gate) return fail(gate.error().within("gate " + path));
    return gate;
  } catch (const YAML::Exception& error) {
    return fail(ErrorKind::Invalid, "gate " + path + ": " + error.what());
  }
}

struct Judgement {
  judge::RecordedVerdict verdict;
  std::vector<MalformedRow> malformed;
  std::size_t malformed_count = 0;
  bool times_in_seconds = false;
};

Result<Judgement> judge_count_samples(const api::GateSpec& gate, std::istream& in) {
  auto samples = read_count_samples(in);
  if (!samples) return fail(samples.error());
  return Judgement{judge::judge_counts(std::move(samples->rows), judge::rate_ratio_limits(gate)),
                   std::move(samples->malformed), samples->malformed_count, samples->times_in_seconds};
}

Result<Judgement> judge_gauge_samples(const api::GateSpec& gate, std::istream& in,
                                      const std::string& change_at) {
  if (change_at.empty())
    return fail(ErrorKind::Invalid,
                "a gauge is compared with its own past: --change-at says when that ended");
  const auto change = parse_sample_time(change_at);
  if (!change) return fail(change.error().within("--change-at"));
  auto samples = read_gauge_samples(in);
  if (!samples) return fail(samples.error());
  return Judgement{judge::judge_gauge(std::move(samples->rows), *change, judge::gauge_limits(gate)),
                   std::move(samples->malformed), samples->malformed_count, samples->times_in_seconds};
}

/// Samples come from one place, and each flag belongs to one.
Result<void> check_sources(const Options& options) {
  const auto& history = options.history;
  const bool has_file = !options.samples_file.empty();
  const bool has_url = !history.access.url.empty();
  if (has_file == has_url)
    return fail(ErrorKind::Invalid, "judge needs samples: either --samples or --from-prometheus");
  if (has_url && !options.change_at.empty())
    return fail(ErrorKind::Invalid, "--change-at is for --samples; of Prometheus, --since says the same");
  if (has_url) return {};
  const std::array<std::pair<std::string_view, bool>, 8> of_prometheus = {
      {{"--canary", history.canary.empty()},
       {"--baseline", history.baseline.empty()},
       {"--since", history.since.empty()},
       {"--until", history.until.empty()},
       {"--prometheus-token-file", history.access.bearer_token_file.empty()},
       {"--prometheus-ca-file", history.access.ca_file.empty()},
       {"--prometheus-username", history.access.username.empty()},
       {"--prometheus-password-file", history.access.password_file.empty()}}};
  for (const auto& [flag, is_absent] : of_prometheus) {
    if (!is_absent) return fail(ErrorKind::Invalid, fmt::format("{} needs --from-prometheus", flag));
  }
  return {};
}

Result<Judgement> judge_file(Environment& environment, const Options& options, const api::GateSpec& gate) {
  if (!gate.gauge && !options.change_at.empty())
    return fail(ErrorKind::Invalid, "--change-at is for a gauge; this gate counts, and needs no past");
  std::ifstream file;
  const bool from_standard_input = options.samples_file == "-";
  if (!from_standard_input) {
    file.open(options.samples_file);
    if (!file) return fail(ErrorKind::NotFound, "the samples " + options.samples_file + " can't be opened");
  }
  std::istream& in = from_standard_input ? environment.in : file;
  auto judgement =
      gate.gauge ? judge_gauge_samples(gate, in, options.change_at) : judge_count_samples(gate, in);
  if (!judgement) return fail(judgement.error().within("samples " + options.samples_file));
  return judgement;
}

Result<Judgement> judge_prometheus(Environment& environment, const Options& options,
                                   const api::GateSpec& gate) {
  auto verdict =
      judge_history(environment, gate, options.history, options.ns, options.connect.request_timeout);
  if (!verdict) return fail(verdict.error());
  return Judgement{std::move(*verdict), {}, 0, false};
}

void warn_of_malformed(Environment& environment, const Judgement& judgement) {
  for (const auto& row : judgement.malformed)
    environment.err << "warning: line " << row.line << " is left out: " << row.problem << "\n";
  if (judgement.malformed_count > judgement.malformed.size()) {
    environment.err << "warning: " << judgement.malformed_count - judgement.malformed.size()
                    << " more lines are left out\n";
  }
}

Json print_count(const judge::Count& count) {
  return {{"events", count.events}, {"exposure", count.exposure}};
}

Json print_evidence(const judge::Evidence& evidence) {
  return {{"logE", evidence.log_e}, {"threshold", evidence.threshold}};
}

Json print_decided(const Judgement& judgement) {
  const auto& time = judgement.verdict.decided_time;
  if (!time) return nullptr;
  if (!judgement.times_in_seconds) return format_time(*time);
  const auto since_epoch = time->time_since_epoch();
  if (since_epoch % seconds(1) == microseconds(0)) return since_epoch / seconds(1);
  return std::chrono::duration<double>(since_epoch).count();
}

Json print_judgement(const api::GateSpec& gate, const Judgement& judgement) {
  const auto& verdict = judgement.verdict;
  Json malformed = Json::array();
  for (const auto& row : judgement.malformed)
    malformed.push_back({{"line", row.line}, {"problem", row.problem}});
  Json fields = {{"gate", gate.name},
                 {"verdict", api::to_string(verdict.verdict)},
                 {"decidedAt", print_decided(judgement)},
                 {"looks", verdict.looks},
                 {"harm", print_evidence(verdict.harm)},
                 {"pass", print_evidence(verdict.pass)},
                 {"canary", print_count(verdict.total.canary)},
                 {"baseline", print_count(verdict.total.baseline)},
                 {"dispersion", verdict.phi},
                 {"message", verdict.message},
                 {"malformedRows", judgement.malformed_count},
                 {"malformed", std::move(malformed)}};
  return computed("Judgement", std::move(fields));
}

std::string describe(const api::GateSpec& gate, const Judgement& judgement) {
  const auto& verdict = judgement.verdict;
  std::string text =
      fmt::format("Gate {}: {}\n{}.\n", gate.name, api::to_string(verdict.verdict), verdict.message);
  if (verdict.decided_time)
    text += fmt::format("Shown at {}; {} looks in all.\n", format_time(*verdict.decided_time), verdict.looks);
  text += fmt::format("Evidence, ln: harm {:.3g} of {:.3g}, pass {:.3g} of {:.3g}\n", verdict.harm.log_e,
                      verdict.harm.threshold, verdict.pass.log_e, verdict.pass.threshold);
  return text;
}

}  // namespace

Result<int> judge_past(Environment& environment, const Options& options) {
  if (options.format == Format::Name || options.format == Format::Wide)
    return fail(ErrorKind::Invalid, "judge prints text, json or yaml");
  if (auto sources = check_sources(options); !sources) return fail(sources.error());
  const auto gate = read_gate(options.gate_file);
  if (!gate) return fail(gate.error());
  const auto judgement = options.samples_file.empty() ? judge_prometheus(environment, options, *gate)
                                                      : judge_file(environment, options, *gate);
  if (!judgement) return fail(judgement.error());
  warn_of_malformed(environment, *judgement);
  const bool structured = options.format == Format::Json || options.format == Format::Yaml;
  environment.out << (structured ? print_object(print_judgement(*gate, *judgement), options.format)
                                 : describe(*gate, *judgement));
  return exit_code::kOk;
}

}  // namespace patchwave::cli
