#include "operator/cli/wave_view.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "controllers/plan/plan.hpp"
#include "controllers/plan/windows.hpp"
#include "operator/base/time.hpp"
#include "operator/cli/hints.hpp"
#include "operator/cli/table.hpp"

namespace patchwave::cli {
namespace {

constexpr std::size_t kHeadWidth = 13;

std::string head_line(std::string_view label, const std::string& value) {
  return pad(fmt::format("{}:", label), kHeadWidth) + value + "\n";
}

std::string or_none(const std::string& text) {
  return text.empty() ? "<none>" : text;
}

/// The tag, or the short digest of an image without one.
std::string version_of(const std::string& image) {
  const auto reference = plan::parse_image(image);
  if (!reference) return image;
  return reference->tag.empty() ? short_digest(reference->digest) : reference->tag;
}

std::string describe_progress(const api::PatchWave& wave) {
  const api::Progress& progress = wave.status.progress;
  const int total = progress.total > 0 ? progress.total : static_cast<int>(wave.spec.targets.size());
  std::string text = fmt::format("{}/{} targets", progress.done, total);
  if (progress.in_flight > 0) text += fmt::format(", {} in flight", progress.in_flight);
  if (progress.failed > 0) text += fmt::format(", {} failed", progress.failed);
  return text;
}

std::string describe_hold(const api::Hold& hold, Time now) {
  std::string text = hold.reason;
  if (!hold.message.empty()) text += ": " + hold.message;
  if (hold.since_time) text += fmt::format(" (for {})", format_since(hold.since_time, now));
  return text;
}

std::string describe_steps(const api::PatchWaveSpec& spec) {
  std::vector<std::string> steps;
  for (const auto& step : spec.steps) steps.push_back(api::to_string(step));
  return fmt::format("{}, each watched for {} or longer", fmt::join(steps, ", "),
                     format_duration(spec.step_bake));
}

std::string describe_gates(const api::PatchWaveSpec& spec) {
  std::vector<std::string> names = {"pods"};
  for (const auto& gate : spec.gates) names.push_back(gate.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string target_name(const api::WaveTarget& target) {
  return target.ns.empty() ? target.name : target.ns + "/" + target.name;
}

/// Rows of the tree, drawn once all of them are known.
struct Node {
  std::string name;
  std::string kind;
  std::string status;
  std::string age;
  std::string info;
  std::vector<Node> children = {};
};

void add_rows(Table& table, const std::vector<Node>& nodes, const std::string& indent, const Style& style) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const bool last = i + 1 == nodes.size();
    const std::string branch = style.utf8 ? (last ? "└──" : "├──") : (last ? "`--" : "|--");
    const std::string below = last ? "   " : (style.utf8 ? "│  " : "|  ");
    const Node& node = nodes[i];
    table.add({indent + branch + node.name, node.kind, node.status, node.age, node.info});
    add_rows(table, node.children, indent + below, style);
  }
}

bool worth_a_line(const api::TargetStatus& target) {
  return target.state != api::TargetState::Pending && target.state != api::TargetState::Promoted &&
         target.state != api::TargetState::Skipped;
}

Node target_node(const api::PatchWave& wave, const api::TargetStatus& target, const Style& style, Time now) {
  std::string info = describe_change(target, wave.status.image, style);
  if (target.state == api::TargetState::Canary) {
    const std::size_t steps = wave.spec.steps.size();
    info += fmt::format(", step {}/{}, {} copies", target.step + 1, steps, target.canary_replicas);
  }
  if (target.node && worth_a_line(target)) {
    info += fmt::format(", {} step", api::to_string(target.node->step));
    if (target.node->attempt > 1) info += fmt::format(", attempt {}", target.node->attempt);
  }
  if (!target.message.empty()) info += ": " + target.message;
  const auto state = api::to_string(target.state);
  return {target_name(target.target), std::string(api::to_string(target.target.kind)),
          style.marked(sign_of(target.state), state), format_since(target.state_since_time, now), info};
}

/// Targets that differ from the crowd one by one, the crowd as counts: a wave may have hundreds.
std::vector<Node> target_nodes(const api::PatchWave& wave, const Style& style, Time now) {
  constexpr std::size_t kAllShown = 12;
  const auto& targets = wave.status.targets;
  std::vector<Node> nodes;
  std::map<api::TargetState, int> crowd;
  for (const auto& target : targets) {
    if (targets.size() <= kAllShown || worth_a_line(target)) {
      nodes.push_back(target_node(wave, target, style, now));
    } else {
      ++crowd[target.state];
    }
  }
  for (const auto& [state, count] : crowd) {
    nodes.push_back(
        {fmt::format("{} more", count), "", style.marked(sign_of(state), api::to_string(state)), "", ""});
  }
  const std::size_t untouched = wave.spec.targets.size() - std::min(targets.size(), wave.spec.targets.size());
  if (untouched > 0) {
    nodes.push_back({fmt::format("{} more", untouched), "", style.marked(Sign::Waiting, "Pending"), "", ""});
  }
  return nodes;
}

std::string gate_kind(const api::PatchWaveSpec& spec, const std::string& name) {
  const auto gate = std::ranges::find(spec.gates, name, &api::GateSpec::name);
  if (gate == spec.gates.end()) return "Kubernetes";
  std::string kind(api::kind_of(*gate));
  kind.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(kind.front())));
  return kind;
}

