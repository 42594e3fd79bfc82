// OpenVEX (openvex.dev, specification 0.2.0): what a vendor says a vulnerability does to a product.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/intel/csv.hpp"
#include "controllers/risk/vulnerability.hpp"
#include "operator/base/result.hpp"

namespace patchwave::intel {

struct FindingRow;

enum class VexStatus : std::uint8_t { NotAffected, Affected, Fixed, UnderInvestigation };

struct VexProduct {
  std::string name;                     ///< As normal_purl has it.
  std::vector<std::string> components;  ///< Empty: whatever is in it.
};

struct VexStatement {
  std::vector<std::string> vulnerabilities;  ///< Its name and aliases.
  std::vector<VexProduct> products;
  VexStatus status = VexStatus::UnderInvestigation;
  std::string justification;  ///< "vulnerable_code_not_present: Govulncheck determined …"
  Date date;
};

struct VexFeed {
  std::vector<VexStatement> statements;  ///< The oldest first.
  std::size_t later = 0;                 ///< Of a day after the one that counts: not looked at.
  SetAside set_aside;                    ///< By the number of the statement, from 1.
};

/// Statements up to `as_of`; one without a time has its document's. What the specification asks for and is
/// not there sets a statement aside: products, and a justification or impact statement of not_affected.
/// Invalid: another document.
Result<VexFeed> parse_openvex(std::string_view text, Date as_of);

/// Statements of all documents, found by the names of vulnerabilities.
class Vex {
 public:
  Vex() = default;
  explicit Vex(std::vector<VexFeed> feeds);
  Vex(const Vex&) = delete;
  Vex& operator=(const Vex&) = delete;
  Vex(Vex&&) noexcept = default;
  Vex& operator=(Vex&&) noexcept = default;
  ~Vex() = default;

  /// The newest statement about the row's vulnerability and product, nullptr without one. A row that names no
  /// product is nobody's, and one that names no component is not told apart by it.
  [[nodiscard]] const VexStatement* find(const FindingRow& row) const;

 private:
  struct Named {
    std::string vulnerability;
    const VexStatement* statement = nullptr;  ///< In feeds_.
  };

  std::vector<VexFeed> feeds_;
  std::vector<Named> by_name_;
};

/// Takes a finding off that a statement says is not affected or fixed, with the statement's reason.
void apply_vex(const Vex& vex, FindingRow& row);

}  // namespace patchwave::intel
