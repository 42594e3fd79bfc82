// metav1.Status answers, worded as kube-apiserver 1.36 words them.
#pragma once

#include <string>

#include "operator/base/json.hpp"
#include "operator/http/transport.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::simulation {

http::Response answer(int code, std::string body);
/// A Failure Status. `details` may be null.
http::Response failure(int code, std::string_view reason, std::string message, Json details = nullptr);

http::Response not_found(const kube::Resource& resource, std::string_view name);
/// The path itself leads nowhere: the kind is not served.
http::Response page_not_found();
http::Response already_exists(const kube::Resource& resource, std::string_view name);
http::Response conflict(const kube::Resource& resource, std::string_view name, std::string_view why);
http::Response invalid(const kube::Resource& resource, std::string_view name, const std::string& field,
                       const std::string& why);
http::Response bad_request(std::string message);
/// A JSON patch that does not apply, a failed `test` among them: the server does not tell them apart.
http::Response patch_does_not_apply();
http::Response expired(std::string message);
/// API priority and fairness: not a budget's word.
http::Response throttled(int retry_after_seconds);
http::Response unavailable(int code);

}  // namespace patchwave::simulation
