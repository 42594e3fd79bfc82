#include "operator/process/configuration_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <numeric>

#include "operator/base/time.hpp"

namespace patchwave::process {
namespace {

template <class Number>
bool read_number(const std::string& text, Number least, Number most, Number& into) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
    return false;
  into = value;
  return true;
}

/// "host:port", ":port", "[v6]:port" or "off".
bool read_address(const std::string& text, std::optional<ListenAddress>& into) {
  if (text == "off") {
    into.reset();
    return true;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  ListenAddress address{text.substr(0, colon), 0};
  const bool bracketed = address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
  if (bracketed) {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return false;
  }
  if (!read_number<std::uint16_t>(text.substr(colon + 1), 1, 65535, address.port)) return false;
  into = address;
  return true;
}

std::string print_address(const std::optional<ListenAddress>& address) {
  if (!address) return "off";
  const bool v6 = address->host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), address->host, address->port);
}

bool is_http_url(const std::string& text) {
  const bool scheme = text.starts_with("http://") || text.starts_with("https://");
  return scheme && text.find('@') == std::string::npos && text.find('?') == std::string::npos &&
         text.size() > text.find("//") + 2;
}

bool is_dns_label(const std::string& text) {
  const auto plain = [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-'; };
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, plain) && text.front() != '-' &&
         text.back() != '-';
}

// Builders of table rows. `member` is a lambda from the settings to the member.

template <class Settings>
Key<Settings> text_key(std::string name, std::string allowed, auto member,
                       bool (*valid)(const std::string&) = nullptr) {
  return {std::move(name), std::move(allowed),
          [member, valid](Settings& settings, const std::string& text) {
            if (valid != nullptr && !text.empty() && !valid(text)) return false;
            member(settings) = text;
            return true;
          },
          [member](const Settings& settings) { return member(settings); }};
}

template <class Settings>
Key<Settings> bool_key(std::string name, auto member) {
  return {std::move(name), "true or false",
          [member](Settings& settings, const std::string& text) {
            if (text != "true" && text != "false") return false;
            member(settings) = text == "true";
            return true;
          },
          [member](const Settings& settings) { return member(settings) ? "true" : "false"; }};
}

template <class Number>
Key<Configuration> number_key(std::string name, Number least, Number most, auto member) {
  return {std::move(name), fmt::format("a number from {} to {}", least, most),
          [member, least, most](Configuration& settings, const std::string& text) {
            return read_number<Number>(text, least, most, member(settings));
          },
          [member](const Configuration& settings) { return fmt::format("{}", member(settings)); }};
}

Key<Configuration> duration_key(std::string name, milliseconds least, milliseconds most, auto member) {
  return {std::move(name),
          fmt::format("a duration from {} to {}", format_duration(least), format_duration(most)),
          [member, least, most](Configuration& settings, const std::string& text) {
            const auto duration = parse_duration(text);
            if (!duration || *duration < least || *duration > most) return false;
            member(settings) = *duration;
            return true;
          },
          [member](const Configuration& settings) { return format_duration(member(settings)); }};
}

Key<Configuration> address_key(std::string name, auto member) {
  return {std::move(name), "host:port, :port for every address, or off",
          [member](Configuration& settings, const std::string& text) {
            return read_address(text, member(settings));
          },
          [member](const Configuration& settings) { return print_address(member(settings)); }};
}

Key<Configuration> log_level_key() {
  return {"logLevel", "debug, info, warning or error",
          [](Configuration& settings, const std::string& text) {
            const auto level = parse_log_level(text);
            if (level) settings.log_level = *level;
            return level.has_value();
          },
          [](const Configuration& settings) { return std::string(to_string(settings.log_level)); }};
}

Key<Configuration> deadlines_key() {
  return {"risk.deadlines", "BOD-26-04, SSVC or Tiers",
          [](Configuration& settings, const std::string& text) {
            const auto policy = risk::parse_deadline_policy(text);
            if (policy) settings.risk.deadlines = *policy;
            return policy.has_value();
          },
          [](const Configuration& settings) { return std::string(to_string(settings.risk.deadlines)); }};
}

