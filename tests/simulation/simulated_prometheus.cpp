#include "tests/simulation/simulated_prometheus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "tests/simulation/api_request.hpp"
#include "tests/simulation/pods.hpp"

namespace patchwave::simulation {
namespace {

constexpr double kHealthyRatio = 0.002;
constexpr double kBadRatio = 0.3;
constexpr double kAlertAbove = 0.1;
constexpr std::chrono::seconds kAlertFor{30};

double ratio_of(const Json& pod) {
  for (const auto& container : array_at(pod, {"spec", "containers"})) {
    if (string_at(container, {"image"}).find("-errors") != std::string::npos) return kBadRatio;
  }
  return kHealthyRatio;
}

std::string matcher_value(const std::string& query, const std::string& label) {
  const auto at = query.find(label + "=\"");
  if (at == std::string::npos) return "";
  const auto begin = at + label.size() + 2;
  return query.substr(begin, query.find('"', begin) - begin);
}

double unix_seconds(Time time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1e6;
}
Time from_unix(const std::string& text) {
  return Time(microseconds(static_cast<std::int64_t>(std::strtod(text.c_str(), nullptr) * 1e6)));
}

http::Response json_answer(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

}  // namespace

SimulatedPrometheus::SimulatedPrometheus(Cluster& cluster, Random& random, std::function<bool()> fails)
    : cluster_(cluster),
      random_(random),
      fails_(std::move(fails)),
      // At most `prometheus.scrapeDelay`. As long as a gate's `for`, too: then all that it may see in time is
      // what the old copies measure.
      scrape_interval_(std::chrono::seconds(15 * random.between(1, 4))) {
  cluster_.state.listen([this](const Change& change) { observe(change); });
}

void SimulatedPrometheus::observe(const Change& change) {
  if (change.resource != resources::kPods) return;
  const bool was = change.before && pod_is_available(change.before->json);
  const bool is = change.after && pod_is_available(change.after->json);
  if (was == is) return;
  const Json& pod = (change.after ? change.after : change.before)->json;
  const kube::NamespacedName workload{change.name.ns, label_of(pod, "app")};
  const Time now = cluster_.clock.now();
  if (is) {
    const auto wait = random_.between(milliseconds(0), scrape_interval_);
    scraped_.push_back({change.name, workload, ratio_of(pod), now + wait, std::nullopt});
    cluster_.agenda.after(wait + scrape_interval_, [this, workload] { measure(workload); });
    return;
  }
  for (auto& one : scraped_) {
    if (one.pod == change.name && !one.ended) one.ended = now;
  }
  measure(workload);
}

void SimulatedPrometheus::measure(const kube::NamespacedName& workload) {
  const Time now = cluster_.clock.now();
  std::optional<double> worst;
  for (const auto& one : scraped_) {
    if (one.workload != workload || one.ended || now < one.first + scrape_interval_) continue;
    worst = std::max(worst.value_or(0), one.ratio);
  }
  auto& history = histories_[workload];
  if (history.empty() || history.back().ratio != worst) history.push_back({now, worst});
}

std::int64_t SimulatedPrometheus::scrapes_between(const Scraped& pod, Time begin, Time end) const {
  const Time last = std::min(end, pod.ended.value_or(end));
  const auto until = [&](Time time) {
    return time < pod.first ? std::int64_t{0} : (time - pod.first) / scrape_interval_ + 1;
  };
  return std::max<std::int64_t>(0, until(last) - until(begin));
}

Json SimulatedPrometheus::count_scrapes(const std::string& query, Time at) const {
  const auto bracket = query.rfind('[');
  const Time begin = at - milliseconds(std::strtoll(query.c_str() + bracket + 1, nullptr, 10));
  const std::string ns = matcher_value(query, "namespace");
  Json result = Json::array();
  for (const auto& one : scraped_) {
    const auto count = scrapes_between(one, begin, at);
    if (one.pod.ns != ns || count == 0) continue;
    result.push_back(
        {{"metric", {{"pod", one.pod.name}}}, {"value", {unix_seconds(at), std::to_string(count)}}});
  }
  return {{"status", "success"}, {"data", {{"resultType", "vector"}, {"result", std::move(result)}}}};
}

std::optional<double> SimulatedPrometheus::ratio_at(const History& history, Time at) {
  const auto after = std::upper_bound(history.begin(), history.end(), at,
                                      [](Time time, const Step& step) { return time < step.since; });
  return after == history.begin() ? std::nullopt : std::prev(after)->ratio;
}

bool SimulatedPrometheus::fires_at(const History& history, Time at) {
  if (ratio_at(history, at - kAlertFor).value_or(0) <= kAlertAbove) return false;
  return std::none_of(history.begin(), history.end(), [&](const Step& step) {
    return step.since > at - kAlertFor && step.since <= at && step.ratio.value_or(0) <= kAlertAbove;
  });
}

Json SimulatedPrometheus::evaluate(const std::string& query, const std::vector<Time>& at, bool range) const {
  const bool alerts = query.find("ALERTS") != std::string::npos;
  const std::string ns = matcher_value(query, "namespace");
  const std::string app = matcher_value(query, "app");
  Json result = Json::array();
  for (const auto& [key, history] : histories_) {
    if ((!ns.empty() && key.ns != ns) || (!app.empty() && key.name != app)) continue;
    Json values = Json::array();
    for (const Time time : at) {
      const auto ratio =
          alerts ? (fires_at(history, time) ? std::optional(1.0) : std::nullopt) : ratio_at(history, time);
      if (ratio) values.push_back({unix_seconds(time), fmt::format("{}", *ratio)});
    }
    if (values.empty()) continue;
    Json labels{{"namespace", key.ns}, {"app", key.name}};
    if (alerts) {
      labels["__name__"] = "ALERTS";
      labels["alertname"] = "HighErrorRatio";
      labels["alertstate"] = "firing";
      labels["severity"] = "page";
    }
    Json series{{"metric", std::move(labels)}};
    series[range ? "values" : "value"] = range ? values : values[0];
    result.push_back(std::move(series));
  }
  return {{"status", "success"},
          {"data", {{"resultType", range ? "matrix" : "vector"}, {"result", std::move(result)}}}};
}

Result<http::Response> SimulatedPrometheus::outage(const http::SendLimits& limits) {
  switch (random_.between(0, 3)) {
    case 0:
      return fail(ErrorKind::Unavailable, "connection refused");
    case 1:
      cluster_.agenda.run_for(limits.total);
      return fail(ErrorKind::Timeout, "no answer in time");
    case 2:
      return json_answer(503, R"({"status":"error","errorType":"unavailable","error":"starting up"})");
    default:
      return json_answer(200, R"({"status":"success","data":{"resultType":"matrix","result":[]}})");
  }
}

Result<http::Response> SimulatedPrometheus::send(const http::Request& request, const http::SendLimits& limits,
                                                 std::stop_token stop) {
  if (stop.stop_requested()) return fail(ErrorKind::Cancelled, "stopped");
  cluster_.agenda.run_for(random_.between(milliseconds(1), milliseconds(20)));
  if (fails_()) return outage(limits);
  const auto question = std::min(request.target.find('?'), request.target.size());
  auto form = parse_query(
      request.method == "POST"
          ? std::string_view(request.body)
          : std::string_view(request.target).substr(std::min(question + 1, request.target.size())));
  const std::string query = form["query"];
  if (query.find("up{") != std::string::npos) {
    return json_answer(200, count_scrapes(query, from_unix(form["time"])).dump());
  }
  const bool known =
      query.find("ALERTS") != std::string::npos || query.find("error_ratio{") != std::string::npos;
  if (!known)
    return json_answer(400, R"({"status":"error","errorType":"bad_data","error":"unknown expression"})");
  const bool range = request.target.substr(0, question).ends_with("/query_range");
  std::vector<Time> at;
  if (range) {
    const auto step =
        microseconds(static_cast<std::int64_t>(std::strtod(form["step"].c_str(), nullptr) * 1e6));
    if (step <= microseconds(0))
      return json_answer(400, R"({"status":"error","errorType":"bad_data","error":"zero step"})");
    for (Time time = from_unix(form["start"]); time <= from_unix(form["end"]); time += step)
      at.push_back(time);
  } else {
    at.push_back(form["time"].empty() ? cluster_.clock.now() : from_unix(form["time"]));
  }
  return json_answer(200, evaluate(query, at, range).dump());
}

Result<http::Response> SimulatedPrometheus::stream(const http::Request&, const http::StreamLimits&,
                                                   const http::OnData&, std::stop_token) {
  return fail(ErrorKind::Unavailable, "queries are not streamed");
}

}  // namespace patchwave::simulation
