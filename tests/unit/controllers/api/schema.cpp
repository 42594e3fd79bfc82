#include "tests/unit/controllers/api/schema.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <stdexcept>

namespace patchwave::api::testing {
namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  std::array<char, 4096> buffer{};
  for (std::size_t read = 0; pipe && (read = fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) {
    output.append(buffer.data(), read);
  }
  return output;
}

Json load(const std::string& plural) {
  const auto path = std::string(PATCHWAVE_SOURCE_DIR) + "/crds/patchwave.dev_" + plural + ".yaml";
  const auto text = output_of(
      "python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' '" +
      path + "'");
  return Json::parse(text).at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema");
}

// A text that `pattern` allows; the texts for different numbers differ.
std::string sample_of(const std::string& pattern, int number) {
  const auto digit = std::to_string(number + 1);
  const std::map<std::string, std::string> samples = {
      {"^([0-9]{1,5}(h|m|s|ms)){1,4}$", "2m" + digit + "s"},
      {"^sha256:[0-9a-f]{64}$", "sha256:" + std::string(63, 'e') + digit},
      {"^/([A-Za-z0-9/_-]|[.][A-Za-z0-9/_-])*$", "/srv/a.d/" + digit},
      {"^([A-Za-z0-9.-]+(:[0-9]{1,5})?/)?[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*(/"
       "[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*)*"
       "(:[A-Za-z0-9_][A-Za-z0-9._-]*)?@sha256:[0-9a-f]{64}$",
       "registry.example.com/a:" + digit + "@sha256:" + std::string(64, 'e')},
      {"^[0-9A-Za-z*,/-]+( +[0-9A-Za-z*,/-]+){4}$", digit + " 2 * * SAT"},
      {"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", "Etc/GMT-" + digit},
      {"^-?[0-9]{1,15}(\\.[0-9]{1,9})?$", "0." + digit},
      {"^[A-Za-z_:][A-Za-z0-9_:]*(\\{.*\\})?$", "metric{code=~\"" + digit + "..\"}"},
      {"^[0-9]{1,2}(\\.[0-9]{1,9})?$", "2." + digit + "5"},
      {"^0\\.[0-9]{1,9}$", "0.0" + digit + "5"},
      {"^[A-Z][A-Za-z]*$", std::string("Word") + static_cast<char>('A' + number)},
      {"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]$",
       "2026-12-2" + digit + "T00:00"},
  };
  const auto found = samples.find(pattern);
  if (found != samples.end()) return found->second;
  const auto text = "a" + digit;
  if (!std::regex_match(text, std::regex(pattern))) throw std::logic_error("no sample for " + pattern);
  return text;
}

std::vector<std::string> fields_in(const std::string& rule) {
  static const std::regex field(R"(has\(self\.(\w+)\))");
  std::vector<std::string> names;
  for (std::sregex_iterator at(rule.begin(), rule.end(), field); at != std::sregex_iterator(); ++at) {
    names.push_back((*at)[1]);
  }
  return names;
}

// The fields of a rule that wants exactly one of them.
std::vector<std::string> alternatives(const Json& schema) {
  static const std::regex of_two(R"(has\(self\.\w+\) != has\(self\.\w+\))");
  static const std::regex of_many(R"(\[(has\(self\.\w+\)(, *)?)+\]\.exists_one\(kind, kind\))");
  for (const auto& validation : array_at(schema, {"x-kubernetes-validations"})) {
    const auto text = string_at(validation, {"rule"});
    if (std::regex_match(text, of_two) || std::regex_match(text, of_many)) return fields_in(text);
  }
  return {};
}

// What a field may only be set beside, one of them; empty when there is no such rule.
std::vector<std::string> companions(const Json& schema, const std::string& name) {
  static const std::regex rule(R"(!has\(self\.(\w+)\)( \|\| has\(self\.\w+\))+)");
  for (const auto& validation : array_at(schema, {"x-kubernetes-validations"})) {
    const auto text = string_at(validation, {"rule"});
    if (std::smatch match; !std::regex_match(text, match, rule) || match[1] != name) continue;
    auto fields = fields_in(text);
    fields.erase(fields.begin());
    return fields;
  }
  return {};
}

// The first of several fields of which at least one must be set; empty when there is no such rule.
std::string first_of_at_least_one(const Json& schema) {
  static const std::regex rule(R"(has\(self\.(\w+)\)( \|\| has\(self\.\w+\))+)");
  for (const auto& validation : array_at(schema, {"x-kubernetes-validations"})) {
    const auto text = string_at(validation, {"rule"});
    if (std::smatch match; std::regex_match(text, match, rule)) return match[1];
  }
  return {};
}

bool is_required(const Json& schema, const std::string& name) {
  for (const auto& required : array_at(schema, {"required"})) {
    if (required == name) return true;
  }
  return false;
}

class ExampleMaker {
 public:
  ExampleMaker(Fill fill, const Words& words) : fill_(fill), words_(words) {}

