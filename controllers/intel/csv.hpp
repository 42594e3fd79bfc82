// Comma-separated values (RFC 4180) read in place: tables of half a million rows become no copies of
// themselves.
#pragma once

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchwave::intel {

/// A row that was left out, or a value of it that counts as missing.
struct SetAsideRow {
  std::size_t line = 0;  ///< From 1.
  std::string reason;
};

/// All of them are counted, the first ones kept.
struct SetAside {
  static constexpr std::size_t kMostKept = 20;

  std::vector<SetAsideRow> rows;
  std::size_t count = 0;

  void add(std::size_t line, std::string reason) {
    ++count;
    if (rows.size() < kMostKept) rows.push_back({line, std::move(reason)});
  }
};

/// Passes over empty lines and a byte order mark; a quoted field may span lines. Fields are without the
/// blanks around them and live until the next row is read.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text);

  /// False at the end.
  bool next();
  [[nodiscard]] const std::vector<std::string_view>& fields() const { return fields_; }
  /// "" for a field that the row doesn't have.
  [[nodiscard]] std::string_view field(std::optional<std::size_t> column) const {
    return column && *column < fields_.size() ? fields_[*column] : std::string_view();
  }
  /// Where the row begins.
  [[nodiscard]] std::size_t line() const { return line_; }
  /// What the reader has not read, beginning with the next line.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  void read_quoted();

  std::string_view rest_;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unquoted_;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
};

std::string_view trimmed(std::string_view text);
/// In any case.
bool same_word(std::string_view a, std::string_view b);
/// The column with the first of `names` that there is, in any case.
std::optional<std::size_t> column_of(const std::vector<std::string_view>& header,
                                     std::initializer_list<std::string_view> names);
/// A finite number and nothing else.
std::optional<double> number(std::string_view text);

}  // namespace patchwave::intel
