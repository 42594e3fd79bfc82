#include "operator/http/transport.hpp"

#include <strings.h>

#include <algorithm>

namespace patchwave::http {

bool CaseInsensitive::operator()(std::string_view a, std::string_view b) const {
  const int order = ::strncasecmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return order != 0 ? order < 0 : a.size() < b.size();
}

}  // namespace patchwave::http
