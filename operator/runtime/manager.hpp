// Starts and stops the parts of the process in an order that is safe.
//
// Up:   servers -> caches (also on a standby, so that it takes over warm) -> all caches synced and leadership
//       held -> controllers.
// Down: not ready -> controllers finish what they have begun -> caches -> servers -> flushes (events) ->
// lease. The lease is given back last and only when no worker is left that could write.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "operator/base/log.hpp"
#include "operator/base/result.hpp"
#include "operator/runtime/controller.hpp"

namespace patchwave::runtime {

/// A server or another part that runs from start to stop. stop() blocks until it has stopped and is called
/// once, only after a start() that succeeded.
struct Service {
  std::string name;
  std::function<Result<void>()> start;
  std::function<void()> stop;
};

/// A reflector with its store. Controllers start when every cache says synced().
struct Cache {
  Service service;
  std::function<bool()> synced;
};

/// Leader election. `start` returns at once and calls from a thread of its own: `elected` when the lease is
/// held, `lost` with the cause when it no longer is. `release` ends it and gives the lease back if still
/// held.
struct Election {
  std::function<Result<void>(std::function<void()> elected,
                             std::function<void(const std::string& cause)> lost)>
      start;
  std::function<void()> release;
};

/// A question of /healthz or /readyz: nullopt when all is well, else the reason.
using HealthCheck = std::function<std::optional<std::string>()>;

struct HealthReport {
  struct Part {
    std::string name;
    std::optional<std::string> problem;
  };
  std::vector<Part> parts;
  [[nodiscard]] bool ok() const;
  /// One line a part, "[+] cache pods ok" or "[-] cache pods: not synced".
  [[nodiscard]] std::string text() const;
};

struct ManagerOptions {
  milliseconds drain{20'000};       ///< For reconciles in progress, before their calls are cut off.
  milliseconds hard_limit{30'000};  ///< For the whole way down; then `overrun` is called.
  milliseconds sync_poll{50};       ///< How often caches are asked whether they are synced.
  std::function<void()> overrun;    ///< Ends the process. Empty: no limit.
};

class Manager {
 public:
  Manager(ManagerOptions options, Log& log) : options_(std::move(options)), log_(log) {}

  // What there is; before run(). Services start in the order they were added and stop in reverse.
  void add_server(Service server) { servers_.push_back(std::move(server)); }
  void add_cache(Cache cache) { caches_.push_back(std::move(cache)); }
  void add_controller(Controller& controller) { controllers_.push_back(&controller); }
  /// Called on the way down, once no worker is left: writes out what is buffered.
  void add_flush(std::string name, std::function<void()> flush);
  /// Without one this process leads from the start.
  void set_election(Election election) { election_ = std::move(election); }
  void add_liveness(std::string name, HealthCheck check);
  void add_readiness(std::string name, HealthCheck check);

  /// Runs until request_stop(), or until something goes wrong. An error when a part did not start or
  /// leadership was lost: the process must then end.
  Result<void> run();
  /// Safe from any thread, any number of times. The first reason stands.
  void request_stop(const std::string& reason);

  /// Ends calls to the API server: at once when leadership is lost, after the drain time otherwise.
  /// To be given to the clients that reconcilers use.
  [[nodiscard]] std::stop_token calls_stop() const { return calls_.get_token(); }
  [[nodiscard]] bool leading() const { return leading_; }

  /// For /healthz: live while no liveness check has a problem.
  [[nodiscard]] HealthReport live() const;
  /// For /readyz: ready when every cache is synced, whether leading or standing by, and until the way down.
  [[nodiscard]] HealthReport ready() const;

 private:
  struct Named {
    std::string name;
    HealthCheck check;
  };

  Result<void> start_all();
  bool wait_until_synced();
  bool wait_until_elected();
  void wait_until_stopped();
  void stop_all();
  void drain_controllers();
  void lost_leadership(const std::string& cause);
  [[nodiscard]] bool all_synced() const;

  ManagerOptions options_;
  Log& log_;
  std::vector<Service> servers_;
  std::vector<Cache> caches_;
  std::vector<Controller*> controllers_;
  std::vector<std::pair<std::string, std::function<void()>>> flushes_;
  std::optional<Election> election_;
  std::vector<Named> liveness_;
  std::vector<Named> readiness_;

  std::stop_source calls_;
  std::atomic<bool> leading_ = false;
  std::atomic<bool> stopping_ = false;
  std::size_t servers_started_ = 0;
  std::size_t caches_started_ = 0;
  bool election_started_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string> stop_reason_;
  std::optional<Error> failure_;
};

}  // namespace patchwave::runtime
