#include "operator/cli/table.hpp"

#include <algorithm>

#include "operator/cli/style.hpp"

namespace patchwave::cli {
namespace {

constexpr std::size_t kBlanks = 3;

std::string print_row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += pad(cells[i], widths[i] + kBlanks);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string Table::print(bool with_headings) const {
  std::vector<std::size_t> widths(headings_.size(), 0);
  const auto widen = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], display_width(cells[i]));
  };
  if (with_headings) widen(headings_);
  std::ranges::for_each(rows_, widen);
  std::string text = with_headings ? print_row(headings_, widths) : "";
  for (const auto& row : rows_) text += print_row(row, widths);
  return text;
}

}  // namespace patchwave::cli
