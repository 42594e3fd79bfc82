#include "operator/kube/decode.hpp"
#include "operator/kube/ondemand.hpp"

namespace patchwave::kube {
namespace {

using namespace ondemand;

constexpr std::string_view kOwnAnnotations = "patchwave.dev/";

void read_metadata(value metadata, NodeView& node) {
  each_field(metadata, [&node](std::string_view key, value field) {
    if (key == "name") node.name = text_of(field);
    if (key == "uid") node.uid = text_of(field);
    if (key == "creationTimestamp") node.creation_time = time_of(field).value_or(Time{});
    if (key == "deletionTimestamp") node.terminating = !bool(field.is_null());
    if (key == "labels") {
      each_field(field, [&node](std::string_view label, value text) {
        node.labels.insert_or_assign(std::string(label), text_of(text));
      });
    }
    if (key == "annotations") {
      each_field(field, [&node](std::string_view name, value text) {
        if (name.starts_with(kOwnAnnotations))
          node.annotations.insert_or_assign(std::string(name), text_of(text));
      });
    }
  });
}

void read_spec(value spec, NodeView& node) {
  each_field(spec, [&node](std::string_view key, value field) {
    if (key == "providerID") node.provider_id = text_of(field);
    if (key == "unschedulable") node.unschedulable = bool_of(field);
    if (key != "taints") return;
    each_element(field, [&node](value element) {
      Taint taint;
      each_field(element, [&taint](std::string_view name, value text) {
        if (name == "key") taint.key = text_of(text);
        if (name == "value") taint.value = text_of(text);
        if (name == "effect") taint.effect = text_of(text);
      });
      node.taints.push_back(std::move(taint));
    });
  });
}

void read_condition(value condition, NodeView& node) {
  std::string type;
  std::string status;
  std::optional<Time> since;
  each_field(condition, [&](std::string_view key, value field) {
    if (key == "type") type = text_of(field);
    if (key == "status") status = text_of(field);
    if (key == "lastTransitionTime") since = time_of(field);
  });
  if (type == "Ready" && status == "True") node.ready_since = since.value_or(Time{});
}

void read_node_info(value info, NodeView& node) {
  each_field(info, [&node](std::string_view key, value field) {
    if (key == "bootID") node.boot_id = text_of(field);
    if (key == "kernelVersion") node.kernel_version = text_of(field);
    if (key == "osImage") node.os_image = text_of(field);
    if (key == "kubeletVersion") node.kubelet_version = text_of(field);
    if (key == "containerRuntimeVersion") node.container_runtime = text_of(field);
    if (key == "architecture") node.architecture = text_of(field);
  });
}

void read_status(value status, NodeView& node) {
  each_field(status, [&node](std::string_view key, value field) {
    if (key == "nodeInfo") read_node_info(field, node);
    if (key == "conditions") each_element(field, [&node](value element) { read_condition(element, node); });
  });
}

}  // namespace

Result<NodeView> decode_node(std::string_view text) {
  thread_local Reader reader;
  try {
    NodeView node;
    document whole = reader.read(text);
    each_field(whole, [&node](std::string_view key, value field) {
      if (key == "metadata") read_metadata(field, node);
      if (key == "spec") read_spec(field, node);
      if (key == "status") read_status(field, node);
    });
    if (node.name.empty()) return fail(ErrorKind::Protocol, "a node without a name");
    if (node.ready_since == Time{}) node.ready_since = node.creation_time;
    return node;
  } catch (const simdjson::simdjson_error& error) {
    return caught(error, "a node");
  }
}

}  // namespace patchwave::kube
