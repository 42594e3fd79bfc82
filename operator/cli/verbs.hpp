// The verbs. Each is given what was asked for and returns an exit code, or an error that is told on standard
// error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/drain/treatment.hpp"
#include "operator/cli/cluster.hpp"
#include "operator/cli/environment.hpp"
#include "operator/cli/history.hpp"
#include "operator/cli/output.hpp"
#include "operator/cli/ranking.hpp"
#include "operator/cli/style.hpp"

namespace patchwave::cli {

enum class DryRun : std::uint8_t { None, Client, Server };

/// Files as they were named; one of them may be "-", standard input.
struct PlanFiles {
  std::string patches;
  std::string environment;
  std::string known_issues;  ///< "": none.
  std::vector<std::string> freezes;
};

/// Everything that flags and arguments can say; a verb reads what concerns it.
struct Options {
  ConnectOptions connect;
  std::string ns;
  bool all_namespaces = false;
  Format format = Format::Table;
  bool no_headers = false;
  ColourMode colour = ColourMode::Auto;
  bool ascii = false;
  bool yes = false;
  DryRun dry_run = DryRun::None;
  bool watch = false;
  milliseconds timeout{0};  ///< Of --watch; 0: none.
  bool client_only = false;
  std::string name;  ///< NAME, or KIND/NAME of explain.
  std::string reason;
  std::string plan_hash;
  milliseconds emergency{0};  ///< How long closed windows are to count as open; 0: they stay closed.
  std::string shell;
  std::string gate_file;
  std::string samples_file;  ///< "-": standard input.
  std::string change_at;
  HistoryFlags history;
  std::vector<std::string> names;     ///< Of nodes.
  std::string selector;               ///< Of nodes.
  std::string max_unavailable = "1";  ///< Of nodes: a count or a percentage.
  drain::Policy drain;
  RankingFiles ranking;
  PlanFiles plan;
  std::string as_of;  ///< YYYY-MM-DD; "": today.
  risk::DeadlinePolicy deadlines = risk::DeadlinePolicy::Bod2604;
  std::size_t top = 0;  ///< 0: all, and of a table for people the first fifteen.
};

struct Context {
  Environment& environment;
  const Options& options;
  Cluster cluster;
  Style style;      ///< For standard output.
  Style err_style;  ///< For standard error.
  std::string ns;   ///< Flag, else context; "" with --all-namespaces.

  [[nodiscard]] Time now() const { return environment.clock.now(); }
};

/// Connects as the flags say.
Result<Context> make_context(Environment& environment, const Options& options);

Result<int> show_status(Context& context);
Result<int> get_wave(Context& context);
Result<int> explain(Context& context);
Result<int> approve(Context& context);
Result<int> deny(Context& context);
Result<int> cancel(Context& context);
Result<int> list_quarantine(Context& context);
Result<int> lift_quarantine(Context& context);
/// Says what would keep nodes from being drained; changes nothing.
Result<int> preflight_nodes(Context& context);
/// Ends with the node drained, or put back as it was.
Result<int> drain_node(Context& context);
Result<int> uncordon_node(Context& context);

// These need no cluster.
/// Judges recorded samples, or those that Prometheus has.
Result<int> judge_past(Environment& environment, const Options& options);
/// Ranks findings from files.
Result<int> rank(Environment& environment, const Options& options);
/// Plans a month of patches from files.
Result<int> plan_month(Environment& environment, const Options& options);
/// Prints what it can learn, also without a cluster.
Result<int> show_version(Environment& environment, const Options& options);
Result<int> print_completion_script(Environment& environment, const Options& options);

/// Asks on a terminal; elsewhere --yes is needed. A dry run needs no answer. The error says how to go on.
Result<void> confirm(const Context& context, const std::string& question);
/// Says what a mutation did, in the format asked for: "patchwave.patchwave.dev/web-canary cancelled", or the
/// object.
void report_change(const Context& context, const kube::Resource& resource, const std::string& name,
                   std::string_view done, const Json& object);
/// Tells of objects that were left out of a list.
void warn_skipped(const Context& context, const std::vector<std::string>& skipped);

}  // namespace patchwave::cli
