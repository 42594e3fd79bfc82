// Colours, signs and widths of what is printed for people.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "controllers/api/wave.hpp"

namespace patchwave::cli {

enum class Colour : std::uint8_t { Plain, Green, Yellow, Red, Blue, Bold };
/// Every colour also has a sign, and every sign a word beside it: neither is ever the only bearer of meaning.
enum class Sign : std::uint8_t { Good, Bad, Busy, Waiting, Attention, Unknown };

struct Style {
  bool colour = false;
  bool utf8 = false;  ///< Else ASCII signs.

  [[nodiscard]] std::string paint(std::string_view text, Colour colour_name) const;
  [[nodiscard]] std::string sign(Sign sign) const;
  /// "✔ Succeeded", painted.
  [[nodiscard]] std::string marked(Sign mark, std::string_view word) const;
  [[nodiscard]] std::string_view arrow() const { return utf8 ? "→" : "->"; }
};

enum class ColourMode : std::uint8_t { Auto, Always, Never };

/// Auto: a terminal, and neither NO_COLOR nor TERM=dumb; FORCE_COLOR and CLICOLOR_FORCE turn colours on.
/// UTF-8 signs when the locale's variables say so and `ascii` doesn't forbid it.
Style choose_style(ColourMode mode, bool is_terminal, bool ascii,
                   const std::function<std::optional<std::string>(const std::string&)>& variable);

Sign sign_of(api::WavePhase phase);
Sign sign_of(api::TargetState state);
Sign sign_of(api::Verdict verdict);

/// Columns on a terminal: escape sequences take none, a code point takes one.
std::size_t display_width(std::string_view text);
/// Padded with blanks to `width` columns.
std::string pad(std::string_view text, std::size_t width);
/// "sha256:0123456789ab" of a digest or a plan hash.
std::string short_digest(std::string_view digest);
/// "Sat 22 Nov 02:00 UTC (in 5h30m)", or "(17m ago)".
std::string format_when(Time when, Time now);
/// Age on kubectl's scale, "<unknown>" without a time.
std::string format_since(const std::optional<Time>& since, Time now);

}  // namespace patchwave::cli