Node gates_node(const api::PatchWave& wave, const Style& style, Time now) {
  Node gates{"gates", "", "", "", ""};
  for (const auto& gate : wave.status.gates) {
    std::string info = gate.message;
    if (!gate.target.empty()) info += info.empty() ? gate.target : " (" + gate.target + ")";
    gates.children.push_back({gate.name, gate_kind(wave.spec, gate.name),
                              style.marked(sign_of(gate.verdict), api::to_string(gate.verdict)),
                              format_since(gate.since_time, now), info});
  }
  return gates;
}

std::string render_head(const api::PatchWave& wave, const Style& style, Time now) {
  const auto& status = wave.status;
  std::string text = head_line("Name", wave.metadata.ns + "/" + wave.metadata.name);
  text += head_line("Patch", wave.spec.patch);
  text += head_line("Policy", or_none(wave.spec.policy));
  text += head_line("Image", status.image.empty() ? "<unknown>" : status.image);
  text += head_line("Status", style.marked(sign_of(status.phase), api::to_string(status.phase)));
  if (status.hold) text += head_line("Held by", describe_hold(*status.hold, now));
  if (status.harm) {
    const std::string harm =
        fmt::format("gate {} on {}: {}", status.harm->gate, status.harm->target, status.harm->message);
    text += head_line("Harm", style.paint(harm, Colour::Red));
  }
  if (const auto way = way_on(wave, now); !way.empty()) text += head_line("Moved by", way);
  text += head_line("Verdict", std::string(api::to_string(status.verdict)));
  text += head_line("Progress", describe_progress(wave));
  text += head_line("Window", describe_window(wave.spec.windows, now));
  if (!status.approved_by.empty()) text += head_line("Approved by", status.approved_by);
  if (status.emergency) text += head_line("Emergency", describe_emergency(*status.emergency));
  text += head_line("Plan", status.plan_hash.empty() ? "<none>" : short_digest(status.plan_hash));
  return text;
}

}  // namespace

std::string render_wave(const api::PatchWave& wave, const Style& style, Time now) {
  Table table({"NAME", "KIND", "STATUS", "AGE", "INFO"});
  const auto phase = api::to_string(wave.status.phase);
  table.add({wave.metadata.name, "PatchWave", style.marked(sign_of(wave.status.phase), phase),
             format_since(wave.metadata.creation_time, now), describe_progress(wave)});
  auto children = target_nodes(wave, style, now);
  if (!wave.status.gates.empty()) children.push_back(gates_node(wave, style, now));
  add_rows(table, children, "", style);
  return render_head(wave, style, now) + "\n" + table.print();
}

