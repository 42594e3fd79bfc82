#include "controllers/api/updates_codec.hpp"

#include "controllers/api/shared_codec.hpp"
#include "operator/base/time.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kPatternRule{1, 256, is_any_text, "a pattern of RE2"};

HeldBackUpdate read_held_back(const ObjectReader& fields) {
  return {fields.text("image", {}), fields.text("tag", {}), fields.text("digest", {}),
          fields.time("seenTime"), fields.time("untilTime")};
}

Json print_held_back(const HeldBackUpdate& update) {
  Json fields = {{"image", update.image}, {"tag", update.tag}, {"digest", update.digest}};
  put(fields, "seenTime", update.seen_time);
  put(fields, "untilTime", update.until_time);
  return fields;
}

}  // namespace

std::optional<Updates> read_updates(const ObjectReader& spec) {
  using std::chrono::hours;
  using std::chrono::minutes;
  if (!spec.has("updates")) return std::nullopt;
  const auto fields = spec.object("updates");
  Updates updates;
  updates.semver = fields.choice("semver", updates.semver);
  updates.minimum_age = fields.duration("minimumAge", updates.minimum_age, {hours(0), hours(8760)});
  updates.tags = fields.text("tags", kPatternRule);
  if (fields.has("interval"))
    updates.interval = fields.duration("interval", hours(1), {minutes(1), hours(168)});
  return updates;
}

Json print_updates(const Updates& updates) {
  Json fields = {{"semver", to_string(updates.semver)}, {"minimumAge", format_duration(updates.minimum_age)}};
  put(fields, "tags", updates.tags);
  if (updates.interval) fields["interval"] = format_duration(*updates.interval);
  return fields;
}

std::optional<DiscoveryStatus> read_discovery(const ObjectReader& status) {
  if (!status.has("discovery")) return std::nullopt;
  const auto fields = status.object("discovery");
  return DiscoveryStatus{fields.time("lastTime"), fields.time("nextTime"),
                         fields.objects("heldBack", {}, read_held_back)};
}

Json print_discovery(const DiscoveryStatus& discovery) {
  Json fields = Json::object();
  put(fields, "lastTime", discovery.last_time);
  put(fields, "nextTime", discovery.next_time);
  Json held_back = Json::array();
  for (const auto& update : discovery.held_back) held_back.push_back(print_held_back(update));
  put(fields, "heldBack", std::move(held_back));
  return fields;
}

}  // namespace patchwave::api
