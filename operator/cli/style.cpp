#include "operator/cli/style.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "operator/base/time.hpp"

namespace patchwave::cli {
namespace {

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::Green:
      return "\x1b[32m";
    case Colour::Yellow:
      return "\x1b[33m";
    case Colour::Red:
      return "\x1b[31m";
    case Colour::Blue:
      return "\x1b[94m";
    case Colour::Bold:
      return "\x1b[1m";
    case Colour::Plain:
      break;
  }
  return "";
}

Colour colour_of(Sign sign) {
  switch (sign) {
    case Sign::Good:
      return Colour::Green;
    case Sign::Bad:
      return Colour::Red;
    case Sign::Busy:
      return Colour::Blue;
    case Sign::Waiting:
    case Sign::Attention:
    case Sign::Unknown:
      break;
  }
  return Colour::Yellow;
}

}  // namespace

std::string Style::paint(std::string_view text, Colour colour_name) const {
  if (!colour || colour_name == Colour::Plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", code_of(colour_name), text);
}

std::string Style::sign(Sign sign) const {
  switch (sign) {
    case Sign::Good:
      return utf8 ? "✔" : "+";
    case Sign::Bad:
      return utf8 ? "✖" : "x";
    case Sign::Busy:
      return utf8 ? "◌" : "~";
    case Sign::Waiting:
      return utf8 ? "◷" : ".";
    case Sign::Attention:
      return "!";
    case Sign::Unknown:
      break;
  }
  return "?";
}

std::string Style::marked(Sign mark, std::string_view word) const {
  return paint(fmt::format("{} {}", sign(mark), word), colour_of(mark));
}

Style choose_style(ColourMode mode, bool is_terminal, bool ascii,
                   const std::function<std::optional<std::string>(const std::string&)>& variable) {
  const auto set = [&](const char* name) { return !variable(name).value_or("").empty(); };
  const auto forced = [&](const char* name) { return set(name) && variable(name) != "0"; };
  Style style;
  if (mode == ColourMode::Auto) {
    const bool wanted = is_terminal && !set("NO_COLOR") && variable("TERM").value_or("") != "dumb";
    style.colour = wanted || forced("FORCE_COLOR") || forced("CLICOLOR_FORCE");
  } else {
    style.colour = mode == ColourMode::Always;
  }
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (locale.empty()) locale = variable(name).value_or("");
  }
  std::ranges::transform(locale, locale.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const bool says_utf8 =
      locale.find("UTF-8") != std::string::npos || locale.find("UTF8") != std::string::npos;
  style.utf8 = !ascii && says_utf8;
  return style;
}

Sign sign_of(api::WavePhase phase) {
  switch (phase) {
    case api::WavePhase::Pending:
    case api::WavePhase::Waiting:
      return Sign::Waiting;
    case api::WavePhase::Running:
    case api::WavePhase::Baking:
      return Sign::Busy;
    case api::WavePhase::Succeeded:
      return Sign::Good;
    case api::WavePhase::RollingBack:
    case api::WavePhase::RolledBack:
    case api::WavePhase::RollbackFailed:
      return Sign::Bad;
    case api::WavePhase::Cancelled:
      break;
  }
  return Sign::Unknown;
}

Sign sign_of(api::TargetState state) {
  switch (state) {
    case api::TargetState::Pending:
      return Sign::Waiting;
    case api::TargetState::Claimed:
    case api::TargetState::Canary:
    case api::TargetState::Patching:
    case api::TargetState::Promoting:
      return Sign::Busy;
    case api::TargetState::Promoted:
    case api::TargetState::Skipped:
      return Sign::Good;
    case api::TargetState::RollingBack:
    case api::TargetState::RolledBack:
    case api::TargetState::RollbackFailed:
      break;
  }
  return Sign::Bad;
}

Sign sign_of(api::Verdict verdict) {
  if (verdict == api::Verdict::Pass) return Sign::Good;
  return verdict == api::Verdict::Harm ? Sign::Bad : Sign::Unknown;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  bool escape = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (escape) {
      escape = c != 'm';
    } else if (byte == 0x1b) {
      escape = true;
    } else if ((byte & 0xc0) != 0x80) {
      ++width;
    }
  }
  return width;
}

std::string pad(std::string_view text, std::size_t width) {
  const std::size_t shown = display_width(text);
  return std::string(text) + std::string(shown < width ? width - shown : 0, ' ');
}

std::string short_digest(std::string_view digest) {
  constexpr std::size_t kShown = std::string_view("sha256:").size() + 12;
  return std::string(digest.substr(0, kShown));
}

std::string format_when(Time when, Time now) {
  const auto utc = fmt::gmtime(std::chrono::floor<seconds>(when).time_since_epoch().count());
  const auto distance = std::chrono::floor<milliseconds>(when > now ? when - now : now - when);
  const std::string relative = format_age(distance);
  return fmt::format("{:%a %d %b %H:%M} UTC ({})", utc, when > now ? "in " + relative : relative + " ago");
}

std::string format_since(const std::optional<Time>& since, Time now) {
  if (!since) return "<unknown>";
  return format_age(std::max(std::chrono::floor<milliseconds>(now - *since), milliseconds(0)));
}

}  // namespace patchwave::cli
