#include "tests/simulation/field_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace patchwave::simulation {
namespace {

/// List fields that merge by key (x-kubernetes-list-map-keys of the built-in types), by field name.
const std::vector<std::string>& keys_of_list(std::string_view field) {
  static const std::vector<std::string> name{"name"};
  static const std::vector<std::string> port{"containerPort", "protocol"};
  static const std::vector<std::string> mount{"mountPath"};
  static const std::vector<std::string> type{"type"};
  static const std::vector<std::string> uid{"uid"};
  static const std::vector<std::string> none;
  static const std::map<std::string, const std::vector<std::string>*, std::less<>> table{
      {"containers", &name}, {"initContainers", &name}, {"volumes", &name},    {"env", &name},
      {"ports", &port},      {"volumeMounts", &mount},  {"conditions", &type}, {"ownerReferences", &uid}};
  const auto found = table.find(field);
  return found == table.end() ? none : *found->second;
}

Json key_of_item(const Json& item, const std::vector<std::string>& keys) {
  Json key = Json::object();
  for (const auto& name : keys) {
    if (const auto value = item.find(name); value != item.end()) key[name] = *value;
  }
  return key;
}

const Json* item_with(const Json& list, const Json& key) {
  for (const auto& item : list) {
    const bool same = std::all_of(key.items().begin(), key.items().end(), [&](const auto& part) {
      const auto found = item.find(part.key());
      return found != item.end() && *found == part.value();
    });
    if (same) return &item;
  }
  return nullptr;
}

Json fields_of(const Json& value, std::string_view field) {
  Json fields = Json::object();
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) fields["f:" + key] = fields_of(member, key);
  } else if (value.is_array()) {
    if (field == "finalizers") {
      for (const auto& item : value) fields["v:" + item.dump()] = Json::object();
    } else if (const auto& keys = keys_of_list(field); !keys.empty()) {
      for (const auto& item : value) {
        Json& inner = fields["k:" + key_of_item(item, keys).dump()];
        inner = fields_of(item, "");
        inner["."] = Json::object();
      }
    }
  }
  return fields;
}

Json ownable(const Json& object) {
  Json part = Json::object();
  for (const auto* name : {"labels", "annotations", "finalizers", "ownerReferences"}) {
    if (const Json* found = find(object, {"metadata", name})) part["metadata"][name] = *found;
  }
  for (const auto& [key, value] : object.items()) {
    if (key != "metadata" && key != "status" && key != "apiVersion" && key != "kind") part[key] = value;
  }
  return part;
}

Json changes(const Json& before, const Json& after, std::string_view field) {
  if (before == after) return nullptr;
  Json fields = Json::object();
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : after.items()) {
      const auto old = before.find(key);
      Json inner = old == before.end() ? fields_of(value, key) : changes(*old, value, key);
      if (!inner.is_null()) fields["f:" + key] = std::move(inner);
    }
    return fields.empty() ? Json(nullptr) : fields;
  }
  const auto& keys = keys_of_list(field);
  if (!before.is_array() || !after.is_array() || keys.empty()) return fields_of(after, field);
  for (const auto& item : after) {
    const Json key = key_of_item(item, keys);
    const Json* old = item_with(before, key);
    Json inner =
        old == nullptr ? united(fields_of(item, ""), {{".", Json::object()}}) : changes(*old, item, "");
    if (!inner.is_null()) fields["k:" + key.dump()] = std::move(inner);
  }
  return fields.empty() ? Json(nullptr) : fields;
}

/// One step along a FieldsV1 path; nullptr when the value has no such part.
const Json* follow(const Json* value, const std::string& step) {
  if (value == nullptr || step == ".") return value;
  const std::string rest = step.substr(2);
  if (step.starts_with("f:")) {
    if (!value->is_object()) return nullptr;
    const auto found = value->find(rest);
    return found == value->end() ? nullptr : &*found;
  }
  if (!value->is_array()) return nullptr;
  const Json key = Json::parse(rest);
  if (step.starts_with("k:")) return item_with(*value, key);
  const auto found = std::find(value->begin(), value->end(), key);
  return found == value->end() ? nullptr : &*found;
}

std::string shown(const std::string& step) {
  if (step.starts_with("f:")) return "." + step.substr(2);
  if (!step.starts_with("k:")) return "";
  const Json key = Json::parse(step.substr(2));
  std::string text;
  for (const auto& [name, value] : key.items()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value.dump());
  }
  return "[" + text + "]";
}

/// Leaves that both sets name and on whose value the two objects differ.
void find_conflicts(const Json& wanted, const Json& owned, const Json* applied, const Json* live,
                    const std::string& path, const std::string& manager, std::vector<FieldConflict>& found) {
  for (const auto& [step, inner] : wanted.items()) {
    const auto theirs = owned.find(step);
    if (theirs == owned.end() || step == ".") continue;
    const Json* ours = follow(applied, step);
    const Json* current = follow(live, step);
    if (inner.empty() || theirs->empty()) {
      const bool same = ours != nullptr && current != nullptr && *ours == *current;
      if (!same) found.push_back({manager, path + shown(step)});
    } else {
      find_conflicts(inner, *theirs, ours, current, path + shown(step), manager, found);
    }
  }
}

