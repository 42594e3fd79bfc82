#include "controllers/target/image.hpp"

namespace patchwave::target {

std::string_view digest_of(std::string_view image) {
  const auto at = image.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : image.substr(at + 1);
}

bool same_image(std::string_view image, std::string_view wanted) {
  const std::string_view digest = digest_of(wanted);
  return digest.empty() ? image == wanted : digest_of(image) == digest;
}

}  // namespace patchwave::target
