#include "tests/simulation/simulated_registry.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <map>

namespace patchwave::simulation {

std::string digest_of(std::string_view repository, std::string_view tag) {
  // Every started pod asks; there are few images and many pods.
  thread_local std::map<std::string, std::string> known;
  const std::string image = fmt::format("{}:{}", repository, tag);
  auto& text = known[image];
  if (!text.empty()) return text;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(image.data(), image.size(), digest.data(), &size, EVP_sha256(), nullptr);
  text = "sha256:";
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace patchwave::simulation
