// The lines that an iCalendar file is made of, RFC 5545 section 3.1: NAME;PARAMETER=value:value, folded.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/result.hpp"

namespace patchwave::icalendar {

struct ContentLine {
  std::size_t number = 0;                         ///< Of the file's line that it begins on, from 1.
  std::string name;                               ///< In upper case.
  std::map<std::string, std::string> parameters;  ///< Names in upper case, values without quotes.
  std::string value;                              ///< As it stands.
};

/// Lines end with CRLF or LF; empty ones are passed over. TooLarge above 1 MiB, Invalid names the line.
Result<std::vector<ContentLine>> parse_content_lines(std::string_view text);

/// Of a value that is text: its escapes read, control characters as blanks, at most 120 bytes.
std::string plain_text(std::string_view value);

/// ASCII alone.
std::string upper_case(std::string_view text);

/// What refuses a line: "line 7: <wrong>".
std::unexpected<Error> refuse(std::size_t line, std::string_view wrong);

}  // namespace patchwave::icalendar
