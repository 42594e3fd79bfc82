// The work queue of a simulated controller: a key waits once, and is worked a short drawn time later.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "operator/kube/resource.hpp"
#include "tests/simulation/agenda.hpp"
#include "tests/simulation/random.hpp"

namespace patchwave::simulation {

class SyncQueue {
 public:
  SyncQueue(Agenda& agenda, Random& random, std::function<void(const kube::NamespacedName&)> sync)
      : agenda_(agenda), random_(random), sync_(std::move(sync)) {}

  void request(const kube::NamespacedName& key) {
    if (!waiting_.insert(key).second) return;
    agenda_.after(random_.between(milliseconds(1), milliseconds(150)), [this, key] {
      waiting_.erase(key);
      sync_(key);
    });
  }

 private:
  Agenda& agenda_;
  Random& random_;
  std::function<void(const kube::NamespacedName&)> sync_;
  std::set<kube::NamespacedName> waiting_;
};

}  // namespace patchwave::simulation
