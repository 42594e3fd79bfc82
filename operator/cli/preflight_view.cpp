#include "operator/cli/preflight_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/cli/output.hpp"

namespace patchwave::cli {
namespace {

constexpr std::size_t kMostLines = 20;

struct Heading {
  drain::Weight weight;
  Sign sign;
  std::string_view text;
};
constexpr Heading kHeadings[] = {{drain::Weight::Blocks, Sign::Bad, "This wave will deadlock:"},
                                 {drain::Weight::Waits, Sign::Waiting, "It would wait for:"},
                                 {drain::Weight::Warns, Sign::Attention, "Worth knowing:"}};

std::string count_of(int count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string render_weight(const drain::Report& report, const Heading& heading, const Style& style) {
  std::string text;
  std::size_t lines = 0;
  for (const auto& finding : report.findings) {
    if (finding.weight != heading.weight) continue;
    if (++lines <= kMostLines) text += fmt::format("  {} {}\n", style.sign(heading.sign), finding.message);
  }
  if (lines == 0) return "";
  if (lines > kMostLines) text += fmt::format("  and {} more; -o json shows all\n", lines - kMostLines);
  return fmt::format("\n{}\n{}", heading.text, text);
}

}  // namespace

std::string render_preflight(const drain::Report& report, int at_once, const Style& style) {
  std::string text = fmt::format("{}, {} to evict, {} at once\n", count_of(report.nodes, "node"),
                                 count_of(report.pods, "pod"), count_of(at_once, "node"));
  for (const auto& heading : kHeadings) text += render_weight(report, heading, style);
  if (report.findings.empty()) text += "\nNothing keeps them from being drained.\n";
  return text;
}

Json print_preflight(const drain::Report& report, int at_once) {
  Json findings = Json::array();
  for (const auto& finding : report.findings) {
    Json printed = {{"weight", drain::to_string(finding.weight)},
                    {"reason", drain::to_string(finding.reason)},
                    {"message", finding.message}};
    if (!finding.node.empty()) printed["node"] = finding.node;
    if (!finding.pod.empty()) printed["pod"] = finding.pod;
    if (!finding.budget.empty()) printed["podDisruptionBudget"] = finding.budget;
    findings.push_back(std::move(printed));
  }
  return computed("NodePreflight", {{"nodes", report.nodes},
                                    {"podsToEvict", report.pods},
                                    {"nodesAtOnce", at_once},
                                    {"blocks", report.blocks()},
                                    {"findings", std::move(findings)}});
}

}  // namespace patchwave::cli
