// Nodes: the decoder that builds no document sees what a document holds.
#include "operator/base/time.hpp"
#include "operator/kube/decode.hpp"
#include "operator/kube/node_store.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;
using kube::NodeView;

void read_metadata(const Json& json, NodeView& node) {
  node.name = string_at(json, {"metadata", "name"});
  node.uid = string_at(json, {"metadata", "uid"});
  node.creation_time = time_at(json, {"metadata", "creationTimestamp"}).value_or(Time{});
  node.terminating = find(json, {"metadata", "deletionTimestamp"}) != nullptr;
  for (const auto& [key, value] : object_at(json, {"metadata", "labels"}).items()) {
    node.labels[key] = value.is_string() ? value.get<std::string>() : "";
  }
  for (const auto& [key, value] : object_at(json, {"metadata", "annotations"}).items()) {
    if (!key.starts_with("patchwave.dev/")) continue;
    node.annotations[key] = value.is_string() ? value.get<std::string>() : "";
  }
}

void read_status(const Json& json, NodeView& node) {
  for (const Json& condition : array_at(json, {"status", "conditions"})) {
    if (string_at(condition, {"type"}) != "Ready" || string_at(condition, {"status"}) != "True") continue;
    node.ready_since = time_at(condition, {"lastTransitionTime"}).value_or(Time{});
  }
  if (node.ready_since == Time{}) node.ready_since = node.creation_time;
  const Json& info = object_at(json, {"status", "nodeInfo"});
  node.boot_id = string_at(info, {"bootID"});
  node.kernel_version = string_at(info, {"kernelVersion"});
  node.os_image = string_at(info, {"osImage"});
  node.kubelet_version = string_at(info, {"kubeletVersion"});
  node.container_runtime = string_at(info, {"containerRuntimeVersion"});
  node.architecture = string_at(info, {"architecture"});
}

NodeView reference_node(const Json& json) {
  NodeView node;
  read_metadata(json, node);
  for (const Json& taint : array_at(json, {"spec", "taints"})) {
    node.taints.push_back(
        {string_at(taint, {"key"}), string_at(taint, {"value"}), string_at(taint, {"effect"})});
  }
  node.unschedulable = bool_at(json, {"spec", "unschedulable"});
  node.provider_id = string_at(json, {"spec", "providerID"});
  read_status(json, node);
  return node;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto node = kube::decode_node(text);
  if (!node) {
    expect(node.error().kind == ErrorKind::Protocol, "what is no node is a fault of protocol");
    return 0;
  }
  expect(!node->name.empty(), "a node has a name");
  if (const auto json = fuzz::reference_json(text)) {
    expect(*node == reference_node(*json), "a node is what a document of it holds");
  }
  kube::NodeStore store;
  expect(store.upsert(text).has_value(), "a node that can be decoded can be stored");
  expect(store.get(node->name) == *node, "the store gives back what it was given");
  return 0;
}
