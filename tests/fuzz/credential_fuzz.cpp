// What credential plugins print: a refusal never repeats it, as it holds secrets.
#include <string>

#include "operator/kube/credentials.hpp"
#include "tests/fuzz/property.hpp"

namespace {

/// Seeds have it wherever a secret stands.
constexpr const char* kSecret = "s3cr3t";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace patchwave;
  using fuzz::expect;
  kube::ExecConfig config;
  config.api_version = "client.authentication.k8s.io/v1";
  config.command = "login";
  const auto credential = kube::parse_exec_credential(std::string(fuzz::text_of(data, size)), config);
  if (!credential) {
    expect(credential.error().kind == ErrorKind::Protocol, "what is no credential is a fault of protocol");
    expect(!credential.error().message.contains(kSecret), "a refusal holds no secret");
    return 0;
  }
  expect(!credential->token.empty() || !credential->client_certificate_pem.empty(),
         "a credential is a token or a certificate");
  expect(credential->client_certificate_pem.empty() == credential->client_key_pem.empty(),
         "certificate and key come together");
  return 0;
}
