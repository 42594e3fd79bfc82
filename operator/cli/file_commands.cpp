#include "operator/cli/file_commands.hpp"

#include "operator/cli/flags.hpp"

namespace patchwave::cli {
namespace {

/// For those with formats of their own.
void calls(CLI::App& command, Chosen& chosen, Result<int> (*verb)(Environment&, const Options&)) {
  command.callback([&chosen, verb] {
    chosen.local_verb = verb;
    chosen.knows_its_formats = true;
  });
}

/// Where Prometheus is, whose samples it is asked for and of when.
void add_history_flags(CLI::App& judge, HistoryFlags& history) {
  const auto add = [&](const std::string& flag, std::string& into, const std::string& type,
                       const std::string& description) {
    judge.add_option(flag, into, description)->type_name(type);
  };
  add("--from-prometheus", history.access.url, "URL",
      "Prometheus that has the samples, instead of --samples");
  add("--canary", history.canary, "REGEX",
      "Pods with the change, by their whole names; one that matches --baseline as well is a canary");
  add("--baseline", history.baseline, "REGEX", "Pods without the change, by their whole names");
  add("--pod-label", history.pod_label, "LABEL", "Label that names a series' pod; pod when not given");
  add("--since", history.since, "TIME",
      "When the change was made: RFC 3339, seconds since 1970, or how long ago, as in 2h");
  add("--until", history.until, "TIME", "Up to when, in the same way; now when not given");
  add("--prometheus-token-file", history.access.bearer_token_file, "FILE", "Bearer token for Prometheus");
  add("--prometheus-ca-file", history.access.ca_file, "FILE",
      "Certificates that Prometheus' own must come from; the system's when not given");
  add("--prometheus-username", history.access.username, "NAME",
      "User for basic authentication, with --prometheus-password-file");
  add("--prometheus-password-file", history.access.password_file, "FILE", "That user's password");
}

void add_judge_command(CLI::App& app, Chosen& chosen, const std::string& program) {
  Options& options = chosen.options;
  auto& judge = add_command(
      app, "judge", "Judge what was recorded of a change by a gate: Pass, Harm or Undecided",
      {"judge --gate gate.yaml --samples samples.csv",
       "judge --gate gate.yaml --samples samples.csv --output json",
       "judge --gate memory.yaml --samples memory.csv --change-at 2026-11-21T02:00:00Z",
       "judge --gate gate.yaml --from-prometheus https://prometheus.example.com --canary 'web-6c4d5f7b8d-.*' "
       "--baseline 'web-.*' --since 2h -n shop"},
      program);
  judge.add_option("--gate", options.gate_file, "File with one gate: counter, histogram or gauge")
      ->type_name("FILE")
      ->required();
  judge
      .add_option(
          "--samples", options.samples_file,
          "CSV with the header time,arm,series,events,exposure, or time,arm,series,value for a gauge; "
          "- is standard input")
      ->type_name("FILE");
  judge
      .add_option(
          "--change-at", options.change_at,
          "When the change was made, as RFC 3339 or seconds; of --samples, a gauge's before it are its past")
      ->type_name("TIME");
  add_history_flags(judge, options.history);
  judge.callback([&chosen] { chosen.local_verb = judge_past; });
}

void add_deadlines(CLI::App& command, Options& options) {
  add_choice<risk::DeadlinePolicy>(command, "--deadlines", options.deadlines,
                                   {{"BOD-26-04", risk::DeadlinePolicy::Bod2604},
                                    {"SSVC", risk::DeadlinePolicy::Ssvc},
                                    {"Tiers", risk::DeadlinePolicy::Tiers}},
                                   "Table that gives the deadlines; BOD-26-04 when not given");
}

void add_rank_command(CLI::App& app, Chosen& chosen, const std::string& program) {
  Options& options = chosen.options;
  auto& rank = add_command(
      app, "rank", "Rank findings: what to patch first, by when and why",
      {"rank --findings findings.csv --epss epss_scores.csv.gz --kev known_exploited_vulnerabilities.json",
       "rank --findings findings.csv --epss epss.csv.gz --signals exploits.csv.gz --as-of 2024-09-30 -o csv",
       "rank --findings - --deadlines SSVC --top 50 --output json"},
      program);
  const auto file = [&](const std::string& flag, auto& into, const std::string& description) {
    return rank.add_option(flag, into, description + "; gzip is recognised")->type_name("FILE");
  };
  file(
      "--findings", options.ranking.findings,
      "CSV with the column cve, and maybe cvss_vector, published, exposure, criticality and others; or JSON: "
      "trivy-operator's VulnerabilityReports, CycloneDX; - is standard input")
      ->required();
  file("--epss", options.ranking.epss, "EPSS scores of a day, or a matrix of days; may be repeated");
  file("--kev", options.ranking.kev, "CISA's Known Exploited Vulnerabilities as JSON");
  file("--signals", options.ranking.signals,
       "CSV with the columns cve and first_seen or first_report, and maybe source; may be repeated");
  file("--vulnrichment", options.ranking.vulnrichment, "CISA's vulnrichment as CSV");
  file("--vex", options.ranking.vex, "OpenVEX document: what is not affected is taken off; may be repeated");
  rank.add_option("--as-of", options.as_of, "Day that counts: no later row is used; today when not given")
      ->type_name("YYYY-MM-DD");
  add_deadlines(rank, options);
  rank.add_option("--top", options.top, "Only the first N; all when not given, 15 in a table")
      ->type_name("N");
  file("--model", options.ranking.model, "Threat model to use instead of the built-in one");
  calls(rank, chosen, cli::rank);
}

void add_plan_command(CLI::App& app, Chosen& chosen, const std::string& program) {
  PlanFiles& files = chosen.options.plan;
  auto& plan = add_command(
      app, "plan", "Plan a month of patches: which wave, which window and why, as a calendar",
      {"plan --patches patches.csv --environment environment.json",
       "plan --patches patches.csv --environment environment.json --known-issues issues.json --output json",
       "plan --patches patches.csv --environment environment.json --output html",
       "plan --patches patches.csv --environment environment.json --freeze-calendar freezes.ics"},
      program);
  const auto file = [&](const std::string& flag, auto& into, const std::string& description) {
    return plan.add_option(flag, into, description)->type_name("FILE");
  };
  file("--patches", files.patches,
       "CSV with the columns patch_id, cve, asset_group and affected_systems, and maybe cvss_vector, epss, "
       "kev and "
       "others; - is standard input")
      ->required();
  file("--environment", files.environment, "JSON with asOf and assetGroups: name, count, window and others")
      ->required();
  file("--known-issues", files.known_issues, "JSON list of patch, cve or product, and issue");
  file("--freeze-calendar", files.freezes,
       "iCalendar file: nothing is touched while one of its events goes on; may be repeated");
  file("--model", chosen.options.ranking.model, "Threat model to use instead of the built-in one");
  add_deadlines(plan, chosen.options);
  calls(plan, chosen, plan_month);
}

}  // namespace

void add_file_commands(CLI::App& app, Chosen& chosen, const std::string& program) {
  add_judge_command(app, chosen, program);
  add_rank_command(app, chosen, program);
  add_plan_command(app, chosen, program);
}

}  // namespace patchwave::cli
