#include "operator/cli/watch.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "operator/cli/wave_view.hpp"

namespace patchwave::cli {
namespace {

constexpr milliseconds kBetweenLooks{1000};

/// Draws over what it drew before. Lines are cut at the terminal's edge while drawing, so that a line of
/// text is a line of the screen.
class Frame {
 public:
  explicit Frame(std::ostream& out) : out_(out) {}

  void draw(const std::string& text) {
    if (lines_ > 0) out_ << fmt::format("\x1b[{}A\x1b[J", lines_);
    out_ << "\x1b[?7l" << text << "\x1b[?7h" << std::flush;
    lines_ = std::ranges::count(text, '\n');
  }

 private:
  std::ostream& out_;
  std::ptrdiff_t lines_ = 0;
};

std::string state_of(const api::PatchWave& wave) {
  std::string state(api::to_string(wave.status.phase));
  if (wave.status.hold) state += fmt::format(" ({})", wave.status.hold->reason);
  return state;
}

class Watch {
 public:
  explicit Watch(Context& context) : context_(context), frame_(context.environment.out) {}

  void show(const Read<api::PatchWave>& read) {
    seen_at_ = context_.environment.clock.monotonic();
    if (context_.options.format == Format::Json || context_.options.format == Format::Yaml) {
      show_object(read);
    } else if (context_.environment.out_is_terminal) {
      picture_ = render_wave(read.object, context_.style, context_.now());
      frame_.draw(picture_);
    } else {
      show_change(read.object);
    }
  }

  void show_lost(const Error& error) {
    if (!context_.environment.out_is_terminal || picture_.empty()) {
      if (!lost_) context_.environment.err << "warning: " << error.message << "; trying again\n";
    } else {
      const auto old = std::chrono::floor<seconds>(context_.environment.clock.monotonic() - seen_at_);
      frame_.draw(picture_ + fmt::format("The connection is lost; this is {} s old.\n", old.count()));
    }
    lost_ = true;
  }
  void found_again() { lost_ = false; }

 private:
  void show_object(const Read<api::PatchWave>& read) {
    if (read.object.metadata.resource_version == shown_) return;
    shown_ = read.object.metadata.resource_version;
    std::ostream& out = context_.environment.out;
    if (context_.options.format == Format::Json) {
      out << print_json(read.json) << "\n" << std::flush;
    } else {
      out << "---\n" << print_yaml(read.json) << std::flush;
    }
  }

  void show_change(const api::PatchWave& wave) {
    const std::string state = state_of(wave);
    if (state == shown_) return;
    const auto at = fmt::gmtime(std::chrono::floor<seconds>(context_.now()).time_since_epoch().count());
    const std::string change =
        shown_.empty() ? state : fmt::format("{} {} {}", shown_, context_.style.arrow(), state);
    context_.environment.out << fmt::format("{:%H:%M:%S} {}/{} {}\n", at, wave.metadata.ns,
                                            wave.metadata.name, change)
                             << std::flush;
    shown_ = state;
  }

  Context& context_;
  Frame frame_;
  std::string picture_;
  std::string shown_;
  MonotonicTime seen_at_{};
  bool lost_ = false;
};

}  // namespace

Result<int> watch_wave(Context& context) {
  Watch watch(context);
  const Clock& clock = context.environment.clock;
  const MonotonicTime begun = clock.monotonic();
  do {
    const auto read = context.cluster.wave(context.ns, context.options.name);
    if (read) {
      watch.found_again();
      watch.show(*read);
      const api::WavePhase phase = read->object.status.phase;
      if (api::is_terminal(phase))
        return phase == api::WavePhase::Succeeded ? exit_code::kOk : exit_code::kEndedBadly;
    } else if (is_transient(read.error().kind)) {
      watch.show_lost(read.error());
    } else {
      return fail(read.error());
    }
    const milliseconds timeout = context.options.timeout;
    if (timeout > milliseconds(0) && clock.monotonic() - begun >= timeout) return exit_code::kTimedOut;
  } while (context.environment.wait(kBetweenLooks));
  return exit_code::kOk;
}

}  // namespace patchwave::cli
