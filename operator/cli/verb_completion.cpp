#include <ostream>

#include "operator/cli/completion.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {

Result<int> print_completion_script(Environment& environment, const Options& options) {
  const auto script = completion_script(options.shell);
  if (!script) return fail(script.error());
  environment.out << *script;
  return exit_code::kOk;
}

}  // namespace patchwave::cli
