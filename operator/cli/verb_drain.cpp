#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "controllers/node/drainer.hpp"
#include "operator/cli/problems.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {
namespace {

constexpr const char* kOwnerPrefix = "kubectl-patchwave/";
constexpr milliseconds kAfterTrouble{2'000};
/// Of putting a node back, with the pause above between them.
constexpr int kMostReleases = 15;

Result<Json> read_node(const Context& context, const std::string& name) {
  auto node = context.cluster.client().get(kube::resources::kNodes, "", name);
  if (!node) return fail(explain_problem(node.error(), {"get", kube::resources::kNodes, "", name}));
  return node;
}

class Drain {
 public:
  Drain(Context& context, drain::Order order) : context_(context), order_(std::move(order)) {}

  /// Until the drain has ended, one way or the other.
  Result<drain::Step> run() {
    const auto begun = context_.environment.clock.monotonic();
    for (;;) {
      const auto step = node::drain_step(context_.cluster.client(), context_.options.name, order_, progress_,
                                         context_.now());
      if (!step && !is_transient(step.error().kind)) return fail(step.error());
      tell(step ? step->message : step.error().message);
      if (step && step->state != drain::State::Cordon && step->state != drain::State::Evicting) return *step;
      const bool too_long = context_.environment.clock.monotonic() - begun > order_.policy.deadline + kLate;
      if (!step && too_long) return fail(step.error());
      const auto pause =
          step ? std::chrono::duration_cast<milliseconds>(step->next_time - context_.now()) : kAfterTrouble;
      if (!context_.environment.wait(std::max(pause, milliseconds(0)))) {
        return fail(ErrorKind::Cancelled, "interrupted");
      }
    }
  }

  Result<drain::Release> put_back() {
    for (int tries = 1;; ++tries) {
      auto released = node::release(context_.cluster.client(), context_.options.name, order_.owner);
      const bool again =
          !released && (is_transient(released.error().kind) || released.error().kind == ErrorKind::Conflict);
      if (!again || tries == kMostReleases || !context_.environment.wait(kAfterTrouble)) return released;
    }
  }

 private:
  static constexpr std::chrono::minutes kLate{1};

  void tell(const std::string& message) {
    if (message == told_) return;
    const auto at = fmt::gmtime(std::chrono::floor<seconds>(context_.now()).time_since_epoch().count());
    context_.environment.err << fmt::format("{:%H:%M:%S} {}\n", at, message) << std::flush;
    told_ = message;
  }

  Context& context_;
  drain::Order order_;
  drain::Progress progress_;
  std::string told_;
};

Json print_step(const std::string& name, const drain::Step& step) {
  Json blockers = Json::array();
  for (const auto& blocker : step.blockers) {
    blockers.push_back({{"pod", blocker.pod},
                        {"reason", drain::to_string(blocker.reason)},
                        {"message", blocker.message},
                        {"forever", blocker.forever}});
  }
  return computed("NodeDrain", {{"node", name},
                                {"state", drain::to_string(step.state)},
                                {"message", step.message},
                                {"blockers", std::move(blockers)}});
}

void report(const Context& context, const drain::Step& step, std::string_view done) {
  const Options& options = context.options;
  std::ostream& out = context.environment.out;
  if (options.format == Format::Json || options.format == Format::Yaml) {
    out << print_object(print_step(options.name, step), options.format);
  } else if (options.format == Format::Name) {
    out << print_name(kube::resources::kNodes, options.name) << "\n";
  } else {
    out << print_name(kube::resources::kNodes, options.name) << " " << done << "\n";
  }
}

}  // namespace

Result<int> drain_node(Context& context) {
  const Options& options = context.options;
  const auto user = context.cluster.user_name();
  if (!user) return fail(user.error());
  const auto read = read_node(context, options.name);
  if (!read) return fail(read.error());
  if (auto confirmed = confirm(context, fmt::format("Drain node {}?", options.name)); !confirmed) {
    return fail(confirmed.error());
  }
  const std::string reason = options.reason.empty() ? "kubectl patchwave drain" : options.reason;
  Drain drain(context, {kOwnerPrefix + *user, reason, string_at(*read, {"metadata", "uid"}), options.drain});
  const auto step = drain.run();
  if (step && step->state == drain::State::Drained) {
    report(context, *step, "drained");
    return exit_code::kOk;
  }
  const auto released = drain.put_back();
  if (!released) return fail(released.error().within("putting node " + options.name + " back"));
  if (!step) return fail(step.error());
  report(context, *step, "not drained: " + step->message);
  return exit_code::kBlocked;
}

Result<int> uncordon_node(Context& context) {
  const Options& options = context.options;
  const auto read = read_node(context, options.name);
  if (!read) return fail(read.error());
  const auto cordon = drain::read_cordon(*read);
  if (!cordon.record) {
    return fail(ErrorKind::Invalid,
                fmt::format("node {} has no record of a drain by Patchwave; what others cordoned is theirs: "
                            "kubectl uncordon {}",
                            options.name, options.name));
  }
  if (!cordon.record->owner.starts_with(kOwnerPrefix)) {
    return fail(ErrorKind::Invalid, fmt::format("node {} is held by {}, which will give it back: {}",
                                                options.name, cordon.record->owner, cordon.record->reason));
  }
  const auto question = fmt::format("Give node {} back, which {} drained for: {}?", options.name,
                                    cordon.record->owner, cordon.record->reason);
  if (auto confirmed = confirm(context, question); !confirmed) return fail(confirmed.error());
  const auto released = node::release(context.cluster.client(), options.name, cordon.record->owner);
  if (!released) return fail(released.error());
  context.environment.out << print_name(kube::resources::kNodes, options.name)
                          << (*released == drain::Release::Uncordon
                                  ? " uncordoned\n"
                                  : " released, and left as another made it\n");
  return exit_code::kOk;
}

}  // namespace patchwave::cli
