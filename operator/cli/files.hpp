// Files that a command was given: whole, gzipped or not.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "operator/cli/environment.hpp"

namespace patchwave::cli {

/// "-" is standard input. NotFound, Unavailable, TooLarge above 1 GiB, Invalid for a broken archive.
Result<std::string> read_file(Environment& environment, const std::string& path);

/// Invalid when standard input were read for two of them.
Result<void> check_standard_input(const std::vector<std::string>& paths);

/// Runs `parse` on the text of a file; its errors name the kind and the file.
template <class Parse>
auto with_text(Environment& environment, std::string_view kind, const std::string& path, Parse parse)
    -> decltype(parse(std::string())) {
  const auto context = fmt::format("{} {}", kind, path);
  auto text = read_file(environment, path);
  if (!text) return fail(text.error().within(context));
  auto parsed = parse(std::move(*text));
  if (!parsed) return fail(parsed.error().within(context));
  return parsed;
}

}  // namespace patchwave::cli
