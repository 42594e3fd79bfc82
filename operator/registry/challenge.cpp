#include "operator/registry/challenge.hpp"

#include <algorithm>
#include <cctype>

namespace patchwave::registry {
namespace {

constexpr std::size_t kMaxChallenges = 16;
constexpr std::size_t kMaxParameters = 16;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return text_.empty(); }
  void skip(std::string_view characters) {
    text_.remove_prefix(std::min(text_.find_first_not_of(characters), text_.size()));
  }
  bool accept(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void drop() { text_.remove_prefix(1); }

  std::string token() {
    const auto is_token = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             std::string_view("!#$%&'*+-.^_`|~/").contains(c);
    };
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text_, is_token) - text_.begin());
    std::string out(text_.substr(0, end));
    text_.remove_prefix(end);
    return out;
  }

  /// After its opening quote.
  std::string quoted() {
    std::string out;
    while (!at_end() && !accept('"')) {
      if (accept('\\') && at_end()) break;
      out += text_.front();
      drop();
    }
    return out;
  }

 private:
  std::string_view text_;
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view field) {
  std::vector<Challenge> challenges;
  Reader reader(field);
  while (true) {
    reader.skip(" \t,");
    if (reader.at_end()) return challenges;
    std::string word = lower(reader.token());
    if (word.empty()) {
      reader.drop();
      continue;
    }
    reader.skip(" \t");
    if (!reader.accept('=')) {
      if (challenges.size() == kMaxChallenges) return challenges;
      challenges.push_back({std::move(word), {}});
      continue;
    }
    reader.skip(" \t");
    std::string value = reader.accept('"') ? reader.quoted() : reader.token();
    if (!challenges.empty() && challenges.back().parameters.size() < kMaxParameters) {
      challenges.back().parameters.emplace(std::move(word), std::move(value));
    }
  }
}

}  // namespace patchwave::registry
