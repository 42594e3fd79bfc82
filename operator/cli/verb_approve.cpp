#include <fmt/format.h>

#include <ostream>

#include "operator/base/time.hpp"
#include "operator/cli/verbs.hpp"
#include "operator/cli/wave_view.hpp"

namespace patchwave::cli {
namespace {

constexpr std::string_view kHashPrefix = "sha256:";

/// The same decision about the same plan has one name, so deciding twice is one object. An emergency has that
/// of the time when it ends: another one may follow it.
std::string approval_name(const api::PatchWave& wave, const api::PatchApprovalSpec& spec) {
  constexpr std::size_t kHexShown = 12;
  const std::string hex =
      wave.status.plan_hash.substr(std::min(kHashPrefix.size(), wave.status.plan_hash.size()));
  const auto decision =
      spec.emergency ? fmt::format("emergency-{}", spec.emergency->until_time.time_since_epoch() / seconds(1))
                     : std::string(spec.approve ? "approve" : "deny");
  return fmt::format("{}-{}-{}", wave.metadata.name, hex.substr(0, kHexShown), decision);
}

/// `named` may be shortened, as it is shown, but not to less than eight digits.
bool names_plan(std::string_view named, std::string_view hash) {
  if (named.starts_with(kHashPrefix)) named.remove_prefix(kHashPrefix.size());
  if (hash.starts_with(kHashPrefix)) hash.remove_prefix(kHashPrefix.size());
  constexpr std::size_t kFewest = 8;
  return named.size() >= kFewest && hash.starts_with(named);
}

Result<void> check_decidable(const api::PatchWave& wave, const std::string& named_plan) {
  if (api::is_terminal(wave.status.phase)) {
    return fail(ErrorKind::Invalid, fmt::format("{} is {}: there is nothing left to decide",
                                                wave.metadata.name, api::to_string(wave.status.phase)));
  }
  if (wave.status.plan_hash.empty()) {
    return fail(ErrorKind::Invalid,
                wave.metadata.name + " has no plan yet: the operator has not looked at it");
  }
  if (!named_plan.empty() && !names_plan(named_plan, wave.status.plan_hash)) {
    return fail(
        ErrorKind::Conflict,
        fmt::format(
            "the plan has changed: --plan-hash says {}, and it is {} now; look at the plan above again",
            named_plan, wave.status.plan_hash));
  }
  return {};
}

Result<void> check_emergency(const Options& options) {
  if (options.emergency <= milliseconds::zero()) return {};
  if (options.emergency > api::kLongestEmergency) {
    return fail(ErrorKind::Invalid, fmt::format("--emergency {} is too long: it must be 24h at most",
                                                format_duration(options.emergency)));
  }
  if (options.reason.empty())
    return fail(ErrorKind::Invalid, "--emergency needs --reason: it stays on record");
  return {};
}

Json approval_object(const api::PatchWave& wave, bool approve, const std::string& approver,
                     const Options& options, Time now) {
  api::PatchApprovalSpec spec;
  spec.wave = wave.metadata.name;
  spec.approver = approver;
  spec.plan_hash = wave.status.plan_hash;
  spec.approve = approve;
  spec.reason = options.reason;
  if (options.emergency > milliseconds::zero()) {
    spec.emergency = {std::chrono::floor<seconds>(now + options.emergency), options.reason};
  }
  return {{"apiVersion", api::kApiVersion},
          {"kind", "PatchApproval"},
          {"metadata", {{"name", approval_name(wave, spec)}, {"namespace", wave.metadata.ns}}},
          {"spec", api::print_spec(spec)}};
}

std::string question(const api::PatchWave& wave, bool approve, milliseconds emergency) {
  const std::size_t targets = wave.spec.targets.size();
  const auto outside = emergency > milliseconds::zero()
                           ? fmt::format(", outside of their windows for {}", format_duration(emergency))
                           : std::string();
  return fmt::format("{} {} target{}{}?", approve ? "Approve" : "Deny", targets, targets == 1 ? "" : "s",
                     outside);
}

Result<int> decide(Context& context, bool approve) {
  const Options& options = context.options;
  if (auto checked = check_emergency(options); !checked) return fail(checked.error());
  const auto read = context.cluster.wave(context.ns, options.name);
  if (!read) return fail(read.error());
  const api::PatchWave& wave = read->object;
  context.environment.err << render_plan(wave, context.err_style, context.now());
  if (auto decidable = check_decidable(wave, options.plan_hash); !decidable) return fail(decidable.error());
  const bool is_asked_for = wave.spec.approval_required || wave.spec.mode == api::Mode::Approve;
  if (approve && !is_asked_for && options.emergency == milliseconds::zero()) {
    context.environment.err << "This wave needs no approval.\n";
  }
  if (auto confirmed = confirm(context, question(wave, approve, options.emergency)); !confirmed)
    return fail(confirmed.error());

  const auto user = context.cluster.user_name();
  if (!user) return fail(user.error());
  Json object = approval_object(wave, approve, *user, options, context.now());
  const std::string_view done = approve ? "approved" : "denied";
  if (options.dry_run != DryRun::Client) {
    auto created = context.cluster.create(kube::resources::kPatchApprovals, wave.metadata.ns, object,
                                          options.dry_run == DryRun::Server);
    if (!created && created.error().kind == ErrorKind::AlreadyExists) {
      context.environment.err << fmt::format("This plan was {} before; nothing was changed.\n", done);
    } else if (!created) {
      return fail(created.error());
    } else {
      object = std::move(*created);
    }
  }
  report_change(context, kube::resources::kPatchWaves, wave.metadata.name, done, object);
  return exit_code::kOk;
}

}  // namespace

Result<int> approve(Context& context) {
  return decide(context, true);
}

Result<int> deny(Context& context) {
  return decide(context, false);
}

}  // namespace patchwave::cli
