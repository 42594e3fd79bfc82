#include "controllers/schedule/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "controllers/api/object_reader.hpp"
#include "controllers/plan/time_zone.hpp"

namespace patchwave::schedule {
namespace {

using api::ObjectReader;
using api::Presence;

constexpr int kMostSystems = 1'000'000;
constexpr std::size_t kMostGroups = 1'000;
constexpr std::size_t kMostRules = 100;
constexpr std::size_t kLongestName = 128;
constexpr int kLongestHorizon = 366;
constexpr int kMostTop = 100'000;
constexpr int kMostWaves = 100;
constexpr api::TextRule kName{1, kLongestName, api::is_any_text, "a name"};
constexpr api::TextRule kText{0, 512, api::is_any_text, "a string"};
constexpr api::Range<milliseconds> kSpan{milliseconds(0), std::chrono::hours(48)};

/// The first thing that is wrong is kept; reading goes on with defaults.
class EnvironmentReader {
 public:
  explicit EnvironmentReader(const Json& json) : root_(json, "", finding_) {}

  Result<Environment> read() {
    read_plan();
    const Durations durations = read_durations(root_, {});
    const std::vector<Denial> denials = read_denials(root_);
    made_.groups = root_.objects(
        "assetGroups", {1, kMostGroups},
        [&](const ObjectReader& reader) { return read_group(reader, durations, denials); },
        Presence::Required);
    check_names();
    if (finding_.first) return fail(*finding_.first);
    return std::move(made_);
  }

 private:
  void keep(const Error& error) {
    if (!finding_.first) finding_.first = error;
  }
  template <class Value>
  Value take(Result<Value> result) {
    if (result) return std::move(*result);
    keep(result.error());
    return Value();
  }

  void read_plan() {
    const std::string as_of = root_.text("asOf", kText, Presence::Required);
    if (!as_of.empty()) {
      if (const auto date = parse_date(as_of)) {
        made_.as_of = *date;
      } else {
        keep(date.error().within("asOf"));
      }
    }
    made_.horizon_days = root_.integer("horizonDays", made_.horizon_days, {1, kLongestHorizon});
    made_.top = static_cast<std::size_t>(root_.integer("topN", static_cast<int>(made_.top), {0, kMostTop}));
    made_.waves =
        static_cast<std::size_t>(root_.integer("waves", static_cast<int>(made_.waves), {1, kMostWaves}));
    made_.failure_cost = root_.integer("failureCostPercent", 2, {0, 100}) / 100.0;
    made_.zone_name = root_.has("timezone") ? root_.text("timezone", kText) : "Etc/UTC";
    made_.zone = take(plan::read_time_zone(made_.zone_name, "timezone"));
    if (!root_.has("timezone")) assume("no timezone is given: Etc/UTC");
    assume(fmt::format("a failed patch costs {:g} % of what a compromise of the same system would{}",
                       100 * made_.failure_cost, root_.has("failureCostPercent") ? " (stated)" : ""));
  }

  static Duration read_duration(const ObjectReader& reader, Duration otherwise) {
    Duration duration{reader.duration("p50", otherwise.p50, kSpan),
                      reader.duration("p90", otherwise.p90, kSpan)};
    if (duration.p90 < duration.p50) reader.refuse("p90", "must not be shorter than p50");
    return duration;
  }
  static Durations read_durations(const ObjectReader& reader, const Durations& otherwise) {
    const ObjectReader durations = reader.object("durations");
    return {read_duration(durations.object("system"), otherwise.system),
            read_duration(durations.object("patch"), otherwise.patch)};
  }

  cctz::civil_second read_local(const ObjectReader& reader, std::string_view key) {
    constexpr std::size_t kDateAlone = 10;
    std::string text = reader.text(key, kText, Presence::Required);
    if (text.size() == kDateAlone) text += "T00:00";
    return take(plan::read_local_time(text, reader.path_of(key)));
  }
  std::vector<Denial> read_denials(const ObjectReader& reader) {
    return reader.objects("deny", {0, kMostRules}, [&](const ObjectReader& entry) {
      Denial denial{read_local(entry, "from"), read_local(entry, "to"), entry.text("reason", kText)};
      if (denial.from >= denial.to) entry.refuse("to", "must be after from");
      return denial;
    });
  }

