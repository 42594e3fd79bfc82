#include "controllers/wave/transition.hpp"

#include <fmt/format.h>

namespace patchwave::wave {

using api::TargetState;
using api::TargetStatus;

void enter(TargetStatus& record, TargetState state, Time now, std::string message) {
  record.state = state;
  record.state_since_time = now;
  record.ready_since_time.reset();
  record.unready_since_time.reset();
  record.message = std::move(message);
}

void held(Pass& pass, const TargetStatus& record, std::string_view reason, std::string_view message,
          std::optional<Time> until) {
  pass.holds.push_back(
      {std::string(reason), fmt::format("{}: {}", text_of(record.target), message), std::nullopt, until});
}

bool goes_on_undecided(Pass& pass, const judge::Finding& finding, const TargetStatus& record, bool complete) {
  const auto& spec = pass.snapshot.wave.spec;
  const auto since = record.state_since_time.value_or(pass.now);
  if (const auto action = undecided_action(spec, since, pass.now)) {
    if (*action == api::OnUndecided::Rollback) pass.give_up_undecided = true;
    if (*action == api::OnUndecided::Advance && complete) return true;
  } else {
    pass.look_again(since + spec.on_undecided.after);
  }
  pass.look_again(finding.decides_time);
  pass.holds.push_back(hold_for(finding, text_of(record.target)));
  return false;
}

bool may_begin(Pass& pass, const TargetStatus& record) {
  if (pass.widening_held) {
    pass.holds.push_back(*pass.widening_held);
    return false;
  }
  if (pass.may_claim <= 0) {
    pass.holds.push_back(hold_of_spent_budget(text_of(record.target)));
    return false;
  }
  --pass.may_claim;
  return true;
}

bool vanished(const Pass& pass, bool exists, bool replaced, std::string_view replaced_words,
              TargetStatus& record) {
  if (exists && !replaced) return false;
  skip(record, pass.now, exists ? std::string(replaced_words) : "does not exist any more");
  return true;
}

bool shows_harm(Pass& pass, const judge::Finding& finding, TargetStatus& record) {
  if (finding.verdict != api::Verdict::Harm) return false;
  if (!pass.harm) pass.harm = api::Harm{"", text_of(record.target), finding.message, pass.now};
  record.message = finding.message;
  return true;
}

}  // namespace patchwave::wave
