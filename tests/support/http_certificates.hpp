// Certificates made in the test itself: nothing secret is in the repository and nothing expires in it.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace patchwave::testing {

struct KeyPairPem {
  std::string certificate;
  std::string key;
};

struct CertificateNames {
  std::vector<std::string> dns;
  std::vector<std::string> addresses;
};

/// A certificate authority with a P-256 key.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name = "test authority");
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  /// The authority's own certificate.
  [[nodiscard]] std::string pem() const;
  /// Valid from an hour ago for a day, or until a minute ago.
  [[nodiscard]] KeyPairPem issue(const std::string& common_name, const CertificateNames& names,
                                 bool expired = false) const;
  /// For servers on the loopback address that tests reach by "127.0.0.1".
  [[nodiscard]] KeyPairPem issue_loopback() const {
    return issue("loopback", {{"localhost"}, {"127.0.0.1"}});
  }

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace patchwave::testing
