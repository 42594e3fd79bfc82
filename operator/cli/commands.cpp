#include "operator/cli/commands.hpp"

#include <map>

#include "operator/cli/file_commands.hpp"
#include "operator/cli/flags.hpp"

namespace patchwave::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 error, 2 a watched wave ended badly or nodes can't be drained, 4 timed out, "
    "130 interrupted";

void add_global_flags(CLI::App& app, Options& options) {
  ConnectOptions& connect = options.connect;
  app.add_option("--kubeconfig", connect.kubeconfig, "Path of the kubeconfig file")->type_name("FILE");
  app.add_option("--context", connect.context, "Context of the kubeconfig to use")->type_name("NAME");
  app.add_option("--cluster", connect.cluster, "Cluster of the kubeconfig to use")->type_name("NAME");
  app.add_option("--user", connect.user, "User of the kubeconfig to use")->type_name("NAME");
  app.add_option("-n,--namespace", options.ns, "Namespace; the context's when not given")->type_name("NAME");
  app.add_option("--server", connect.server, "URL of the API server")->type_name("URL");
  app.add_option("--token", connect.token, "Bearer token for the API server")->type_name("TOKEN");
  app.add_option("--as", connect.as, "User to impersonate")->type_name("USER");
  app.add_option("--as-group", connect.as_group, "Group to impersonate, with --as")->type_name("GROUP");
  app.add_flag("--insecure-skip-tls-verify", connect.insecure_skip_tls_verify,
               "Do not verify the API server's certificate");
  add_duration(app, "--request-timeout", connect.request_timeout, "Longest time for one request");
  add_choice<Format>(app, "-o,--output", options.format,
                     {{"text", Format::Table},
                      {"table", Format::Table},
                      {"wide", Format::Wide},
                      {"json", Format::Json},
                      {"yaml", Format::Yaml},
                      {"name", Format::Name},
                      {"csv", Format::Csv},
                      {"markdown", Format::Markdown},
                      {"ics", Format::Icalendar},
                      {"html", Format::Html}},
                     "Output format; a table for people when not given");
  add_choice<ColourMode>(
      app, "--color", options.colour,
      {{"auto", ColourMode::Auto}, {"always", ColourMode::Always}, {"never", ColourMode::Never}},
      "When to use colours");
  app.add_flag("--ascii", options.ascii, "Signs in ASCII only");
  app.add_flag("--no-headers", options.no_headers, "Tables without headings");
}

void add_all_namespaces(CLI::App& command, Options& options) {
  command.add_flag("-A,--all-namespaces", options.all_namespaces, "All namespaces");
}

void add_name(CLI::App& command, Options& options, const std::string& what, bool required = true) {
  command.add_option("NAME", options.name, what)->required(required);
}

void add_change_flags(CLI::App& command, Options& options) {
  command.add_flag("-y,--yes", options.yes, "Do not ask for confirmation");
  add_choice<DryRun>(
      command, "--dry-run", options.dry_run,
      {{"none", DryRun::None}, {"client", DryRun::Client}, {"server", DryRun::Server}},
      "Show what would be done: client sends nothing, server sends a request that changes nothing");
}

void calls(CLI::App& command, Chosen& chosen, Result<int> (*verb)(Context&)) {
  command.callback([&chosen, verb] { chosen.verb = verb; });
}

void add_reading_commands(CLI::App& app, Chosen& chosen, const std::string& program) {
  Options& options = chosen.options;
  auto& status = add_command(app, "status", "What is happening, what waits and what for",
                             {"status", "status -A", "status -n shop -o json"}, program);
  add_all_namespaces(status, options);
  calls(status, chosen, show_status);

  auto& get =
      add_command(app, "get", "Show objects of Patchwave",
                  {"get wave", "get wave web-1.4.3-canary", "get wave web-1.4.3-canary --watch"}, program);
  get.require_subcommand(1);
  auto& wave = add_command(
      get, "wave", "Waves as a table, or one with its targets and gates",
      {"get wave -A", "get wave web-1.4.3-canary", "get wave web-1.4.3-canary --watch --timeout 1h"},
      program);
  wave.alias("waves")->alias("pw")->alias("patchwave")->alias("patchwaves");
  add_name(wave, options, "Name of the wave; all when not given", false);
  add_all_namespaces(wave, options);
  wave.add_flag("-w,--watch", options.watch, "Follow the wave until it has ended");
  add_duration(wave, "--timeout", options.timeout, "Longest time to watch");
  calls(wave, chosen, get_wave);

  auto& why = add_command(
      app, "explain", "Why a wave, a patch or a policy is where it is, and what moves it",
      {"explain wave/web-1.4.3-rest", "explain patch/web-1.4.3", "explain policy/web -o json"}, program);
  add_name(why, options, "wave/NAME, patch/NAME, policy/NAME, or the NAME of a wave");
  calls(why, chosen, explain);
}

