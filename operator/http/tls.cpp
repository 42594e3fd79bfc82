#include "operator/http/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

namespace patchwave::http {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;

std::string openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no certificate or key in the text";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", code);
}

std::unexpected<Error> unusable(std::string_view what) {
  return fail(ErrorKind::Invalid, fmt::format("{} can't be used: {}", what, openssl_error()));
}

/// Keys under a passphrase are refused: nobody is there to type it.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1 << 24))));
}

Certificate next_certificate(BIO* bio) {
  return Certificate(PEM_read_bio_X509(bio, nullptr, no_passphrase, nullptr));
}

Result<void> trust_only(SSL_CTX* context, const std::string& ca_pem) {
  Store store(X509_STORE_new());
  const Bio bio = reader(ca_pem);
  int added = 0;
  while (const auto certificate = next_certificate(bio.get())) {
    if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) return unusable("the CA certificate");
    ++added;
  }
  if (added == 0) return unusable("the CA certificate");
  ERR_clear_error();  // the end of the text is reported as an error
  SSL_CTX_set_cert_store(context, store.release());
  return {};
}

Result<void> present(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem,
                     std::string_view whose) {
  const Bio bio = reader(certificate_pem);
  const auto leaf = next_certificate(bio.get());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return unusable(fmt::format("the {} certificate", whose));
  }
  SSL_CTX_clear_chain_certs(context);
  while (const auto intermediate = next_certificate(bio.get()))
    SSL_CTX_add1_chain_cert(context, intermediate.get());
  ERR_clear_error();
  const Bio key_bio = reader(key_pem);
  const Key key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_passphrase, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return unusable(fmt::format("the {} key", whose));
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return unusable(fmt::format("the {} key (it is not the certificate's)", whose));
  }
  return {};
}

/// What the verification of a peer needs; owned by the context it is attached to.
struct PeerCheck {
  std::string name;  ///< DNS name or IP address.
  bool skip = false;
  std::shared_ptr<TlsRefusal> refusal;
};

void free_check(void*, void* check, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<PeerCheck*>(check);
}

int check_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_check);
  return index;
}

bool is_address(const std::string& name) {
  const std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>> address(
      a2i_IPADDRESS(name.c_str()));
  ERR_clear_error();
  return address != nullptr;
}

std::string describe_refusal(X509_STORE_CTX* verification, const PeerCheck& check) {
  const int error = X509_STORE_CTX_get_error(verification);
  std::array<char, 256> subject{};
  if (X509* certificate = X509_STORE_CTX_get_current_cert(verification)) {
    X509_NAME_oneline(X509_get_subject_name(certificate), subject.data(), subject.size());
  }
  if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return fmt::format("the server's certificate ({}) is not for {}", subject.data(), check.name);
  }
  return fmt::format("the server's certificate was refused: {} ({})", X509_verify_cert_error_string(error),
                     subject.data());
}

/// Replaces OpenSSL's call of the verification as a whole, because the library above sets a callback of
/// its own on every connection and would otherwise have the last word.
int verify_peer(X509_STORE_CTX* verification, void* attached) {
  const auto& check = *static_cast<PeerCheck*>(attached);
  if (check.skip) return 1;
  X509_STORE_CTX_set_verify_cb(verification, [](int accepted, X509_STORE_CTX*) { return accepted; });
  X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(verification);
  X509_VERIFY_PARAM_set_hostflags(wanted,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const int set = is_address(check.name)
                      ? X509_VERIFY_PARAM_set1_ip_asc(wanted, check.name.c_str())
                      : X509_VERIFY_PARAM_set1_host(wanted, check.name.data(), check.name.size());
  const int accepted = set == 1 ? X509_verify_cert(verification) : 0;
  if (accepted != 1) check.refusal->set(describe_refusal(verification, check));
  return accepted == 1 ? 1 : 0;
}

/// The server name indication must be the name that is verified; the library above puts the URL's host.
void indicate_name(const SSL* connection, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
  const auto* check =
      static_cast<const PeerCheck*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), check_index()));
  SSL_set_tlsext_host_name(const_cast<SSL*>(connection), check->name.c_str());
}

}  // namespace

void TlsRefusal::set(std::string reason) {
  const std::scoped_lock lock(mutex_);
  reason_ = std::move(reason);
}

std::string TlsRefusal::get() const {
  const std::scoped_lock lock(mutex_);
  return reason_;
}

Result<void> configure_tls_client(SSL_CTX* context, const Endpoint& endpoint, const std::string& host,
                                  std::shared_ptr<TlsRefusal> refusal) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (!endpoint.ca_pem.empty()) {
    if (auto trusted = trust_only(context, endpoint.ca_pem); !trusted) return trusted;
  }
  if (!endpoint.client_certificate_pem.empty()) {
    auto presented = present(context, endpoint.client_certificate_pem, endpoint.client_key_pem, "client");
    if (!presented) return presented;
  }
  auto check = std::make_unique<PeerCheck>();
  check->name = endpoint.server_name.empty() ? host : endpoint.server_name;
  check->skip = endpoint.insecure_skip_verify;
  check->refusal = std::move(refusal);
  SSL_CTX_set_cert_verify_callback(context, verify_peer, check.get());
  if (!endpoint.server_name.empty()) SSL_CTX_set_info_callback(context, indicate_name);
  SSL_CTX_set_ex_data(context, check_index(), check.release());
  return {};
}

Result<void> configure_tls_server(SSL_CTX* context, const std::string& certificate_pem,
                                  const std::string& key_pem) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  return present(context, certificate_pem, key_pem, "server");
}

}  // namespace patchwave::http