Json merged(const Json& live, const Json& applied, std::string_view field) {
  if (live.is_object() && applied.is_object()) {
    Json result = live;
    for (const auto& [key, value] : applied.items()) {
      const auto old = live.find(key);
      result[key] = old == live.end() ? value : merged(*old, value, key);
    }
    return result;
  }
  const auto& keys = keys_of_list(field);
  if (!live.is_array() || !applied.is_array() || (keys.empty() && field != "finalizers")) return applied;
  Json result = live;
  for (const auto& item : applied) {
    const Json key = field == "finalizers" ? item : key_of_item(item, keys);
    const auto place = std::find_if(result.begin(), result.end(), [&](const Json& candidate) {
      return field == "finalizers" ? candidate == item : key_of_item(candidate, keys) == key;
    });
    if (place == result.end()) {
      result.push_back(item);
    } else {
      *place = merged(*place, item, "");
    }
  }
  return result;
}

void drop(Json& value, const Json& fields) {
  for (const auto& [step, inner] : fields.items()) {
    if (step.starts_with("f:") && value.is_object()) {
      const auto member = value.find(step.substr(2));
      if (member == value.end()) continue;
      if (inner.empty()) {
        value.erase(member);
      } else {
        drop(*member, inner);
      }
    } else if (step != "." && value.is_array()) {
      const Json* item = follow(&value, step);
      if (item == nullptr) continue;
      const auto index = static_cast<std::size_t>(item - &value[0]);
      if (inner.empty() || inner.contains(".")) {
        value.erase(index);
      } else {
        drop(value[index], inner);
      }
    }
  }
}

Json entry(const Json& object, const std::string& manager, const char* operation, const std::string& time,
           Json fields) {
  return {{"manager", manager}, {"operation", operation},   {"apiVersion", object.value("apiVersion", "")},
          {"time", time},       {"fieldsType", "FieldsV1"}, {"fieldsV1", std::move(fields)}};
}

bool is_entry(const Json& candidate, const std::string& manager, std::string_view operation) {
  return candidate["manager"] == manager && candidate["operation"] == operation;
}

/// Takes `fields` from everybody, drops entries that own nothing, and gives `fields` to one entry.
void give(Json& object, const std::string& manager, const char* operation, const std::string& time,
          const Json& fields, bool replace_own, bool take_from_others) {
  Json entries = Json::array();
  Json own = fields;
  for (auto& existing : object["metadata"]["managedFields"]) {
    if (is_entry(existing, manager, operation)) {
      if (!replace_own) own = united(std::move(own), existing["fieldsV1"]);
      continue;
    }
    if (take_from_others) existing["fieldsV1"] = subtracted(std::move(existing["fieldsV1"]), fields);
    if (!existing["fieldsV1"].empty()) entries.push_back(std::move(existing));
  }
  if (!own.empty()) entries.push_back(entry(object, manager, operation, time, std::move(own)));
  object["metadata"]["managedFields"] = std::move(entries);
}

}  // namespace

Json ownable_fields(const Json& object) {
  return fields_of(ownable(object), "");
}

Json changed_fields(const Json& before, const Json& after) {
  Json fields = changes(ownable(before), ownable(after), "");
  return fields.is_null() ? Json::object() : fields;
}

Json united(Json a, const Json& b) {
  for (const auto& [step, inner] : b.items()) {
    const auto found = a.find(step);
    a[step] = found == a.end() ? inner : united(std::move(*found), inner);
  }
  return a;
}

Json subtracted(Json a, const Json& b) {
  for (const auto& [step, inner] : b.items()) {
    const auto found = a.find(step);
    if (found == a.end()) continue;
    if (inner.empty() || found->empty()) {
      a.erase(found);
      continue;
    }
    Json rest = subtracted(std::move(*found), inner);
    if (rest.empty()) {
      a.erase(step);
    } else {
      a[step] = std::move(rest);
    }
  }
  return a;
}

void record_update(const Json& before, Json& after, const std::string& manager, const std::string& time) {
  after["metadata"]["managedFields"] = array_at(before, {"metadata", "managedFields"});
  const Json fields = changed_fields(before, after);
  if (!fields.empty()) give(after, manager, "Update", time, fields, false, true);
}

Applied apply_configuration(const Json& live, const Json& configuration, const std::string& manager,
                            bool force, const std::string& time) {
  const Json wanted = ownable_fields(configuration);
  Json others = Json::object();
  Json own = Json::object();
  Applied result;
  for (const auto& existing : array_at(live, {"metadata", "managedFields"})) {
    if (is_entry(existing, manager, "Apply")) {
      own = existing["fieldsV1"];
      continue;
    }
    others = united(std::move(others), existing["fieldsV1"]);
    find_conflicts(wanted, existing["fieldsV1"], &configuration, &live, "", existing["manager"],
                   result.conflicts);
  }
  if (!result.conflicts.empty() && !force) return result;
  const bool contested = !result.conflicts.empty();
  result.conflicts.clear();
  result.object = live.empty() ? configuration : merged(live, configuration, "");
  if (!live.empty()) result.object["metadata"] = live["metadata"];
  for (const auto* name : {"labels", "annotations", "finalizers", "ownerReferences"}) {
    const Json* applied = find(configuration, {"metadata", name});
    if (applied == nullptr || live.empty()) continue;
    const Json* old = find(live, {"metadata", name});
    result.object["metadata"][name] = old == nullptr ? *applied : merged(*old, *applied, name);
  }
  drop(result.object, subtracted(subtracted(std::move(own), wanted), others));
  if (!live.empty() && live.contains("status")) result.object["status"] = live["status"];
  const auto& entries = array_at(live, {"metadata", "managedFields"});
  const bool recorded = std::any_of(entries.begin(), entries.end(), [&](const Json& existing) {
    return is_entry(existing, manager, "Apply") && existing["fieldsV1"] == wanted;
  });
  if (!recorded) give(result.object, manager, "Apply", time, wanted, true, contested);
  return result;
}

}  // namespace patchwave::simulation