std::string render_waves(const std::vector<api::PatchWave>& waves, const WaveTableOptions& options,
                         const Style& style, Time now) {
  std::vector<std::string> headings = {"NAME", "PATCH", "STATUS", "PROGRESS", "HOLD", "UNTIL", "VERDICT"};
  if (options.wide) headings.insert(headings.end(), {"POLICY", "IMAGE"});
  headings.push_back("AGE");
  if (options.with_namespace) headings.insert(headings.begin(), "NAMESPACE");
  Table table(headings);
  for (const auto& wave : waves) {
    const auto& status = wave.status;
    const auto phase = api::to_string(status.phase);
    std::vector<std::string> row = {wave.metadata.name, wave.spec.patch,
                                    style.marked(sign_of(status.phase), phase),
                                    fmt::format("{}/{}", status.progress.done, wave.spec.targets.size())};
    row.push_back(status.hold ? status.hold->reason : "<none>");
    const bool ends = status.hold && status.hold->until_time;
    row.push_back(ends ? format_when(*status.hold->until_time, now) : "<none>");
    row.emplace_back(api::to_string(status.verdict));
    if (options.wide) row.insert(row.end(), {or_none(wave.spec.policy), or_none(status.image)});
    row.push_back(format_since(wave.metadata.creation_time, now));
    if (options.with_namespace) row.insert(row.begin(), wave.metadata.ns);
    table.add(std::move(row));
  }
  return table.print(options.headings);
}

std::string render_plan(const api::PatchWave& wave, const Style& style, Time now) {
  constexpr std::size_t kShown = 20;
  std::string text = head_line("Wave", wave.metadata.ns + "/" + wave.metadata.name);
  text += head_line("Patch", wave.spec.patch);
  text += head_line("Image", wave.status.image.empty() ? "<unknown>" : wave.status.image);
  text += head_line("Targets", std::to_string(wave.spec.targets.size()));
  for (std::size_t i = 0; i < std::min(wave.spec.targets.size(), kShown); ++i) {
    const api::WaveTarget& target = wave.spec.targets[i];
    const auto known = std::ranges::find(wave.status.targets, target, &api::TargetStatus::target);
    const auto status = known == wave.status.targets.end() ? api::TargetStatus{} : *known;
    text += fmt::format("  {} {}   {}\n", api::to_string(target.kind), target_name(target),
                        describe_change(status, wave.status.image, style));
  }
  if (wave.spec.targets.size() > kShown)
    text += fmt::format("  and {} more\n", wave.spec.targets.size() - kShown);
  text += head_line("Steps", describe_steps(wave.spec));
  text += head_line("Bake", format_duration(wave.spec.bake));
  text += head_line("Gates", describe_gates(wave.spec));
  text += head_line("On harm", wave.spec.on_harm == api::OnHarm::Rollback
                                   ? "Rollback to what each target runs now"
                                   : "Freeze: nothing is put back");
  text += head_line("Window", describe_window(wave.spec.windows, now));
  text += head_line("Plan", wave.status.plan_hash);
  return text;
}

std::string describe_window(const api::Windows& windows, Time now) {
  if (windows.allow.empty() && windows.deny.empty()) return "always open";
  const plan::WindowState state = plan::window_state(windows, now);
  const std::string when = state.until ? format_when(*state.until, now) : "";
  if (state.open) return when.empty() ? "open" : "open until " + when;
  std::string text = "closed";
  if (!state.reason.empty()) text += " (" + state.reason + ")";
  return text + (when.empty() ? ", does not open within a year" : ", opens " + when);
}

std::string describe_emergency(const api::Emergency& emergency) {
  return fmt::format("{} opens closed windows until {}: {}", emergency.approver,
                     format_time(emergency.until_time), emergency.reason);
}

std::string describe_change(const api::TargetStatus& target, const std::string& image, const Style& style) {
  const std::string& after = target.after_image.empty() ? image : target.after_image;
  std::vector<std::string> before;
  for (const auto& [container, was] : target.before.images) {
    const std::string version = version_of(was);
    if (std::ranges::find(before, version) == before.end()) before.push_back(version);
  }
  const std::string to = after.empty() ? "<unknown>" : version_of(after);
  if (before.empty()) return fmt::format("{} {}", style.arrow(), to);
  return fmt::format("{} {} {}", fmt::join(before, ","), style.arrow(), to);
}

}  // namespace patchwave::cli
