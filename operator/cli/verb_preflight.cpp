#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "controllers/node/drainer.hpp"
#include "controllers/node/facts.hpp"
#include "operator/cli/preflight_view.hpp"
#include "operator/cli/problems.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {
namespace {

/// Each is a request; a cluster with more budgets than this on the chosen nodes is judged by our own sum
/// alone.
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

drain::Answers ask(const Context& context, const drain::ClusterFacts& cluster, const drain::Plan& plan) {
  drain::Answers answers;
  const auto pods = drain::worth_asking(cluster, plan, kMostQuestions + 1);
  for (std::size_t i = 0; i < std::min(pods.size(), kMostQuestions); ++i) {
    const auto answer =
        context.cluster.client().evict(pods[i]->ns, pods[i]->name, pods[i]->uid, std::nullopt, true);
    if (!answer && answer.error().kind == ErrorKind::Forbidden) {
      context.environment.err << "warning: the API server was not asked, only its objects were read: "
                              << answer.error().message << "\n";
      return answers;
    }
    auto heard = node::hear(answer);
    answers[pods[i]->uid] = {heard.answer, std::move(heard.message)};
  }
  if (pods.size() > kMostQuestions) {
    context.environment.err << fmt::format(
        "warning: the API server was asked about {} pods, not about more\n", kMostQuestions);
  }
  return answers;
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
  const auto report = drain::preflight(*cluster, plan, ask(context, *cluster, plan));
  std::ostream& out = context.environment.out;
  if (options.format == Format::Json || options.format == Format::Yaml) {
    out << print_object(print_preflight(report, plan.at_once), options.format);
  } else {
    out << render_preflight(report, plan.at_once, context.style);
  }
  return report.blocks() ? exit_code::kBlocked : exit_code::kOk;
}

}  // namespace patchwave::cli
