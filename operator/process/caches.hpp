// The caches of the process: one reflector and one thread for each kind.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controllers/inventory/stores.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/reflector.hpp"
#include "operator/runtime/manager.hpp"
#include "operator/runtime/metrics.hpp"

namespace patchwave::process {

class Caches {
 public:
  /// All must outlive the caches.
  Caches(inventory::Stores& stores, const kube::Client& client, const Clock& clock, Log& log,
         runtime::Metrics& metrics);

  void add_to(runtime::Manager& manager);

 private:
  struct Cache;
  template <class Store>
  void add(const kube::Resource& resource, Store& store);
  void count();

  const kube::Client& client_;
  const Clock& clock_;
  Log& log_;
  runtime::GaugeFamily& objects_;
  runtime::GaugeFamily& undecodable_;
  std::vector<std::shared_ptr<Cache>> caches_;
  std::shared_ptr<void> before_scrape_;
};

}  // namespace patchwave::process
