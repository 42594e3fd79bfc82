#include "operator/process/caches.hpp"

#include <random>

namespace patchwave::process {

struct Caches::Cache {
  Cache(std::string kind, kube::ReflectorOptions options, const kube::Client& client, kube::WatchSink& sink,
        const Clock& clock, Log& log, kube::Random random)
      : name(std::move(kind)), reflector(std::move(options), client, sink, clock, log, std::move(random)) {}

  std::string name;
  kube::Reflector reflector;
  std::function<bool()> synced;
  std::function<std::size_t()> size;
  std::function<std::uint64_t()> undecodable;
  std::jthread thread;
};

namespace {

constexpr milliseconds kLongestPause{5'000};

// Spreads watches and pauses; nothing is decided with it.
kube::Random seeded_random() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

}  // namespace

Caches::Caches(inventory::Stores& stores, const kube::Client& client, const Clock& clock, Log& log,
               runtime::Metrics& metrics)
    : client_(client),
      clock_(clock),
      log_(log),
      objects_(metrics.gauge("patchwave_cache_objects", "Objects in a cache, by kind.", {{"kind"}})),
      undecodable_(metrics.gauge("patchwave_cache_undecodable_objects",
                                 "Objects that could not be read since the start and are left out, by kind.",
                                 {{"kind"}})) {
  add(kube::resources::kPatchPolicies, stores.policies);
  add(kube::resources::kPatches, stores.patches);
  add(kube::resources::kPatchWaves, stores.waves);
  add(kube::resources::kPatchApprovals, stores.approvals);
  add(kube::resources::kDeployments, stores.deployments);
  add(kube::resources::kStatefulSets, stores.stateful_sets);
  add(kube::resources::kDaemonSets, stores.daemon_sets);
  add(kube::resources::kNamespaces, stores.namespaces);
  add(kube::resources::kServices, stores.services);
  add(kube::resources::kIngresses, stores.ingresses);
  add(kube::resources::kPods, stores.pods);
  add(kube::resources::kNodes, stores.nodes);
  before_scrape_ = metrics.before_scrape([this] { count(); });
}

template <class Store>
void Caches::add(const kube::Resource& resource, Store& store) {
  kube::ReflectorOptions options;
  options.resource = resource;
  // Gates judge from these caches: after an outage of the API server they must not stay behind for long.
  options.backoff.longest = kLongestPause;
  auto cache = std::make_shared<Cache>(resource.kind, options, client_, store, clock_, log_, seeded_random());
  cache->synced = [&store] { return store.synced(); };
  cache->size = [&store] { return store.size(); };
  cache->undecodable = [&store] { return store.undecodable(); };
  caches_.push_back(std::move(cache));
}

void Caches::add_to(runtime::Manager& manager) {
  for (const auto& cache : caches_) {
    const auto start = [cache]() -> Result<void> {
      cache->thread = std::jthread([cache](std::stop_token stop) { cache->reflector.run(stop); });
      return {};
    };
    const auto stop = [cache] {
      cache->thread.request_stop();
      if (cache->thread.joinable()) cache->thread.join();
    };
    manager.add_cache({{cache->name, start, stop}, cache->synced});
  }
}

void Caches::count() {
  for (const auto& cache : caches_) {
    objects_.set({cache->name}, static_cast<double>(cache->size()));
    undecodable_.set({cache->name}, static_cast<double>(cache->undecodable()));
  }
}

}  // namespace patchwave::process