void add_changing_commands(CLI::App& app, Chosen& chosen, const std::string& program) {
  Options& options = chosen.options;
  const auto add_decision = [&](const std::string& name, const std::string& description,
                                Result<int> (*verb)(Context&)) {
    auto& command = add_command(app, name, description,
                                {name + " web-1.4.3-rest", name + " web-1.4.3-rest --reason CAB-1234",
                                 name + " web-1.4.3-rest --plan-hash sha256:7f3a90c1 --yes"},
                                program);
    add_name(command, options, "Name of the wave");
    command.add_option("--reason", options.reason, "Why, for the record")->type_name("TEXT");
    command.add_option("--plan-hash", options.plan_hash, "Only if the plan is still this one")
        ->type_name("HASH");
    add_change_flags(command, options);
    calls(command, chosen, verb);
    return &command;
  };
  auto* yes = add_decision("approve", "Show the plan of a wave and approve it", approve);
  add_duration(*yes, "--emergency", options.emergency,
               "Open its closed windows for so long, 24h at most; needs --reason and a right of its own");
  add_decision("deny", "Show the plan of a wave and deny it", deny);

  auto& stop = add_command(
      app, "cancel", "Cancel a wave",
      {"cancel web-1.4.3-rest", "cancel web-1.4.3-rest --yes", "cancel web-1.4.3-rest --dry-run=server"},
      program);
  add_name(stop, options, "Name of the wave");
  add_change_flags(stop, options);
  calls(stop, chosen, cancel);

  auto& quarantine =
      add_command(app, "quarantine", "Patches that did harm and are denied",
                  {"quarantine list", "quarantine list -A", "quarantine lift web-1.4.3"}, program);
  quarantine.require_subcommand(1);
  auto& list = add_command(quarantine, "list", "Show the patches in quarantine",
                           {"quarantine list", "quarantine list -A", "quarantine list -o name"}, program);
  add_all_namespaces(list, options);
  calls(list, chosen, list_quarantine);
  auto& lift = add_command(quarantine, "lift", "Allow a patch again that did harm",
                           {"quarantine lift web-1.4.3", "quarantine lift web-1.4.3 --yes",
                            "quarantine lift web-1.4.3 --dry-run=server"},
                           program);
  add_name(lift, options, "Name of the patch");
  add_change_flags(lift, options);
  calls(lift, chosen, lift_quarantine);
}

/// What becomes of pods that a drain should think twice about.
void add_drain_policy(CLI::App& command, drain::Policy& policy) {
  const std::map<std::string, drain::Treatment> treatments = {{"evict", drain::Treatment::Evict},
                                                              {"refuse", drain::Treatment::Refuse},
                                                              {"leave", drain::Treatment::Leave}};
  add_choice(command, "--bare-pods", policy.bare_pods, treatments,
             "Pods that no controller would make again");
  add_choice(command, "--local-storage", policy.local_storage, treatments, "Pods with an emptyDir");
  add_choice(command, "--protected-pods", policy.protected_pods, treatments,
             "Pods with an annotation that asks not to disturb them");
}

void add_node_commands(CLI::App& app, Chosen& chosen, const std::string& program) {
  Options& options = chosen.options;
  auto& preflight = add_command(app, "preflight", "What would keep nodes from being drained; changes nothing",
                                {"preflight nodes", "preflight nodes --selector pool=workers"}, program);
  preflight.require_subcommand(1);
  auto& nodes = add_command(
      preflight, "nodes", "The pods, PodDisruptionBudgets and lacks of room that matter",
      {"preflight nodes worker-1 worker-2", "preflight nodes --selector pool=workers --max-unavailable 10%",
       "preflight nodes --selector pool=workers -o json"},
      program);
  nodes.add_option("NODE", options.names, "Names of nodes; all when neither they nor --selector are given");
  nodes.add_option("-l,--selector", options.selector, "Labels of the nodes")->type_name("SELECTOR");
  nodes.add_option("--max-unavailable", options.max_unavailable, "How many at once: a count or a percentage")
      ->type_name("N|N%");
  add_drain_policy(nodes, options.drain);
  calls(nodes, chosen, preflight_nodes);

  auto& drain = add_command(app, "drain", "Drain a node, or put it back and say what kept its pods",
                            {"drain worker-1", "drain worker-1 --deadline 10m --reason CAB-1234",
                             "drain worker-1 --bare-pods evict --yes"},
                            program);
  add_name(drain, options, "Name of the node");
  add_duration(drain, "--deadline", options.drain.deadline,
               "Longest time to drain; then the node is put back");
  drain.add_option("--reason", options.reason, "Why, for the record on the node")->type_name("TEXT");
  drain.add_flag("-y,--yes", options.yes, "Do not ask for confirmation");
  add_drain_policy(drain, options.drain);
  calls(drain, chosen, drain_node);

  auto& uncordon = add_command(app, "uncordon", "Give back a node that `drain` drained",
                               {"uncordon worker-1", "uncordon worker-1 --yes"}, program);
  add_name(uncordon, options, "Name of the node");
  uncordon.add_flag("-y,--yes", options.yes, "Do not ask for confirmation");
  calls(uncordon, chosen, uncordon_node);
}

void add_other_commands(CLI::App& app, Chosen& chosen, const std::string& program) {
  auto& version =
      add_command(app, "version", "Versions of this program, the operator, the CRDs and the cluster",
                  {"version", "version --client", "version -o json"}, program);
  version.add_flag("--client", chosen.options.client_only, "Only this program's");
  version.callback([&chosen] { chosen.local_verb = show_version; });

  auto& completion = add_command(app, "completion", "Print a completion script",
                                 {"completion bash", "completion zsh", "completion kubectl"}, program);
  completion
      .add_option("SHELL", chosen.options.shell,
                  "bash, zsh, or kubectl for the file kubectl_complete-patchwave")
      ->required();
  completion.callback([&chosen] { chosen.local_verb = print_completion_script; });
}

}  // namespace

std::unique_ptr<CLI::App> make_commands(Chosen& chosen, const std::string& program) {
  auto app = std::make_unique<CLI::App>(
      "Patch rollouts in waves: what happens, why it waits, and your say in it", program);
  app->require_subcommand(1)->fallthrough()->footer(kFooter);
  add_global_flags(*app, chosen.options);
  add_reading_commands(*app, chosen, program);
  add_changing_commands(*app, chosen, program);
  add_node_commands(*app, chosen, program);
  add_file_commands(*app, chosen, program);
  add_other_commands(*app, chosen, program);
  return app;
}

}  // namespace patchwave::cli
