// Tables as kubectl prints them: upper-case headings, three blanks between columns, nothing cut off.
#pragma once

#include <string>
#include <vector>

namespace patchwave::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  /// An empty cell is printed as it is; callers say "<none>" where that is meant.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string print(bool with_headings = true) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace patchwave::cli
