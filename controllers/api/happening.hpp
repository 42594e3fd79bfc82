// Something worth telling people, as a value: becomes an event (events.k8s.io/v1) at the border.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace patchwave::api {

struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;
  bool operator==(const ObjectReference&) const = default;
};

struct Happening {
  bool warning = false;
  std::string reason;  ///< One word per kind of happening; docs/reference/events.md lists them.
  std::string action;  ///< What was being done: "Start", "Promote", "RollBack".
  std::string note;
  ObjectReference regarding;
  bool operator==(const Happening&) const = default;
};

}  // namespace patchwave::api