  // `number` tells apart the elements of a list, which take turns with the alternatives where there are some.
  Json make(const Json& schema, const std::string& path, int number) const {
    for (const auto& [end, value] : words_) {
      if (path.ends_with(end)) return value;
    }
    if (schema.contains("x-kubernetes-int-or-string")) return number % 2 == 0 ? Json(3) : Json("25%");
    const auto type = schema.at("type").get<std::string>();
    if (type == "object") return make_object(schema, path, number);
    if (type == "array") return make_array(schema, path);
    if (type == "integer") return make_integer(schema, number);
    if (type == "boolean") return !schema.value("default", false);
    return make_string(schema, number);
  }

 private:
  Json make_object(const Json& schema, const std::string& path, int number) const {
    Json result = Json::object();
    if (schema.contains("additionalProperties")) {
      result["key"] = make(schema["additionalProperties"], path + ".key", number);
    }
    const auto kinds = alternatives(schema);
    const auto chosen = kinds.empty() ? "" : kinds[static_cast<std::size_t>(number) % kinds.size()];
    for (const auto& [name, property] : object_at(schema, {"properties"}).items()) {
      const auto beside = companions(schema, name);
      const bool is_other_kind = name != chosen && std::ranges::find(kinds, name) != kinds.end();
      const bool is_alone = !beside.empty() && std::ranges::find(beside, chosen) == beside.end();
      if (is_other_kind || is_alone) continue;
      if (name == chosen || wants(schema, name, property)) {
        result[name] = make(property, path.empty() ? name : path + "." + name, number);
      }
    }
    return result;
  }

  bool wants(const Json& schema, const std::string& name, const Json& property) const {
    if (fill_ == Fill::Everything || is_required(schema, name) || name == first_of_at_least_one(schema)) {
      return true;
    }
    const auto type = string_at(property, {"type"});
    return fill_ == Fill::Structure && (type == "object" || type == "array") && !property.contains("default");
  }

  Json make_array(const Json& schema, const std::string& path) const {
    Json result = Json::array();
    // Two of each kind, so that alternatives within a kind have their turns as well.
    const auto kinds = static_cast<int>(alternatives(schema.at("items")).size());
    const int all = kinds > 2 ? 2 * kinds : 2;
    for (int number = 0; number < (fill_ == Fill::Everything ? all : 1); ++number) {
      result.push_back(make(schema.at("items"), path + "[" + std::to_string(number) + "]", number));
    }
    return result;
  }

  static Json make_integer(const Json& schema, int number) {
    return schema.value("default", schema.value("minimum", 0)) + 2 + number;
  }

  static Json make_string(const Json& schema, int number) {
    if (schema.contains("enum")) {
      Json others = Json::array();
      for (const auto& word : schema["enum"]) {
        if (!schema.contains("default") || word != schema["default"]) others.push_back(word);
      }
      return others.at(static_cast<std::size_t>(number) % others.size());
    }
    if (string_at(schema, {"format"}) == "date-time")
      return "2026-11-21T02:00:0" + std::to_string(number) + "Z";
    return schema.contains("pattern") ? sample_of(schema["pattern"], number)
                                      : "text " + std::to_string(number);
  }

