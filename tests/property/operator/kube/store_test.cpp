#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "operator/kube/decode.hpp"
#include "operator/kube/pod_store.hpp"

namespace patchwave::kube {
namespace {

enum class Op : std::uint8_t { Begin, Upsert, Erase, Done };

struct Event {
  Op op;
  int name;
  int image;
};

rc::Gen<Event> events() {
  const auto op =
      rc::gen::weightedElement<Op>({{1, Op::Begin}, {8, Op::Upsert}, {3, Op::Erase}, {1, Op::Done}});
  return rc::gen::apply([](Op what, int name, int image) { return Event{what, name, image}; }, op,
                        rc::gen::inRange(0, 5), rc::gen::inRange(0, 3));
}

std::string text(const Event& event) {
  return print_json({{"metadata", {{"namespace", "shop"}, {"name", std::to_string(event.name)}}},
                     {"spec", {{"containers", {{{"name", "c"}, {"image", std::to_string(event.image)}}}}}}});
}

using Model = std::map<std::string, std::string>;

Model content(const PodStore& store) {
  Model found;
  for (const PodView& view : store.list()) found[view.name] = view.containers.at(0).image;
  return found;
}

// The handler's changes, replayed, must give the store's content as well.
RC_GTEST_PROP(StoreProperty, EqualsAPlainMapAfterAnyEvents, ()) {
  const auto sequence = *rc::gen::container<std::vector<Event>>(events());
  PodStore store;
  Model model;
  Model replayed;
  std::set<std::string> listed;
  store.on_change([&replayed](const PodView* before, const PodView* after) {
    if (before != nullptr) RC_ASSERT(replayed.at(before->name) == before->containers.at(0).image);
    if (before != nullptr && after != nullptr)
      RC_ASSERT(before->containers.at(0).image != after->containers.at(0).image);
    if (after == nullptr) {
      replayed.erase(before->name);
    } else {
      replayed[after->name] = after->containers.at(0).image;
    }
  });
  for (const Event& event : sequence) {
    const std::string name = std::to_string(event.name);
    switch (event.op) {
      case Op::Begin:
        store.begin();
        listed.clear();
        break;
      case Op::Upsert:
        RC_ASSERT(store.upsert(text(event)).has_value());
        model[name] = std::to_string(event.image);
        listed.insert(name);
        break;
      case Op::Erase:
        RC_ASSERT(store.erase(text(event)).has_value());
        model.erase(name);
        listed.erase(name);
        break;
      case Op::Done:
        store.done("1");
        std::erase_if(model, [&listed](const auto& entry) { return !listed.contains(entry.first); });
        break;
    }
    RC_ASSERT(content(store) == model);
    RC_ASSERT(replayed == model);
  }
}

RC_GTEST_PROP(DecodeProperty, SurvivesAnyMutilationOfAPod, ()) {
  std::string json =
      R"({"metadata":{"name":"p","labels":{"a":"b\n"},"ownerReferences":[{"uid":"u","controller":true}]},)"
      R"("spec":{"containers":[{"name":"c","image":"i"}]},"status":{"containerStatuses":[{"name":"c",)"
      R"("restartCount":3,"state":{"waiting":{"reason":"r"}}}],"conditions":[{"type":"Ready","status":"True"}]}})";
  const auto changes = *rc::gen::container<std::vector<std::pair<std::size_t, char>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, json.size()),
                    rc::gen::element('{', '}', '[', ']', '"', ',', ':', '0', 'n', '\\', ' ', '\0', '\xff')));
  for (const auto& [at, byte] : changes) json[at] = byte;
  json.resize(json.size() -
              *rc::gen::weightedOneOf<std::size_t>(
                  {{3, rc::gen::just<std::size_t>(0)}, {1, rc::gen::inRange<std::size_t>(0, json.size())}}));
  const auto pod = decode_pod(json);
  const auto node = decode_node(json);
  WatchDecoder decoder;
  const auto event = decoder.decode(json);
  const auto page = decode_page(json, [](std::string_view item) { (void)decode_pod(item); });
  RC_ASSERT(!event.has_value());
  RC_ASSERT(!page.has_value());
  // As plain values: RC_ASSERT would look into an expression's right side without asking its left.
  const bool pod_is_named = !pod || !pod->name.empty();
  const bool node_is_named = !node || !node->name.empty();
  RC_ASSERT(pod_is_named);
  RC_ASSERT(node_is_named);
}

}  // namespace
}  // namespace patchwave::kube
