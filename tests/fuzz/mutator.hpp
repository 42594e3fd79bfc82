// Inputs made out of other inputs, the same for the same seed on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace patchwave::fuzz {

class Mutator {
 public:
  /// `corpus` must not be empty and must outlive the mutator.
  Mutator(const std::vector<std::string>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  /// One of the corpus, changed in one to five places.
  std::string next();

 private:
  void change(std::string& text);
  void change_byte(std::string& text);
  void change_word(std::string& text);
  void remove_part(std::string& text);
  void repeat_part(std::string& text);
  void insert_part_of_another(std::string& text);

  /// Below `count`, which must not be 0. The library's distributions differ from one library to the next.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_() % count); }
  const std::string& any_input() { return corpus_[below(corpus_.size())]; }
  std::string any_part(const std::string& text);
  std::string any_word(const std::string& text);

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

}  // namespace patchwave::fuzz