  Fill fill_;
  const Words& words_;
};

Json repeated(const Json& list, std::size_t count) {
  Json result = Json::array();
  while (result.size() < count) result.push_back(list.at(result.size() % list.size()));
  return result;
}

Json of_another_type(const Json& schema) {
  if (schema.contains("x-kubernetes-int-or-string")) return true;
  return string_at(schema, {"type"}) == "string" ? Json(7) : Json("word");
}

// Replacements for one value, with what is wrong about each.
std::vector<std::pair<std::string, Json>> wrong_values(const Json& schema, const Json& value) {
  std::vector<std::pair<std::string, Json>> wrong = {{"another type", of_another_type(schema)}};
  const auto number = [&](const char* key) { return schema.at(key).get<std::int64_t>(); };
  const auto size = [&](const char* key) { return schema.at(key).get<std::size_t>(); };
  if (schema.contains("enum")) wrong.emplace_back("an unknown word", "Unheard");
  if (schema.contains("minimum")) wrong.emplace_back("under the minimum", number("minimum") - 1);
  if (schema.contains("maximum")) wrong.emplace_back("over the maximum", number("maximum") + 1);
  if (schema.contains("pattern")) wrong.emplace_back("against the pattern", "!");
  if (schema.contains("maxLength")) wrong.emplace_back("too long", std::string(size("maxLength") + 1, 'a'));
  if (schema.value("minLength", 0) > 0) wrong.emplace_back("empty", "");
  if (schema.value("minItems", 0) > 0) wrong.emplace_back("an empty list", Json::array());
  if (schema.contains("maxItems")) wrong.emplace_back("too many", repeated(value, size("maxItems") + 1));
  if (string_at(schema, {"pattern"}).find("(h|m|s|ms)") != std::string::npos) {
    wrong.emplace_back("too long a time", "99999h");
  }
  const auto list_type = string_at(schema, {"x-kubernetes-list-type"});
  if (list_type == "set" || list_type == "map") {
    wrong.emplace_back("the same twice", Json::array({value.at(0), value.at(0)}));
  }
  if (schema.contains("maxProperties")) {
    Json many = Json::object();
    for (std::size_t at = 0; at <= size("maxProperties"); ++at) many["key" + std::to_string(at)] = "value";
    wrong.emplace_back("too many", std::move(many));
  }
  return wrong;
}

class ViolationFinder {
 public:
  ViolationFinder(const Json& object, std::vector<Violation>& found) : object_(object), found_(found) {}

  void visit(const Json& schema, const Json& value, const Json::json_pointer& at, const std::string& path) {
    for (auto& [what, wrong] : wrong_values(schema, value)) {
      Json broken = object_;
      broken[at] = std::move(wrong);
      found_.push_back({path, what, std::move(broken)});
    }
    if (value.is_array()) {
      for (std::size_t index = 0; index < value.size(); ++index) {
        visit(schema.at("items"), value[index], at / index, path + "[" + std::to_string(index) + "]");
      }
    }
    if (value.is_object()) visit_object(schema, value, at, path);
  }

 private:
  void visit_object(const Json& schema, const Json& value, const Json::json_pointer& at,
                    const std::string& path) {
    for (const auto& [name, field] : value.items()) {
      const bool declared = object_at(schema, {"properties"}).contains(name);
      const auto& field_schema = declared ? schema["properties"][name] : schema.at("additionalProperties");
      const auto field_path = path.empty() ? name : path + "." + name;
      if (is_required(schema, name)) {
        Json broken = object_;
        broken[at].erase(name);
        found_.push_back({field_path, "absent", std::move(broken)});
      }
      visit(field_schema, field, at / name, field_path);
    }
  }

  const Json& object_;
  std::vector<Violation>& found_;
};

}  // namespace

const Json& schema_of(const std::string& plural) {
  static std::map<std::string, Json> loaded;
  const auto found = loaded.find(plural);
  return found != loaded.end() ? found->second : loaded.emplace(plural, load(plural)).first->second;
}

Json example(const Json& schema, Fill fill, const Words& words) {
  return ExampleMaker(fill, words).make(schema, "", 0);
}

void apply_defaults(const Json& schema, Json& value) {
  if (value.is_array()) {
    for (auto& element : value) apply_defaults(schema.at("items"), element);
  }
  if (!value.is_object()) return;
  for (const auto& [name, property] : object_at(schema, {"properties"}).items()) {
    if (!value.contains(name) && property.contains("default")) value[name] = property["default"];
    if (value.contains(name)) apply_defaults(property, value[name]);
  }
}

std::vector<Violation> violations(const Json& schema, const Json& object) {
  std::vector<Violation> found;
  const auto& spec = schema.at("properties").at("spec");
  ViolationFinder(object, found).visit(spec, object.at("spec"), Json::json_pointer("/spec"), "spec");
  return found;
}

}  // namespace patchwave::api::testing
