#include "tests/simulation/assembled_operator.hpp"

#include <algorithm>

#include "controllers/assembly/assembly.hpp"
#include "operator/kube/server_clock.hpp"

namespace patchwave::simulation {
namespace {

class AssembledOperator final : public OperatorUnderTest {
 public:
  explicit AssembledOperator(const Surroundings& with)
      : log_(with.clock, LogLevel::Error, [](std::string_view) {}),
        clock_(std::make_shared<kube::ServerClock>(with.clock)),
        client_(client_options(with, clock_)),
        prometheus_(prometheus_options(with)),
        assembly_({.client = client_,
                   .stores = stores_,
                   .clock = *clock_,
                   .log = log_,
                   .metrics = metrics_,
                   .prometheus = &prometheus_,
                   .stop = with.leadership,
                   .resolve =
                       [resolve = with.resolve](const patch::ImageQuestion& question) {
                         return lookup(resolve(question.repository, question.tag));
                       },
                   .operator_namespace = with.operator_namespace,
                   .gates = {},
                   .git_ops_managers = {},
                   .workers = {},
                   .on_happening = {}}) {}

  kube::WatchSink* cache_of(const kube::Resource& resource) override {
    kube::WatchSink* const sinks[] = {&stores_.policies,    &stores_.patches,     &stores_.waves,
                                      &stores_.approvals,   &stores_.deployments, &stores_.stateful_sets,
                                      &stores_.daemon_sets, &stores_.namespaces};
    const kube::Resource* const kinds[] = {&stores_.policies.resource(),    &stores_.patches.resource(),
                                           &stores_.waves.resource(),       &stores_.approvals.resource(),
                                           &stores_.deployments.resource(), &stores_.stateful_sets.resource(),
                                           &stores_.daemon_sets.resource(), &stores_.namespaces.resource()};
    for (std::size_t i = 0; i < std::size(sinks); ++i) {
      if (*kinds[i] == resource) return sinks[i];
    }
    return resource == kube::resources::kPods ? &stores_.pods : nullptr;
  }

  bool step() override {
    const auto controllers = assembly_.controllers();
    return std::any_of(controllers.begin(), controllers.end(),
                       [](auto* controller) { return controller->run_one(); });
  }

  std::optional<MonotonicTime> next_due() override {
    std::optional<MonotonicTime> earliest;
    for (const auto* controller : assembly_.controllers()) {
      const auto due = controller->next_due();
      if (due && (!earliest || *due < *earliest)) earliest = due;
    }
    return earliest;
  }

 private:
  static kube::ClientOptions client_options(const Surroundings& with,
                                            std::shared_ptr<kube::ServerClock> clock) {
    kube::ClientOptions options;
    options.transport = with.kubernetes;
    options.stop = with.leadership;
    options.sleep = with.sleep;
    options.server_clock = std::move(clock);
    return options;
  }
  static prometheus::ClientOptions prometheus_options(const Surroundings& with) {
    prometheus::ClientOptions options;
    options.transport = with.prometheus;
    return options;
  }
  static patch::Lookup lookup(const Result<std::string>& digest) {
    if (digest) return {*digest, {}, "", std::nullopt};
    return {"", {}, digest.error().message, std::nullopt};
  }

  Log log_;
  runtime::Metrics metrics_;
  inventory::Stores stores_;
  std::shared_ptr<kube::ServerClock> clock_;
  kube::Client client_;
  prometheus::Client prometheus_;
  assembly::Assembly assembly_;
};

}  // namespace

std::unique_ptr<OperatorUnderTest> assemble_operator(const Surroundings& surroundings) {
  return std::make_unique<AssembledOperator>(surroundings);
}

}  // namespace patchwave::simulation
