#include "tests/simulation/mutants.hpp"

#include <map>
#include <string>
#include <utility>

#include "operator/base/json.hpp"
#include "operator/kube/encoding.hpp"
#include "tests/simulation/api_request.hpp"

namespace patchwave::simulation {
namespace {

using http::Request;
using http::Response;

/// What is between the operator and a server, with `exchange` in place of sending.
class Meddler final : public http::Transport {
 public:
  using Next = std::function<Result<Response>(const Request&)>;
  using Exchange = std::function<Result<Response>(Request request, const Next& next)>;

  Meddler(std::shared_ptr<http::Transport> behind, Exchange exchange)
      : behind_(std::move(behind)), exchange_(std::move(exchange)) {}

  Result<Response> send(const Request& request, const http::SendLimits& limits,
                        std::stop_token stop) override {
    return exchange_(request, [&](const Request& changed) { return behind_->send(changed, limits, stop); });
  }
  Result<Response> stream(const Request& request, const http::StreamLimits& limits,
                          const http::OnData& on_data, std::stop_token stop) override {
    return behind_->stream(request, limits, on_data, std::move(stop));
  }

 private:
  std::shared_ptr<http::Transport> behind_;
  Exchange exchange_;
};

using Meddle = std::function<Meddler::Exchange()>;  ///< Called once for each life of the operator.

MakeOperator with_kubernetes(const MakeOperator& make, const Meddle& meddle) {
  return [make, meddle](const Surroundings& with) {
    Surroundings changed = with;
    changed.kubernetes = std::make_shared<Meddler>(with.kubernetes, meddle());
    return make(changed);
  };
}

MakeOperator with_prometheus(const MakeOperator& make, const Meddle& meddle) {
  return [make, meddle](const Surroundings& with) {
    Surroundings changed = with;
    changed.prometheus = std::make_shared<Meddler>(with.prometheus, meddle());
    return make(changed);
  };
}

bool is_json_patch(const Request& request) {
  const auto type = request.headers.find("Content-Type");
  return request.method == "PATCH" && type != request.headers.end() &&
         type->second.starts_with("application/json-patch");
}

bool writes_wave_status(const Request& request) {
  return request.method == "PUT" && request.target.find("/patchwaves/") != std::string::npos;
}

/// JSON patches with each operation as `change` leaves it: false drops it.
Meddle changing_operations(bool (*change)(Json& operation)) {
  return [change] {
    return [change](Request request, const Meddler::Next& next) {
      if (!is_json_patch(request)) return next(request);
      Json kept = Json::array();
      for (auto& operation : Json::parse(request.body)) {
        if (change(operation)) kept.push_back(std::move(operation));
      }
      request.body = kept.dump();
      return next(request);
    };
  };
}

bool is_image(const Json& operation) {
  return string_at(operation, {"op"}) != "test" && string_at(operation, {"path"}).ends_with("/image");
}

bool drop_tests(Json& operation) {
  return string_at(operation, {"op"}) != "test";
}

bool write_tags(Json& operation) {
  if (is_image(operation)) {
    const std::string image = operation["value"];
    operation["value"] = image.substr(0, image.find('@'));
  }
  return true;
}

bool restore_another_image(Json& operation) {
  if (is_image(operation) && operation["value"].get<std::string>().find('@') == std::string::npos)
    // With a digest: any other image is refused by the admission policy.
    operation["value"] = "registry.example.com/shop/web:0@sha256:" + std::string(64, '0');
  return true;
}

bool keep_claims(Json& operation) {
  return string_at(operation, {"op"}) != "remove" ||
         string_at(operation, {"path"}).find("claimed-by") == std::string::npos;
}

bool touch_replicas(Json& operation) {
  if (is_image(operation)) operation = {{"op", "add"}, {"path", "/spec/replicas"}, {"value", 1}};
  return true;
}

/// Holds back each write of a wave's status until something else was written.
Meddler::Exchange acting_before_recording() {
  return [held = std::optional<Request>(), answer = Response()](Request request,
                                                                const Meddler::Next& next) mutable {
    if (writes_wave_status(request)) {
      held = request;
      answer = {200, {{"Content-Type", "application/json"}}, request.body};
      return Result<Response>(answer);
    }
    const bool same_wave = held && held->target.starts_with(request.target + "/status");
    if (request.method == "GET" && same_wave) return Result<Response>(answer);
    auto result = next(request);
    if (request.method != "GET" && held) {
      static_cast<void>(next(*held));
      held.reset();
    }
    return result;
  };
}

/// What is read under `path`, with `change` made to it.
Meddler::Exchange changing_what_is_read(std::string path, void (*change)(Json& body)) {
  return [path = std::move(path), change](const Request& request, const Meddler::Next& next) {
    auto response = next(request);
    if (request.method != "GET" || request.target.find(path) == std::string::npos || !response)
      return response;
    Json body = Json::parse(response->body, nullptr, false);
    if (!body.is_object()) return response;
    change(body);
    response->body = body.dump();
    return response;
  };
}

/// Every budget reads as 100.
Meddler::Exchange without_budget() {
  return changing_what_is_read("patchwave", [](Json& body) {
    const auto widen = [](Json& object) {
      if (object.is_object() && object.contains("spec") && object["spec"].contains("maxUnavailable"))
        object["spec"]["maxUnavailable"] = 100;
    };
    widen(body);
    if (!body.contains("items")) return;
    for (auto& item : body["items"]) widen(item);
  });
}

/// Evictions name a pod, but not which one of that name.
Meddler::Exchange evicting_by_name() {
  return [](Request request, const Meddler::Next& next) {
    if (request.method != "POST" || !request.target.ends_with("/eviction")) return next(request);
    Json body = Json::parse(request.body);
    body["deleteOptions"].erase("preconditions");
    request.body = body.dump();
    return next(request);
  };
}

/// Windows open half an hour before or after their time.
Meddler::Exchange opening_windows_late() {
  return changing_what_is_read("/patchwaves/", [](Json& body) {
    if (find(body, {"spec", "windows", "allow"}) == nullptr) return;
    for (auto& window : body["spec"]["windows"]["allow"]) {
      const std::string schedule = window["schedule"];
      const auto blank = schedule.find(' ');
      window["schedule"] =
          std::to_string((std::stoi(schedule.substr(0, blank)) + 30) % 60) + schedule.substr(blank);
    }
  });
}

/// The time of the API server is not heard: the clock of the machine has to do.
Meddler::Exchange believing_the_machine() {
  return [](const Request& request, const Meddler::Next& next) {
    auto response = next(request);
    if (response) response->headers.erase("Date");
    return response;
  };
}

bool asks_for_scrapes(const std::string& query) {
  return query.find("up{") != std::string::npos;
}

Json vector_or_matrix(const Request& request, std::map<std::string, std::string>& form) {
  const bool range = request.target.find("/query_range") != std::string::npos;
  const double end = std::stod(form[range ? "end" : "time"]);
  const auto sample = [](double time) { return Json::array({time, "0.001"}); };
  Json series{{"metric", Json::object()}};
  if (range) {
    series["values"] = Json::array();
    for (double time = std::stod(form["start"]); time <= end; time += std::stod(form["step"]))
      series["values"].push_back(sample(time));
  } else {
    series["value"] = sample(end);
  }
  return {{"status", "success"},
          {"data", {{"resultType", range ? "matrix" : "vector"}, {"result", Json::array({series})}}}};
}

/// Where Prometheus has no answer, or an empty one, all is well.
Meddler::Exchange taking_silence_for_consent() {
  return [](const Request& request, const Meddler::Next& next) {
    auto response = next(request);
    auto form = parse_query(request.body);
    if (asks_for_scrapes(form["query"]) || form["query"].find("ALERTS") != std::string::npos) return response;
    if (response && response->status == 200) {
      const Json body = Json::parse(response->body, nullptr, false);
      if (!array_at(body, {"data", "result"}).empty()) return response;
    }
    return Result<Response>(
        Response{200, {{"Content-Type", "application/json"}}, vector_or_matrix(request, form).dump()});
  };
}

/// Each copy counts as scraped often enough: the question is put over an hour that is still to come.
Meddler::Exchange taking_copies_for_scraped() {
  return [](Request request, const Meddler::Next& next) {
    auto form = parse_query(request.body);
    std::string query = form["query"];
    if (!asks_for_scrapes(query)) return next(request);
    query = query.substr(0, query.find('[')) + "[3600000ms]))";
    request.body =
        kube::query_of({{"query", query}, {"time", std::to_string(std::stod(form["time"]) + 3600)}})
            .substr(1);
    return next(request);
  };
}

/// What Prometheus says is not heard: nothing ever is wrong.
Meddler::Exchange hearing_no_evil() {
  return [](Request request, const Meddler::Next& next) {
    auto response = next(request);
    if (!response || response->status != 200 || asks_for_scrapes(parse_query(request.body)["query"]))
      return response;
    Json body = Json::parse(response->body, nullptr, false);
    if (!body.is_object() || !body.contains("data")) return response;
    Json kept = Json::array();
    for (auto& series : body["data"]["result"]) {
      if (string_at(series, {"metric", "__name__"}) == "ALERTS") continue;
      if (series.contains("value")) series["value"][1] = "0.001";
      if (series.contains("values")) {
        for (auto& value : series["values"]) value[1] = "0.001";
      }
      kept.push_back(std::move(series));
    }
    body["data"]["result"] = std::move(kept);
    response->body = body.dump();
    return response;
  };
}

}  // namespace

std::vector<Mutant> mutants(const MakeOperator& make) {
  return {
      {"JSON patches without preconditions", with_kubernetes(make, changing_operations(drop_tests))},
      {"images set by tag, not by digest", with_kubernetes(make, changing_operations(write_tags))},
      {"another image restored", with_kubernetes(make, changing_operations(restore_another_image))},
      {"claims not released", with_kubernetes(make, changing_operations(keep_claims))},
      {"replicas changed", with_kubernetes(make, changing_operations(touch_replicas))},
      {"effects before their record", with_kubernetes(make, acting_before_recording)},
      {"budgets not read", with_kubernetes(make, without_budget)},
      {"evidence of harm not heard", with_prometheus(make, hearing_no_evil)},
      {"evictions without the pod's UID", with_kubernetes(make, evicting_by_name)},
      {"windows half an hour off", with_kubernetes(make, opening_windows_late)},
      {"the machine's clock believed", with_kubernetes(make, believing_the_machine)},
      {"no data counted as Pass", with_prometheus(make, taking_silence_for_consent)},
      {"copies counted as scraped", with_prometheus(make, taking_copies_for_scraped)},
      {"loss of leadership not noticed",
       [make](const Surroundings& with) {
         Surroundings changed = with;
         changed.leadership = {};
         return make(changed);
       }},
  };
}

}  // namespace patchwave::simulation
