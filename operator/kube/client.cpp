#include "operator/kube/client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/kube/encoding.hpp"
#include "operator/kube/server_clock.hpp"
#include "operator/kube/status.hpp"
#include "operator/kube/wait.hpp"

namespace patchwave::kube {
namespace {

constexpr milliseconds kFirstRepeat{200};
// A server that asks for a longer silence gets it from whoever called, with Error::retry_after in hand.
constexpr milliseconds kLongestRepeat{10'000};
constexpr int kMaxListRestarts = 2;

std::string_view content_type_of(PatchType type) {
  switch (type) {
    case PatchType::Json:
      return "application/json-patch+json";
    case PatchType::Merge:
      return "application/merge-patch+json";
    case PatchType::Apply:
      return "application/apply-patch+yaml";
  }
  return "application/json-patch+json";
}

std::string describe(std::string_view verb, const Resource& resource, std::string_view ns,
                     std::string_view name, std::string_view subresource = "") {
  std::string text = fmt::format("{} {}", verb, resource.plural);
  if (!resource.group.empty()) text += "." + resource.group;
  if (!subresource.empty()) text += fmt::format("/{}", subresource);
  const std::string place = NamespacedName{std::string(ns), std::string(name)}.text();
  if (!name.empty()) return text + " " + place;
  return ns.empty() ? text : fmt::format("{} in {}", text, ns);
}

// A request without a name would address the whole collection.
std::optional<Error> check_name(std::string_view what, const Resource& resource, std::string_view ns,
                                std::string_view name) {
  if (name.empty()) return Error{ErrorKind::Invalid, fmt::format("{}: no name given", what), 0, {}, {}};
  if (resource.namespaced && ns.empty()) {
    return Error{ErrorKind::Invalid, fmt::format("{}: no namespace given", what), 0, {}, {}};
  }
  return std::nullopt;
}

bool is_success(const http::Response& response) {
  return response.status >= 200 && response.status < 300;
}

// Whether sending the same request again can do no harm: reads always; a write only when its first copy
// surely had no effect, that is when it was throttled or never reached the server.
bool may_repeat(const std::string& method, const Result<http::Response>& result, bool repeat_throttled) {
  const bool is_read = method == "GET";
  if (!result) {
    const ErrorKind kind = result.error().kind;
    if (kind == ErrorKind::Unavailable) return true;
    return is_read && (kind == ErrorKind::Timeout || kind == ErrorKind::Transport);
  }
  if (result->status == 429) return repeat_throttled;
  return is_read && (result->status >= 500);
}

/// Stops when either of two is asked to.
class EitherStop {
 public:
  EitherStop(const std::stop_token& one, const std::stop_token& other)
      : on_one_(one, End{source_}), on_other_(other, End{source_}) {}

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  struct End {
    std::stop_source& source;
    void operator()() const { source.request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<End> on_one_;
  std::stop_callback<End> on_other_;
};

// The server answers a failed `test` (and a path that is no longer there) with 422 and nothing else, while
// a validation that fails names the object or a cause.
bool is_failed_test(const Status& status) {
  return status.code == 422 && status.causes.empty() && status.name.empty();
}

}  // namespace

Client::Client(ClientOptions options) : options_(std::move(options)) {
  if (!options_.sleep) {
    options_.sleep = [stop = options_.stop](milliseconds time) { wait_in_real_time(time, stop); };
  }
}

Result<void> Client::authorize(http::Request& request) const {
  request.headers["User-Agent"] = options_.user_agent;
  if (!options_.credentials) return {};
  auto authorization = options_.credentials->authorization();
  if (!authorization) return fail(std::move(authorization.error()));
  if (authorization->empty()) {
    request.headers.erase("Authorization");
  } else {
    request.headers["Authorization"] = std::move(*authorization);
  }
  return {};
}

void Client::observe(const std::string& method, const std::string& resource, int status,
                     std::chrono::steady_clock::time_point began) const {
  if (!options_.observer) return;
  const auto took = std::chrono::steady_clock::now() - began;
  options_.observer(method, resource, status, std::chrono::duration_cast<microseconds>(took));
}

// A 429 of the eviction API speaks of one budget, not of the server: it must not silence everybody.
void Client::heed_quiet(const http::Response& response) const {
  if (!options_.gate || (response.status != 429 && response.status != 503)) return;
  const auto quiet = retry_after_of(response);
  if (!quiet) return;
  if (response.status == 429 && status_of(response).cause("DisruptionBudget") != nullptr) return;
  options_.gate->pause_for(*quiet);
}

Result<http::Response> Client::exchange(const http::Request& request, const std::stop_token& stop) const {
  if (!options_.server_clock) return options_.transport->send(request, options_.limits, stop);
  const MonotonicTime sent = options_.server_clock->monotonic();
  auto result = options_.transport->send(request, options_.limits, stop);
  if (!result) return result;
  if (const auto date = result->headers.find("Date"); date != result->headers.end()) {
    options_.server_clock->heard(date->second, sent, options_.server_clock->monotonic());
  }
  return result;
}

Result<http::Response> Client::send_once(const Call& call) const {
  http::Request request = call.request;
  const EitherStop stop(call.stop, options_.stop);
  for (bool renewed = false;; renewed = true) {
    if (auto authorized = authorize(request); !authorized) return fail(authorized.error());
    if (options_.gate && !options_.gate->admit(request.method, stop.token())) {
      return fail(ErrorKind::Cancelled, "stopped before the request left");
    }
    const auto began = std::chrono::steady_clock::now();
    auto result = exchange(request, stop.token());
    observe(request.method, call.resource, result ? result->status : 0, began);
    if (result) heed_quiet(*result);
    const bool refused = result && result->status == 401;
    if (!refused || renewed || !options_.credentials || !options_.credentials->renew()) return result;
  }
}

Result<http::Response> Client::send(const Call& call) const {
  milliseconds pause = kFirstRepeat;
  for (int repeats = 0;; ++repeats) {
    auto result = send_once(call);
    const bool repeat = repeats < options_.max_retries && !options_.stop.stop_requested() &&
                        !call.stop.stop_requested() &&
                        may_repeat(call.request.method, result, call.repeat_throttled);
    const auto asked = result ? retry_after_of(*result) : std::nullopt;
    if (!repeat || asked > kLongestRepeat) {
      if (!result) return fail(result.error().within(call.what));
      return result;
    }
    options_.sleep(asked.value_or(pause));
    pause = std::min(pause * 2, kLongestRepeat);
  }
}

Result<http::Response> Client::accepted(const Call& call) const {
  auto response = send(call);
  if (response && !is_success(*response)) return fail(to_error(status_of(*response), call.what));
  return response;
}

Result<Json> Client::answer(const Call& call) const {
  auto response = accepted(call);
  if (!response) return fail(std::move(response.error()));
  return parse_json(response->body, call.what);
}

Client::Call Client::write_call(std::string method, std::string target, const Json& body,
                                std::string_view content_type, std::string what,
                                const std::string& resource) {
  Call call{{std::move(method), std::move(target), {}, print_json(body)}, std::move(what), resource};
  call.request.headers["Content-Type"] = content_type;
  call.request.headers["Accept"] = "application/json";
  return call;
}

Result<Json> Client::write(std::string method, std::string target, const Json& body,
                           std::string_view content_type, std::string what,
                           const std::string& resource) const {
  return answer(
      write_call(std::move(method), std::move(target), body, content_type, std::move(what), resource));
}

Result<Json> Client::get(const Resource& resource, std::string_view ns, std::string_view name) const {
  const std::string what = describe("get", resource, ns, name);
  if (auto error = check_name(what, resource, ns, name)) return fail(*error);
  return answer(
      {{"GET", path_of(resource, ns, name), {{"Accept", "application/json"}}, ""}, what, resource.plural});
}

Result<Json> Client::walk_pages(const Resource& resource, std::string_view ns,
                                const ListOptions& options) const {
  Json items = Json::array();
  std::string token;
  for (;;) {
    const std::string query =
        query_of({{"limit", options.page_size > 0 ? std::to_string(options.page_size) : ""},
                  {"labelSelector", options.label_selector},
                  {"fieldSelector", options.field_selector},
                  {"continue", token}});
    auto page = answer({{"GET", path_of(resource, ns, "") + query, {{"Accept", "application/json"}}, ""},
                        describe("list", resource, ns, ""),
                        resource.plural});
    if (!page) return fail(std::move(page.error()));
    if (const auto found = page->find("items"); found != page->end() && found->is_array()) {
      for (Json& item : *found) items.push_back(std::move(item));
    }
    token = string_at(*page, {"metadata", "continue"});
    if (!token.empty()) continue;
    (*page)["items"] = std::move(items);
    return std::move(*page);
  }
}

Result<Json> Client::list(const Resource& resource, std::string_view ns, const ListOptions& options) const {
  for (int restarts = 0;; ++restarts) {
    auto all = walk_pages(resource, ns, options);
    if (all || all.error().kind != ErrorKind::Gone || restarts == kMaxListRestarts) return all;
  }
}

Result<Json> Client::create(const Resource& resource, std::string_view ns, const Json& object,
                            std::string_view field_manager, bool dry_run) const {
  const std::string what = describe("create", resource, ns, string_at(object, {"metadata", "name"}));
  const std::string query =
      query_of({{"fieldManager", std::string(field_manager)}, {"dryRun", dry_run ? "All" : ""}});
  return write("POST", path_of(resource, ns, "") + query, object, "application/json", what, resource.plural);
}

Result<Client::Call> Client::replacement(const Resource& resource, const Json& object,
                                         std::string_view subresource, std::string_view field_manager) {
  const std::string ns = string_at(object, {"metadata", "namespace"});
  const std::string name = string_at(object, {"metadata", "name"});
  const std::string what = describe("replace", resource, ns, name, subresource);
  if (auto error = check_name(what, resource, ns, name)) return fail(*error);
  if (string_at(object, {"metadata", "resourceVersion"}).empty()) {
    return fail(ErrorKind::Invalid,
                what + ": without metadata.resourceVersion it could overwrite what others wrote");
  }
  const std::string query = query_of({{"fieldManager", std::string(field_manager)}});
  return write_call("PUT", path_of(resource, ns, name, subresource) + query, object, "application/json", what,
                    resource.plural);
}

Result<Json> Client::replace(const Resource& resource, const Json& object, std::string_view subresource,
                             std::string_view field_manager) const {
  const auto call = replacement(resource, object, subresource, field_manager);
  return call ? answer(*call) : fail(call.error());
}

Result<void> Client::store(const Resource& resource, const Json& object, std::string_view subresource,
                           std::string_view field_manager) const {
  const auto call = replacement(resource, object, subresource, field_manager);
  if (!call) return fail(call.error());
  if (auto stored = accepted(*call); !stored) return fail(std::move(stored.error()));
  return {};
}

Result<Json> Client::patch(const Resource& resource, std::string_view ns, std::string_view name,
                           PatchType type, const Json& body, const PatchOptions& options) const {
  const std::string what = describe("patch", resource, ns, name, options.subresource);
  if (auto error = check_name(what, resource, ns, name)) return fail(*error);
  const std::string query =
      query_of({{"fieldManager", options.field_manager}, {"dryRun", options.dry_run ? "All" : ""}});
  Call call{{"PATCH", path_of(resource, ns, name, options.subresource) + query, {}, print_json(body)},
            what,
            resource.plural};
  call.request.headers["Content-Type"] = content_type_of(type);
  call.request.headers["Accept"] = "application/json";
  auto response = send(call);
  if (!response) return fail(std::move(response.error()));
  if (is_success(*response)) return parse_json(response->body, what);
  const Status status = status_of(*response);
  Error error = to_error(status, what);
  if (type == PatchType::Json && is_failed_test(status)) {
    error.kind = ErrorKind::Conflict;
    error.message =
        fmt::format("{}: the object is not what the patch was made for ({})", what, status.message);
  }
  return fail(std::move(error));
}

Result<void> Client::remove(const Resource& resource, std::string_view ns, std::string_view name,
                            const Preconditions& preconditions, std::string_view propagation) const {
  const std::string what = describe("delete", resource, ns, name);
  if (auto error = check_name(what, resource, ns, name)) return fail(*error);
  if (preconditions.uid.empty()) {
    return fail(ErrorKind::Invalid, what + ": without a UID it could delete another object of that name");
  }
  Json body{{"apiVersion", "v1"},
            {"kind", "DeleteOptions"},
            {"propagationPolicy", propagation},
            {"preconditions", {{"uid", preconditions.uid}}}};
  if (!preconditions.resource_version.empty()) {
    body["preconditions"]["resourceVersion"] = preconditions.resource_version;
  }
  const auto removed =
      write("DELETE", path_of(resource, ns, name), body, "application/json", what, resource.plural);
  if (removed) return {};
  if (removed.error().kind == ErrorKind::NotFound && removed.error().reason != "KindNotServed") return {};
  return fail(removed.error());
}

Result<Json> Client::raw(const std::string& method, const std::string& target, const Json* body) const {
  const std::string what = fmt::format("{} {}", method, target);
  if (body != nullptr) return write(method, target, *body, "application/json", what, "raw");
  return answer({{method, target, {{"Accept", "application/json"}}, ""}, what, "raw"});
}

Result<std::string> Client::text(const std::string& target, const std::string& what,
                                 std::stop_token stop) const {
  auto response =
      send({{"GET", target, {{"Accept", "application/json"}}, ""}, what, "list", true, std::move(stop)});
  if (!response) return fail(std::move(response.error()));
  if (!is_success(*response)) return fail(to_error(status_of(*response), what));
  return std::move(response->body);
}

Result<http::Response> Client::stream(const std::string& target, const http::StreamLimits& limits,
                                      const http::OnData& on_data, std::stop_token stop) const {
  const std::string what = "watch " + target.substr(0, target.find('?'));
  const EitherStop either(stop, options_.stop);
  http::Request request{"GET", target, {{"Accept", "application/json"}}, ""};
  for (bool renewed = false;; renewed = true) {
    if (auto authorized = authorize(request); !authorized) return fail(authorized.error().within(what));
    if (options_.gate && !options_.gate->admit(request.method, either.token())) {
      return fail(ErrorKind::Cancelled, what + ": stopped before the request left");
    }
    const auto began = std::chrono::steady_clock::now();
    auto result = options_.transport->stream(request, limits, on_data, either.token());
    observe("WATCH", "stream", result ? result->status : 0, began);
    if (!result) return fail(result.error().within(what));
    heed_quiet(*result);
    if (is_success(*result)) return result;
    const bool heal =
        result->status == 401 && !renewed && options_.credentials && options_.credentials->renew();
    if (!heal) return fail(to_error(status_of(*result), what));
  }
}

}  // namespace patchwave::kube
