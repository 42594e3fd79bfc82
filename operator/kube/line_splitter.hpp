// Cuts a stream of bytes into lines, however the network chose to cut it into pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchwave::kube {

/// Keeps only the unfinished tail. A line over the limit is dropped whole and counted, so that one
/// monstrous object neither fills the memory nor ends the stream.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line = 16 * 1024 * 1024) : max_line_(max_line) {}

  /// Calls on_line(line) -> bool for each complete line, without its "\n" or "\r\n"; empty lines are passed
  /// over. Stops and returns false as soon as on_line does.
  template <class OnLine>
  bool feed(std::string_view bytes, OnLine&& on_line) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      if (end == std::string_view::npos) {
        keep(bytes);
        return true;
      }
      const bool is_whole_here = tail_.empty() && !dropping_;
      if (!is_whole_here) keep(bytes.substr(0, end));
      const bool go_on = is_whole_here ? hand_over(bytes.substr(0, end), on_line) : close(on_line);
      bytes.remove_prefix(end + 1);
      if (!go_on) return false;
    }
    return true;
  }

  /// The stream ended as declared: what is left is a line without its newline.
  template <class OnLine>
  bool finish(OnLine&& on_line) {
    return close(on_line);
  }

  /// Lines that were over the limit.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  void keep(std::string_view bytes) {
    if (dropping_) return;
    // One byte more than a line may have: it can be the "\r" of its end.
    if (tail_.size() + bytes.size() > max_line_ + 1) {
      dropping_ = true;
      tail_ = {};
      return;
    }
    tail_ += bytes;
  }

  template <class OnLine>
  bool close(OnLine&& on_line) {
    if (dropping_) {
      dropping_ = false;
      ++dropped_;
      return true;
    }
    const bool go_on = hand_over(tail_, on_line);
    tail_.clear();
    return go_on;
  }

  template <class OnLine>
  bool hand_over(std::string_view line, OnLine&& on_line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return true;
    if (line.size() > max_line_) {
      ++dropped_;
      return true;
    }
    return on_line(line);
  }

  std::size_t max_line_;
  std::string tail_;       ///< Bytes since the last newline; empty while dropping_.
  bool dropping_ = false;  ///< The current line is over the limit; skip to its end.
  std::uint64_t dropped_ = 0;
};

}  // namespace patchwave::kube
