#include "controllers/drain/cordon.hpp"

#include <algorithm>

#include "controllers/api/common.hpp"
#include "operator/base/time.hpp"

namespace patchwave::drain {
namespace {

// A person who uncordons and cordons again leaves the bit as it was; only the API server's record of who
// wrote the field last tells the two apart.
void read_managers(const Json& node, Cordon& cordon) {
  bool known = false;
  bool ours = false;
  for (const auto& entry : array_at(node, {"metadata", "managedFields"})) {
    if (!string_at(entry, {"subresource"}).empty()) continue;
    if (find(entry, {"fieldsV1", "f:spec", "f:unschedulable"}) == nullptr) continue;
    known = true;
    const std::string manager = string_at(entry, {"manager"});
    if (manager == api::kFieldManager) {
      ours = true;
    } else {
      cordon.set_by = manager;
    }
  }
  cordon.set_by_us = !known || (ours && cordon.set_by.empty());
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, is_control);
}

std::string without_control(std::string text) {
  std::ranges::replace_if(text, is_control, '?');
  return text;
}

}  // namespace

std::string print_record(const CordonRecord& record) {
  return print_json({{"owner", without_control(record.owner)},
                     {"reason", without_control(record.reason)},
                     {"since", format_time(record.since)},
                     {"wasUnschedulable", record.was_unschedulable},
                     {"repeats", record.repeats}});
}

std::optional<CordonRecord> parse_record(std::string_view text) {
  const auto json = parse_json(text, "the cordon's record");
  if (!json) return std::nullopt;
  const auto since = time_at(*json, {"since"});
  std::string owner = string_at(*json, {"owner"});
  std::string reason = string_at(*json, {"reason"});
  if (!since || owner.empty() || has_control(owner) || has_control(reason)) return std::nullopt;
  return CordonRecord{std::move(owner), std::move(reason), *since, bool_at(*json, {"wasUnschedulable"}),
                      static_cast<int>(integer_at(*json, {"repeats"}))};
}

Cordon read_cordon(const Json& node) {
  Cordon cordon;
  cordon.unschedulable = bool_at(node, {"spec", "unschedulable"});
  if (const Json* text = find(node, {"metadata", "annotations", kCordonAnnotation})) {
    cordon.annotated = true;
    if (text->is_string()) cordon.record = parse_record(text->get_ref<const std::string&>());
  }
  read_managers(node, cordon);
  return cordon;
}

Release release_of(const Cordon& cordon, std::string_view owner) {
  if (!cordon.owned_by(owner)) return Release::Nothing;
  const bool our_cordon = cordon.unschedulable && cordon.set_by_us && !cordon.record->was_unschedulable;
  return our_cordon ? Release::Uncordon : Release::ForgetRecord;
}

}  // namespace patchwave::drain
