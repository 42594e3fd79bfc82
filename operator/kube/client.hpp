// Verbs of the Kubernetes API with typed answers. Objects are small JSON here; streams of pods and
// nodes go through reflector.hpp and the stores instead.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "operator/base/json.hpp"
#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::kube {

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  int page_size = 500;  ///< `limit` of each page; list() walks all of them at one resourceVersion.
};

/// What must still be true of an object for a delete to take place. An unset member is not checked,
/// but a delete without a UID is refused by Client: another object may carry the name by now.
struct Preconditions {
  std::string uid;
  std::string resource_version;
};

enum class PatchType : std::uint8_t { Json, Merge, Apply };

struct PatchOptions {
  std::string field_manager = "patchwave";
  std::string subresource;  ///< "status", "scale" or ""
  bool dry_run = false;
};

/// The answers of the eviction API, told apart.
enum class Eviction : std::uint8_t {
  Started,           ///< Deletion began; wait for the pod to be gone or to carry another UID.
  Gone,              ///< No such pod, or another UID under its name: done.
  Blocked,           ///< A PodDisruptionBudget has no disruption to give.
  BudgetNotCurrent,  ///< The budget's status is stale; ask again after retry_after.
  Misconfigured,     ///< More than one budget matches the pod: this never succeeds.
  NamespaceTerminating,
};
struct EvictionAnswer {
  Eviction outcome;
  std::string message;  ///< The server's words; names the budget when one blocks.
  std::optional<milliseconds> retry_after;
};

/// Decides when a request may leave: the client-side rate limit. Returns false when `stop` ended the wait.
class RequestGate {
 public:
  virtual ~RequestGate() = default;
  virtual bool admit(const std::string& method, std::stop_token stop) = 0;
  /// The server asked for quiet (429 or 503 with Retry-After): nobody sends before it is over.
  virtual void pause_for(milliseconds quiet) = 0;
};

/// The credential for the next request: "Bearer …", or "" when the connection itself proves who we are.
class Credentials {
 public:
  virtual ~Credentials() = default;
  virtual Result<std::string> authorization() = 0;
  /// The server answered 401. True when a fresh credential is worth one more try.
  virtual bool renew() = 0;
};

/// Told of each request once it is answered. For metrics.
using RequestObserver = std::function<void(const std::string& method, const std::string& resource, int status,
                                           microseconds took)>;

class ServerClock;

struct ClientOptions {
  std::shared_ptr<http::Transport> transport;
  std::shared_ptr<Credentials> credentials;   ///< May be null.
  std::shared_ptr<RequestGate> gate;          ///< May be null: no limit.
  RequestObserver observer;                   ///< May be empty.
  std::shared_ptr<ServerClock> server_clock;  ///< Hears the Date of each answer. May be null.
  std::string user_agent = "patchwave/" PATCHWAVE_VERSION;
  std::stop_token stop;  ///< Ends every call of this client.
  http::SendLimits limits;
  /// Repeats of a read, or of a write that was refused before it had an effect (429, connection refused).
  /// A write whose effect is unknown is never repeated here: whoever decided it must look again.
  int max_retries = 2;
  std::function<void(milliseconds)>
      sleep;  ///< Waits between repeats; must return early on `stop`. Empty: real time.
};

/// Errors are mapped from metav1.Status: kind by code and reason, message = the server's message with
/// verb, resource and name before it, reason = Status.reason. A 404 for a kind the server does not
/// serve has reason "KindNotServed". Thread-safe.
class Client {
 public:
  explicit Client(ClientOptions options);

  Result<Json> get(const Resource& resource, std::string_view ns, std::string_view name) const;
  /// All items over all pages. On a 410 between pages the walk starts again, at most twice.
  /// The result is the last page's envelope with every item in `items` and list metadata.
  Result<Json> list(const Resource& resource, std::string_view ns, const ListOptions& options = {}) const;
  Result<Json> create(const Resource& resource, std::string_view ns, const Json& object,
                      std::string_view field_manager = "patchwave", bool dry_run = false) const;
  /// PUT. `object` must carry metadata.resourceVersion; Invalid without a request otherwise.
  Result<Json> replace(const Resource& resource, const Json& object, std::string_view subresource = "",
                       std::string_view field_manager = "patchwave") const;
  /// The same for who has no use for the object as the server made it: the answer is not parsed.
  Result<void> store(const Resource& resource, const Json& object, std::string_view subresource = "",
                     std::string_view field_manager = "patchwave") const;
  /// Json: a list of operations; a failed `test` is Conflict. Apply: never forced; another manager's
  /// field is Conflict with reason "FieldManagerConflict" and the managers named in the message.
  Result<Json> patch(const Resource& resource, std::string_view ns, std::string_view name, PatchType type,
                     const Json& body, const PatchOptions& options = {}) const;
  /// Success also when the object is gone already. Conflict when a precondition did not hold.
  Result<void> remove(const Resource& resource, std::string_view ns, std::string_view name,
                      const Preconditions& preconditions, std::string_view propagation = "Background") const;
  /// A throttled request (429 that is not a budget's word) is the error TooManyRequests, not an answer.
  Result<EvictionAnswer> evict(std::string_view ns, std::string_view pod, std::string_view uid,
                               std::optional<int> grace_seconds = std::nullopt, bool dry_run = false) const;
  /// GET or POST of anything else: "/version", SelfSubjectReview, SelfSubjectAccessReview.
  Result<Json> raw(const std::string& method, const std::string& target, const Json* body = nullptr) const;

  /// GET of a body that is not to become a document here: the pages of a big list. `what` names the call.
  Result<std::string> text(const std::string& target, const std::string& what, std::stop_token stop) const;

  /// A watch or a streaming list: `target` is path and query. The caller splits lines. Sent once (twice
  /// when a 401 was healed by a fresh credential). An answer that is not a 2xx is an Error by its Status.
  Result<http::Response> stream(const std::string& target, const http::StreamLimits& limits,
                                const http::OnData& on_data, std::stop_token stop) const;

 private:
  /// One call of a verb: what is sent, and how logs, errors and metrics name it.
  struct Call {
    http::Request request;
    std::string what;      ///< "get deployments.apps shop/web"
    std::string resource;  ///< "deployments"
    bool repeat_throttled = true;
    std::stop_token stop = {};  ///< Ends this call, beside the client's own.
  };
  Result<http::Response> send(const Call& call) const;
  Result<http::Response> send_once(const Call& call) const;
  Result<Json> answer(const Call& call) const;
  Result<http::Response> accepted(const Call& call) const;
  static Call write_call(std::string method, std::string target, const Json& body,
                         std::string_view content_type, std::string what, const std::string& resource);
  static Result<Call> replacement(const Resource& resource, const Json& object, std::string_view subresource,
                                  std::string_view field_manager);
  Result<Json> write(std::string method, std::string target, const Json& body, std::string_view content_type,
                     std::string what, const std::string& resource) const;
  Result<void> authorize(http::Request& request) const;
  void observe(const std::string& method, const std::string& resource, int status,
               std::chrono::steady_clock::time_point began) const;
  void heed_quiet(const http::Response& response) const;
  Result<http::Response> exchange(const http::Request& request, const std::stop_token& stop) const;
  /// One pass over all pages; Gone when the list expired on the way.
  Result<Json> walk_pages(const Resource& resource, std::string_view ns, const ListOptions& options) const;

  ClientOptions options_;
};

}  // namespace patchwave::kube
