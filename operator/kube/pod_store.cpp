#include "operator/kube/pod_store.hpp"

#include <cstring>
#include <unordered_map>

#include "operator/kube/decode.hpp"

namespace patchwave::kube {
namespace {

// Keys and values in turn, each after its length: whatever a label holds, the text reads back the same.
void append(std::string& packed, std::string_view part) {
  const auto length = static_cast<std::uint32_t>(part.size());
  packed.append(reinterpret_cast<const char*>(&length),
                sizeof(length));  // NOLINT: our own bytes, read by take()
  packed += part;
}

std::string_view take(std::string_view& packed) {
  std::uint32_t length = 0;
  std::memcpy(&length, packed.data(), sizeof(length));
  const std::string_view part = packed.substr(sizeof(length), length);
  packed.remove_prefix(sizeof(length) + length);
  return part;
}

std::string pack_labels(const PodStore::Labels& labels) {
  std::string packed;
  for (const auto& [key, label] : labels) {
    append(packed, key);
    append(packed, label);
  }
  return packed;
}

PodStore::Labels unpack_labels(std::string_view packed) {
  PodStore::Labels labels;
  while (!packed.empty()) {
    const std::string_view key = take(packed);
    labels.emplace_hint(labels.end(), key, take(packed));
  }
  return labels;
}

ContainerRow pack_container(const ContainerView& view, InternPool& pool) {
  ContainerRow row;
  row.name = pool.intern(view.name);
  row.image = pool.intern(view.image);
  row.image_id = pool.intern(view.image_id);
  row.waiting_reason = pool.intern(view.waiting_reason);
  row.waiting_message = pool.intern(view.waiting_message);
  row.terminated_reason = pool.intern(view.terminated_reason);
  row.restarts = view.restarts;
  row.init = view.init;
  row.ready = view.ready;
  row.started = view.started;
  return row;
}

ContainerView unpack_container(const ContainerRow& row) {
  ContainerView view;
  view.name = row.name.text();
  view.image = row.image.text();
  view.image_id = row.image_id.text();
  view.waiting_reason = row.waiting_reason.text();
  view.waiting_message = row.waiting_message.text();
  view.terminated_reason = row.terminated_reason.text();
  view.restarts = row.restarts;
  view.init = row.init;
  view.ready = row.ready;
  view.started = row.started;
  return view;
}

}  // namespace

Result<std::pair<NamespacedName, PodView>> PodStore::decode(std::string_view object) {
  auto pod = decode_pod(object);
  if (!pod) return fail(std::move(pod.error()));
  NamespacedName name{pod->ns, pod->name};
  return std::pair(std::move(name), std::move(*pod));
}

PodRow PodStore::pack(PodView view) {
  PodRow row;
  row.uid = std::move(view.uid);
  row.uid.shrink_to_fit();
  row.node = pool_.intern(view.node);
  row.owner_kind = pool_.intern(view.owner_kind);
  row.owner_name = pool_.intern(view.owner_name);
  row.owner_uid = pool_.intern(view.owner_uid);
  row.phase = pool_.intern(view.phase);
  row.labels = pool_.intern(pack_labels(view.labels));
  row.unschedulable_message = pool_.intern(view.unschedulable_message);
  row.creation_time = view.creation_time;
  row.ready_since = view.ready_since;
  row.terminating = view.terminating;
  row.containers.reserve(view.containers.size());
  for (const ContainerView& container : view.containers)
    row.containers.push_back(pack_container(container, pool_));
  return row;
}

PodView PodStore::unpack(std::string_view key, const PodRow& row) const {
  const auto slash = key.find('/');
  PodView view;
  view.ns = key.substr(0, slash);
  view.name = key.substr(slash + 1);
  view.uid = row.uid;
  view.node = row.node.text();
  view.owner_kind = row.owner_kind.text();
  view.owner_name = row.owner_name.text();
  view.owner_uid = row.owner_uid.text();
  view.phase = row.phase.text();
  view.labels = unpack_labels(row.labels.text());
  view.creation_time = row.creation_time;
  view.ready_since = row.ready_since;
  view.terminating = row.terminating;
  view.unschedulable_message = row.unschedulable_message.text();
  view.containers.reserve(row.containers.size());
  for (const ContainerRow& container : row.containers) view.containers.push_back(unpack_container(container));
  return view;
}

std::optional<PodView> PodStore::get(std::string_view ns, std::string_view name) const {
  return find_view(ns, name);
}

std::vector<PodView> PodStore::select(std::string_view ns, const LabelPredicate& matches) const {
  std::vector<PodView> found;
  std::unordered_map<const void*, bool> answers;
  for_each_row(ns, [&](std::string_view key, const PodRow& row) {
    const auto [answer, is_new] = answers.try_emplace(row.labels.identity(), false);
    if (is_new) answer->second = matches(unpack_labels(row.labels.text()));
    if (answer->second) found.push_back(unpack(key, row));
  });
  return found;
}

std::vector<PodView> PodStore::owned_by(std::string_view ns, std::string_view owner_uid) const {
  std::vector<PodView> found;
  for_each_row(ns, [&](std::string_view key, const PodRow& row) {
    if (row.owner_uid.text() == owner_uid) found.push_back(unpack(key, row));
  });
  return found;
}

std::vector<PodView> PodStore::on_node(std::string_view node) const {
  std::vector<PodView> found;
  for_each_row("", [&](std::string_view key, const PodRow& row) {
    if (row.node.text() == node) found.push_back(unpack(key, row));
  });
  return found;
}

std::vector<PodView> PodStore::list(std::string_view ns) const {
  std::vector<PodView> found;
  for_each_row(ns, [&](std::string_view key, const PodRow& row) { found.push_back(unpack(key, row)); });
  return found;
}

}  // namespace patchwave::kube
