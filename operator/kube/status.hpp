// metav1.Status, the API server's form of "no", in an answer's body or in a watch's ERROR event.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/json.hpp"
#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"

namespace patchwave::kube {

struct StatusCause {
  std::string reason;
  std::string message;
  std::string field;
};

struct Status {
  int code = 0;  ///< Of HTTP; 0 when there is none, or one that HTTP can't have.
  std::string reason;
  std::string message;
  std::string name;                         ///< details.name
  std::vector<StatusCause> causes;          ///< details.causes
  std::optional<milliseconds> retry_after;  ///< details.retryAfterSeconds, else the Retry-After header.
  bool is_status = false;  ///< False: the body was something else (a proxy's page, plain text).

  [[nodiscard]] const StatusCause* cause(std::string_view wanted) const;
};

/// Reads whatever came back; a body that is no Status is told in its first 200 bytes.
Status status_of(const http::Response& response);
/// The `object` of a watch's ERROR event.
Status status_of(const Json& object);

/// The error that `what` ("get deployments.apps shop/web") met. reason is Status.reason, or one of
/// "KindNotServed", "FieldManagerConflict", "ResourceVersionTooLarge".
Error to_error(const Status& status, std::string_view what);

/// The Retry-After header in whole seconds, as API servers send it. Between 0 and one hour.
std::optional<milliseconds> retry_after_of(const http::Response& response);

}  // namespace patchwave::kube