std::vector<Key<Configuration>> make_configuration_keys() {
  using C = Configuration;
  using namespace std::chrono_literals;
  constexpr const char* kFile = "a file's path";
  return {
      text_key<C>("kubeconfig", kFile, [](auto& c) -> auto& { return c.kubeconfig; }),
      text_key<C>("context", "a context of the kubeconfig", [](auto& c) -> auto& { return c.context; }),
      text_key<C>(
          "namespace", "a namespace's name", [](auto& c) -> auto& { return c.ns; }, is_dns_label),
      number_key<int>("workers.policies", 1, 64, [](auto& c) -> auto& { return c.workers.policies; }),
      number_key<int>("workers.patches", 1, 64, [](auto& c) -> auto& { return c.workers.patches; }),
      number_key<int>("workers.waves", 1, 64, [](auto& c) -> auto& { return c.workers.waves; }),
      number_key<double>("kubernetes.qps", 1, 1000, [](auto& c) -> auto& { return c.kubernetes.qps; }),
      number_key<int>("kubernetes.burst", 1, 2000, [](auto& c) -> auto& { return c.kubernetes.burst; }),
      log_level_key(),
      address_key("metricsAddress", [](auto& c) -> auto& { return c.metrics_address; }),
      address_key("healthAddress", [](auto& c) -> auto& { return c.health_address; }),
      bool_key<C>("leaderElection.enabled", [](auto& c) -> auto& { return c.leader_election.enabled; }),
      text_key<C>(
          "leaderElection.leaseName", "a Lease's name",
          [](auto& c) -> auto& { return c.leader_election.lease_name; }, is_dns_label),
      duration_key("leaderElection.leaseDuration", 5s, 10min,
                   [](auto& c) -> auto& { return c.leader_election.lease_duration; }),
      duration_key("leaderElection.renewDeadline", 2s, 10min,
                   [](auto& c) -> auto& { return c.leader_election.renew_deadline; }),
      duration_key("leaderElection.retryPeriod", 500ms, 1min,
                   [](auto& c) -> auto& { return c.leader_election.retry_period; }),
      text_key<C>(
          "prometheus.url", "an http:// or https:// URL without credentials or query",
          [](auto& c) -> auto& { return c.prometheus.url; }, is_http_url),
      text_key<C>("prometheus.bearerTokenFile", kFile,
                  [](auto& c) -> auto& { return c.prometheus.bearer_token_file; }),
      text_key<C>("prometheus.caFile", kFile, [](auto& c) -> auto& { return c.prometheus.ca_file; }),
      text_key<C>("prometheus.basicAuth.username", "a user's name",
                  [](auto& c) -> auto& { return c.prometheus.username; }),
      text_key<C>("prometheus.basicAuth.passwordFile", kFile,
                  [](auto& c) -> auto& { return c.prometheus.password_file; }),
      duration_key("prometheus.timeout", 1s, 2min, [](auto& c) -> auto& { return c.prometheus.timeout; }),
      duration_key("prometheus.queryInterval", 1s, 10min,
                   [](auto& c) -> auto& { return c.prometheus.query_interval; }),
      duration_key("prometheus.scrapeDelay", 0s, 10min,
                   [](auto& c) -> auto& { return c.prometheus.scrape_delay; }),
      duration_key("podGate.pullDeadline", 1s, 1h, [](auto& c) -> auto& { return c.pod_gate.pull_deadline; }),
      number_key<int>("podGate.maxRestarts", 0, 100,
                      [](auto& c) -> auto& { return c.pod_gate.max_restarts; }),
      number_key<double>("judge.falseRollbacksPerYear", 0.001, 1000,
                         [](auto& c) -> auto& { return c.judge.false_rollbacks_per_year; }),
      number_key<double>("judge.wavesPerYear", 1, 10'000'000,
                         [](auto& c) -> auto& { return c.judge.waves_per_year; }),
      text_key<C>(
          "nodeJobs.namespace", "a namespace's name", [](auto& c) -> auto& { return c.node_jobs.ns; },
          is_dns_label),
      text_key<C>(
          "nodeJobs.serviceAccount", "a service account's name",
          [](auto& c) -> auto& { return c.node_jobs.service_account; }, is_dns_label),
      deadlines_key(),
      duration_key("discovery.interval", 1s, 168h, [](auto& c) -> auto& { return c.discovery.interval; }),
  };
}

std::vector<Key<RegistrySettings>> make_registry_keys() {
  using R = RegistrySettings;
  return {
      text_key<R>(
          "host", "a registry's host, with its port if it has one", [](auto& r) -> auto& { return r.host; },
          [](const std::string& text) { return text.find('/') == std::string::npos; }),
      bool_key<R>("plainHTTP", [](auto& r) -> auto& { return r.plain_http; }),
      text_key<R>("caFile", "a file's path", [](auto& r) -> auto& { return r.ca_file; }),
      text_key<R>("credentialsFile", "the path of a Docker config.json",
                  [](auto& r) -> auto& { return r.credentials_file; }),
      text_key<R>(
          "tokenServer", "a host, with its port if it has one",
          [](auto& r) -> auto& { return r.token_server; },
          [](const std::string& text) { return text.find('/') == std::string::npos; }),
  };
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

const std::vector<Key<Configuration>>& configuration_keys() {
  static const auto keys = make_configuration_keys();
  return keys;
}

const std::vector<Key<RegistrySettings>>& registry_keys() {
  static const auto keys = make_registry_keys();
  return keys;
}

std::string flag_of(const std::string& key) {
  std::string flag = "--";
  bool after_upper = false;
  for (const char c : key) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (c == '.') {
      flag += '-';
    } else {
      if (upper && !after_upper) flag += '-';
      flag += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    after_upper = upper;
  }
  return flag;
}

std::string nearest_key(const std::string& text, const std::vector<std::string>& known) {
  constexpr std::size_t kLongestCompared = 100;
  if (text.size() > kLongestCompared) return "";
  std::string nearest;
  std::size_t least = std::max<std::size_t>(text.size() / 2, 2) + 1;
  for (const std::string& key : known) {
    const std::size_t distance = edit_distance(lower(text), lower(key));
    if (distance < least) {
      least = distance;
      nearest = key;
    }
  }
  return nearest;
}

}  // namespace patchwave::process
