#include "operator/cli/output.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace patchwave::cli {
namespace {

/// Plain in YAML 1.1 and 1.2 alike, by every reader.
bool is_plain(const std::string& text) {
  static constexpr std::array kWords = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto harmless = [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/');
  };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         std::ranges::all_of(text, harmless) && std::ranges::find(kWords, lower) == kWords.end();
}

void emit(YAML::Emitter& out, const Json& json) {
  if (json.is_object()) {
    out << (json.empty() ? YAML::Flow : YAML::Block) << YAML::BeginMap;
    for (const auto& [key, value] : json.items()) {
      out << YAML::Key;
      emit(out, Json(key));
      out << YAML::Value;
      emit(out, value);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    out << (json.empty() ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
    for (const Json& item : json) emit(out, item);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (!is_plain(text)) out << YAML::DoubleQuoted;
    out << text;
  } else if (json.is_null()) {
    out << YAML::Null;
  } else {
    out << print_json(json);
  }
}

}  // namespace

std::string print_yaml(const Json& json) {
  YAML::Emitter out;
  emit(out, json);
  return std::string(out.c_str()) + "\n";
}

std::string print_object(const Json& json, Format format) {
  return format == Format::Yaml ? print_yaml(json) : print_json_pretty(json) + "\n";
}

std::string print_name(const kube::Resource& resource, const std::string& name) {
  std::string kind = resource.kind;
  std::ranges::transform(kind, kind.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return fmt::format("{}{}{}/{}", kind, resource.group.empty() ? "" : ".", resource.group, name);
}

Json computed(const std::string& kind, Json fields) {
  fields["apiVersion"] = "cli.patchwave.dev/v1alpha1";
  fields["kind"] = kind;
  return fields;
}

Json list_of(Json items) {
  return {{"apiVersion", "v1"}, {"kind", "List"}, {"metadata", Json::object()}, {"items", std::move(items)}};
}

}  // namespace patchwave::cli
