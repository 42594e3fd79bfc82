#include "controllers/api/shared_codec.hpp"

#include "operator/base/time.hpp"

namespace patchwave::api {
namespace {

using std::chrono::hours;

constexpr int kMaxTargetsInTransition = 10'000;

bool is_step(std::string_view text) {
  return parse_count_or_percent(text).has_value();
}

constexpr TextRule kStepRule{1, 5, is_step, "a count, such as '1', or a percentage, such as '25%'"};

// Counts and percentages can't be compared with each other before a target is known, so each ascends by
// itself.
bool ascends(const std::vector<CountOrPercent>& steps) {
  int last_count = 0;
  int last_percent = 0;
  for (const auto& step : steps) {
    int& last = step.percent ? last_percent : last_count;
    if (step.value <= last) return false;
    last = step.value;
  }
  return true;
}

std::vector<CountOrPercent> read_steps(const ObjectReader& reader) {
  if (!reader.has("steps")) return PatchWaveSpec{}.steps;
  std::vector<CountOrPercent> steps;
  for (const auto& text : reader.texts("steps", {1, 20}, kStepRule)) {
    if (const auto step = parse_count_or_percent(text)) steps.push_back(*step);
  }
  if (steps.empty() || steps.back() != CountOrPercent{100, true}) {
    reader.refuse("steps", "must end with '100%'");
  }
  if (!ascends(steps)) reader.refuse("steps", "must have counts that ascend, and percentages that ascend");
  return steps;
}

}  // namespace

CountOrPercent read_max_unavailable(const ObjectReader& reader) {
  return reader.count_or_percent("maxUnavailable", {1, false}, kMaxTargetsInTransition);
}

Json print_max_unavailable(const CountOrPercent& value) {
  return value.percent ? Json(to_string(value)) : Json(value.value);
}

Pace read_pace(const ObjectReader& reader) {
  const PatchWaveSpec otherwise;
  Pace pace;
  pace.steps = read_steps(reader);
  pace.max_unavailable = read_max_unavailable(reader);
  pace.step_bake = reader.duration("stepBake", otherwise.step_bake, {seconds(0), hours(24)});
  pace.bake = reader.duration("bake", otherwise.bake, {seconds(0), hours(168)});
  pace.progress_deadline =
      reader.duration("progressDeadline", otherwise.progress_deadline, {seconds(1), hours(24)});
  pace.approval_required = reader.choice_index("approval", {"NotRequired", "Required"}) == 1U;
  return pace;
}

void print_pace(Json& to, const Pace& pace) {
  Json steps = Json::array();
  for (const auto& step : pace.steps) steps.push_back(to_string(step));
  to["steps"] = std::move(steps);
  to["maxUnavailable"] = print_max_unavailable(pace.max_unavailable);
  to["stepBake"] = format_duration(pace.step_bake);
  to["bake"] = format_duration(pace.bake);
  to["progressDeadline"] = format_duration(pace.progress_deadline);
  to["approval"] = pace.approval_required ? "Required" : "NotRequired";
}

std::string read_reference(const ObjectReader& reader, std::string_view key, Presence presence) {
  if (!reader.has(key) && presence == Presence::Optional) return "";
  return reader.object(key, presence).text("name", kObjectNameRule, Presence::Required);
}

UndecidedPolicy read_undecided(const ObjectReader& reader) {
  const UndecidedPolicy otherwise;
  const auto fields = reader.object("onUndecided");
  return {fields.duration("after", otherwise.after, {seconds(1), hours(168)}),
          fields.choice("do", otherwise.action)};
}

Json print_undecided(const UndecidedPolicy& undecided) {
  return {{"after", format_duration(undecided.after)}, {"do", to_string(undecided.action)}};
}

std::vector<Condition> read_conditions(const ObjectReader& reader) {
  return reader.objects("conditions", {}, [](const ObjectReader& fields) {
    return Condition{fields.text("type", {}, Presence::Required),
                     fields.text("status", {}, Presence::Required),
                     fields.text("reason", {}),
                     fields.text("message", {}),
                     fields.big_integer("observedGeneration", 0),
                     fields.time("lastTransitionTime")};
  });
}

void put(Json& to, std::string_view key, const std::string& value) {
  if (!value.empty()) to[std::string(key)] = value;
}

void put(Json& to, std::string_view key, const std::vector<std::string>& value) {
  if (!value.empty()) to[std::string(key)] = value;
}

void put(Json& to, std::string_view key, const std::optional<Time>& value) {
  if (value) to[std::string(key)] = format_time(*value);
}

void put(Json& to, std::string_view key, Json value) {
  if (!value.empty()) to[std::string(key)] = std::move(value);
}

void put_conditions(Json& to, const std::vector<Condition>& conditions) {
  Json list = Json::array();
  for (const auto& condition : conditions) {
    Json fields = {{"type", condition.type},
                   {"status", condition.status},
                   {"reason", condition.reason},
                   {"message", condition.message},
                   {"observedGeneration", condition.observed_generation}};
    put(fields, "lastTransitionTime", condition.last_transition_time);
    list.push_back(std::move(fields));
  }
  put(to, "conditions", std::move(list));
}

}  // namespace patchwave::api
