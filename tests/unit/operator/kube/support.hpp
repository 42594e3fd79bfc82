// What the tests of this folder share: a client on a scripted server, and texts as an API server sends them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "operator/base/log.hpp"
#include "operator/kube/client.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::kube {

using patchwave::testing::FakeTransport;

inline const Time kStart = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + std::chrono::hours(2);

/// Credentials that count how often they were renewed.
class CountingCredentials final : public Credentials {
 public:
  Result<std::string> authorization() override { return "Bearer token-" + std::to_string(renewals); }
  bool renew() override {
    ++renewals;
    return renewable;
  }
  int renewals = 0;
  bool renewable = true;
};

/// A gate that lets everything pass and remembers what it was told.
class OpenGate final : public RequestGate {
 public:
  bool admit(const std::string& method, std::stop_token) override {
    admitted.push_back(method);
    return true;
  }
  void pause_for(milliseconds quiet) override { pauses.push_back(quiet); }
  std::vector<std::string> admitted;
  std::vector<milliseconds> pauses;
};

/// A client of a scripted server that never waits.
struct Scripted {
  std::shared_ptr<FakeTransport> server = std::make_shared<FakeTransport>();
  std::shared_ptr<CountingCredentials> credentials = std::make_shared<CountingCredentials>();
  std::shared_ptr<OpenGate> gate = std::make_shared<OpenGate>();
  std::vector<milliseconds> sleeps;
  Client client{options()};

  ClientOptions options() {
    ClientOptions made;
    made.transport = server;
    made.credentials = credentials;
    made.gate = gate;
    made.sleep = [this](milliseconds time) { sleeps.push_back(time); };
    return made;
  }
};

inline std::string status(int code, const std::string& reason, const std::string& message,
                          Json details = Json::object()) {
  return print_json({{"kind", "Status"},
                     {"apiVersion", "v1"},
                     {"status", "Failure"},
                     {"code", code},
                     {"reason", reason},
                     {"message", message},
                     {"details", std::move(details)}});
}

inline Json pod(const std::string& ns, const std::string& name, const std::string& version = "1") {
  return {{"metadata",
           {{"namespace", ns}, {"name", name}, {"uid", "uid-" + name}, {"resourceVersion", version}}}};
}

inline std::string event_line(const std::string& type, const Json& object) {
  return print_json({{"type", type}, {"object", object}}) + "\n";
}

inline std::string bookmark_line(const std::string& version, bool ends_initial_events = false) {
  Json metadata{{"resourceVersion", version}};
  if (ends_initial_events) metadata["annotations"] = {{"k8s.io/initial-events-end", "true"}};
  return event_line("BOOKMARK", {{"kind", "Pod"}, {"metadata", metadata}});
}

inline std::string list_text(const std::vector<Json>& items, const std::string& version,
                             const std::string& continue_token = "") {
  Json metadata{{"resourceVersion", version}};
  if (!continue_token.empty()) metadata["continue"] = continue_token;
  return print_json({{"kind", "PodList"}, {"metadata", metadata}, {"items", items}});
}

}  // namespace patchwave::kube