  std::vector<WeeklyWindow> read_windows(const ObjectReader& reader) {
    std::vector<WeeklyWindow> windows;
    const auto texts = reader.texts("window", {0, kMostRules}, kText);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string field =
          texts.size() == 1 ? reader.path_of("window") : fmt::format("{}[{}]", reader.path_of("window"), i);
      windows.push_back(take(parse_weekly_window(texts[i], field)));
    }
    return windows;
  }

  void read_impact(const ObjectReader& reader, Group& group) {
    if (const auto word = reader.optional_text("criticality", kText)) {
      group.criticality = risk::parse_human_impact(*word);
      if (!group.criticality)
        reader.refuse("criticality", fmt::format("'{}' must be low, medium, high or very high", *word));
    } else {
      assume(fmt::format("group {}: no criticality is given: medium", group.name));
    }
    if (const auto word = reader.optional_text("exposure", kText)) {
      group.exposure = risk::parse_system_exposure(*word);
      if (!group.exposure)
        reader.refuse("exposure", fmt::format("'{}' must be small, controlled or open", *word));
    } else {
      assume(fmt::format("group {}: no exposure is given: open", group.name));
    }
  }

  void read_capacity(const ObjectReader& reader, Group& group) {
    const int third = std::max(1, group.count / 3);
    group.at_once = reader.integer("capacity", third, {1, kMostSystems});
    if (!reader.has("capacity"))
      assume(fmt::format("group {}: no capacity is given: a third of its {} systems at once, {}", group.name,
                         group.count, third));
    const int available = reader.count_or_percent("minAvailable", {}, kMostSystems).of(group.count);
    if (available >= group.count)
      reader.refuse("minAvailable",
                    fmt::format("must leave at least one of {} systems to be patched", group.count));
    group.at_once = std::clamp(group.at_once, 1, std::max(1, group.count - available));
  }

  Group read_group(const ObjectReader& reader, const Durations& durations,
                   const std::vector<Denial>& denials) {
    Group group;
    group.name = reader.text("name", kName, Presence::Required);
    group.count = reader.integer("count", 1, {1, kMostSystems}, Presence::Required);
    read_impact(reader, group);
    read_capacity(reader, group);
    group.zone_name = reader.has("timezone") ? reader.text("timezone", kText) : made_.zone_name;
    group.zone = take(plan::read_time_zone(group.zone_name, reader.path_of("timezone")));
    group.windows = read_windows(reader);
    group.calendar = reader.text("calendar", kText);
    group.denials = read_denials(reader);
    group.denials.insert(group.denials.end(), denials.begin(), denials.end());
    group.durations = read_durations(reader, durations);
    assume_durations(group);
    return group;
  }

  void assume_durations(const Group& group) {
    const auto minutes = [](milliseconds span) {
      return std::chrono::duration<double, std::ratio<60>>(span).count();
    };
    const Durations& spans = group.durations;
    assume(
        fmt::format("group {}: a system takes {:g} minutes, {:g} with 90 % certainty, and {:g} and {:g} more "
                    "for each patch of its bundle",
                    group.name, minutes(spans.system.p50), minutes(spans.system.p90),
                    minutes(spans.patch.p50), minutes(spans.patch.p90)));
  }

  void check_names() {
    std::set<std::string> names;
    for (const auto& group : made_.groups) {
      if (!names.insert(group.name).second)
        root_.refuse("assetGroups", fmt::format("must not name '{}' twice", group.name));
    }
  }

  void assume(std::string sentence) { made_.assumptions.push_back(std::move(sentence)); }

  api::Finding finding_;
  ObjectReader root_;
  Environment made_;
};

/// One window may be a string where several are a list.
void make_lists(Json& json) {
  const auto groups = json.is_object() ? json.find("assetGroups") : json.end();
  if (!json.is_object() || groups == json.end() || !groups->is_array()) return;
  for (Json& group : *groups) {
    if (!group.is_object()) continue;
    const auto window = group.find("window");
    if (window != group.end() && window->is_string()) *window = Json::array({*window});
  }
}

}  // namespace

Result<Environment> parse_environment(std::string_view text) {
  auto json = parse_json(text, "the environment");
  if (!json) return fail(json.error());
  make_lists(*json);
  return EnvironmentReader(*json).read();
}

Group unknown_group(const Environment& environment, std::string name) {
  Group group;
  group.name = std::move(name);
  group.zone_name = environment.zone_name;
  group.zone = environment.zone;
  group.known = false;
  return group;
}

}  // namespace patchwave::schedule
