#include "tests/simulation/api_request.hpp"

#include <algorithm>
#include <cstdlib>

#include "tests/simulation/cluster_state.hpp"

namespace patchwave::simulation {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  int depth = 0;
  std::string part;
  for (const char c : text) {
    depth += c == '(' ? 1 : (c == ')' ? -1 : 0);
    if (c == separator && depth == 0) {
      parts.push_back(std::move(part));
      part.clear();
    } else {
      part += c;
    }
  }
  parts.push_back(std::move(part));
  return parts;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::string label_of(const Json& labels, const std::string& key) {
  return string_at(labels, {key});
}

bool set_requirement_matches(const std::string& text, std::size_t open, const Json& labels) {
  const bool negated = text.find(" notin ") != std::string::npos;
  const std::string key = trimmed(text.substr(0, text.find(negated ? " notin " : " in ")));
  const auto values = split(std::string_view(text).substr(open + 1, text.rfind(')') - open - 1), ',');
  const bool listed = labels.contains(key) &&
                      std::any_of(values.begin(), values.end(),
                                  [&](const auto& value) { return trimmed(value) == label_of(labels, key); });
  return listed != negated;
}

bool requirement_matches(const std::string& text, const Json& labels) {
  if (const auto open = text.find('('); open != std::string::npos)
    return set_requirement_matches(text, open, labels);
  if (const auto at = text.find("!="); at != std::string::npos) {
    return label_of(labels, trimmed(text.substr(0, at))) != trimmed(text.substr(at + 2)) ||
           !labels.contains(trimmed(text.substr(0, at)));
  }
  if (const auto at = text.find('='); at != std::string::npos) {
    const auto value = text.substr(text[at + 1] == '=' ? at + 2 : at + 1);
    const auto key = trimmed(text.substr(0, at));
    return labels.contains(key) && label_of(labels, key) == trimmed(value);
  }
  const std::string key = trimmed(text);
  return key.starts_with('!') ? !labels.contains(key.substr(1)) : labels.contains(key);
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::map<std::string, std::string> parse_query(std::string_view text) {
  std::map<std::string, std::string> query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    const auto equals = std::min(pair.find('='), pair.size());
    query[percent_decoded(pair.substr(0, equals))] =
        equals == pair.size() ? "" : percent_decoded(pair.substr(equals + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return query;
}

std::optional<ApiTarget> parse_target(std::string_view target) {
  ApiTarget parsed;
  const auto question = std::min(target.find('?'), target.size());
  if (question < target.size()) parsed.query = parse_query(target.substr(question + 1));
  auto parts = split(target.substr(0, question), '/');
  for (auto& part : parts) part = percent_decoded(part);
  // "/api/v1/…" and "/apis/<group>/<version>/…": parts[0] is the empty text before the first slash.
  std::size_t at = 0;
  std::string group;
  if (parts.size() > 3 && parts[1] == "api") {
    at = 2;
  } else if (parts.size() > 4 && parts[1] == "apis") {
    group = parts[2];
    at = 3;
  } else {
    return std::nullopt;
  }
  const std::string version = parts[at++];
  if (parts[at] == "namespaces" && parts.size() > at + 2) {
    parsed.ns = parts[at + 1];
    at += 2;
  }
  parsed.resource = ClusterState::resource(group, version, parts[at]);
  if (parsed.resource == nullptr) return std::nullopt;
  if (parts.size() > at + 1) parsed.name = parts[at + 1];
  if (parts.size() > at + 2) parsed.subresource = parts[at + 2];
  return parsed;
}

bool label_selector_matches(std::string_view selector, const Json& labels) {
  if (selector.empty()) return true;
  const auto requirements = split(selector, ',');
  return std::all_of(requirements.begin(), requirements.end(),
                     [&](const auto& text) { return requirement_matches(text, labels); });
}

bool field_selector_matches(std::string_view selector, const Json& object) {
  if (selector.empty()) return true;
  for (const auto& requirement : split(selector, ',')) {
    const auto equals = requirement.find('=');
    if (equals == std::string::npos) return false;
    const bool negated = equals > 0 && requirement[equals - 1] == '!';
    const Json* at = &object;
    for (const auto& key :
         split(std::string_view(requirement).substr(0, negated ? equals - 1 : equals), '.')) {
      at = at == nullptr ? nullptr : find(*at, {key});
    }
    const std::string value = at != nullptr && at->is_string() ? at->get<std::string>() : "";
    if ((value == requirement.substr(equals + 1)) == negated) return false;
  }
  return true;
}

}  // namespace patchwave::simulation
