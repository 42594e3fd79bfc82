// Package URLs (purl-spec) as keys: what names the same thing compares as equal.
#pragma once

#include <string>
#include <string_view>

namespace patchwave::intel {

/// "pkg:golang/github.com/aws/aws-sdk-go@v1.44.321": scheme and type in small letters, percent-decoded,
/// without a subpath and without qualifiers but OCI's repository_url, which is part of an image's name. Other
/// names stay as they are.
std::string normal_purl(std::string_view text);
/// The same without its version: what stands for all of them.
std::string without_version(std::string_view purl);
/// Of an image: "pkg:oci/nginx?repository_url=index.docker.io/library/nginx".
std::string image_purl(std::string_view server, std::string_view repository);

/// True when a statement about `stated` holds for `found`: the same, or all versions of it. Both normal;
/// nothing holds for what has no name.
bool covers(std::string_view stated, std::string_view found);

}  // namespace patchwave::intel
