// What the patterns in crds/ allow, as functions: each is the whole of one `pattern`. Lengths are checked
// apart.
#pragma once

#include <string_view>

namespace patchwave::api {

bool is_any_text(std::string_view text);
/// A name that can be a DNS label: "web-1".
bool is_label_name(std::string_view text);
/// A name that can be a DNS subdomain: "web-1.4.3".
bool is_object_name(std::string_view text);
/// What a label may have as value; empty is one.
bool is_label_value(std::string_view text);
/// "sha256:" and 64 digits of lower-case hexadecimal.
bool is_digest(std::string_view text);
bool is_image_tag(std::string_view text);
/// "host:port/path" without tag and digest.
bool is_image_repository(std::string_view text);
bool is_image_glob(std::string_view text);
/// "host:port/path:tag@sha256:…", the digest being required.
bool is_pinned_image(std::string_view text);
/// From the root on, and never upwards.
bool is_absolute_path(std::string_view text);
/// "CVE-2026-1234" and the like.
bool is_advisory(std::string_view text);
/// "-12.5": no exponent, at most 15 digits before the point and 9 after it.
bool is_decimal(std::string_view text);
/// The name of a metric, and label matchers in braces or none: no function, range or operator.
bool is_metric_selector(std::string_view text);
/// Five fields of the characters that cron uses. Whether they mean something is for controllers/plan.
bool is_cron_shaped(std::string_view text);
/// Shaped like a name of the time zone database. Whether it is one is for controllers/plan.
bool is_time_zone_shaped(std::string_view text);
/// "2026-12-20T00:00", and a day that exists. Texts that pass compare as the times they name.
bool is_local_minute(std::string_view text);

}  // namespace patchwave::api
