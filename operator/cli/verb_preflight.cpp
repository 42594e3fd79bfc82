#include <algorithm>
#include <ostream>

#include "controllers/node/dry_run.hpp"
#include "controllers/node/facts.hpp"
#include "operator/cli/preflight_view.hpp"
#include "operator/cli/problems.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {
namespace {

constexpr std::size_t kMostQuestions = 200;

/// Those named, else those of the selector, else all; in order of name.
Result<std::vector<std::string>> chosen_nodes(const Context& context, const drain::ClusterFacts& cluster) {
  const Options& options = context.options;
  if (!options.names.empty() && !options.selector.empty()) {
    return fail(ErrorKind::Invalid, "name nodes or give --selector, not both");
  }
  std::vector<std::string> names = options.names;
  if (!options.selector.empty()) {
    // The API server reads the selector: it knows every form of it.
    kube::ListOptions list;
    list.label_selector = options.selector;
    const auto found = context.cluster.client().list(kube::resources::kNodes, "", list);
    if (!found) return fail(found.error().within("--selector " + options.selector));
    for (const auto& node : array_at(*found, {"items"}))
      names.push_back(string_at(node, {"metadata", "name"}));
    if (names.empty()) return fail(ErrorKind::NotFound, "no node has the labels " + options.selector);
  } else if (names.empty()) {
    for (const auto& node : cluster.nodes) names.push_back(node.name);
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

}  // namespace

Result<int> preflight_nodes(Context& context) {
  const Options& options = context.options;
  const auto cluster = node::read_cluster(context.cluster.client());
  if (!cluster) return fail(cluster.error());
  const auto nodes = chosen_nodes(context, *cluster);
  if (!nodes) return fail(nodes.error());
  const auto at_once = api::parse_count_or_percent(options.max_unavailable);
  if (!at_once) return fail(at_once.error().within("--max-unavailable"));
  const drain::Plan plan{*nodes, at_once->of(static_cast<int>(nodes->size())), options.drain};
  const auto asked = node::dry_run(context.cluster.client(), *cluster, plan, kMostQuestions);
  if (!asked.incomplete.empty()) context.environment.err << "warning: " << asked.incomplete << "\n";
  const auto report = drain::preflight(*cluster, plan, asked.answers);
  std::ostream& out = context.environment.out;
  if (options.format == Format::Json || options.format == Format::Yaml) {
    out << print_object(print_preflight(report, plan.at_once), options.format);
  } else {
    out << render_preflight(report, plan.at_once, context.style);
  }
  return report.blocks() ? exit_code::kBlocked : exit_code::kOk;
}

}  // namespace patchwave::cli
