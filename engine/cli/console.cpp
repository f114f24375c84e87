#include "engine/cli/console.hpp"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "engine/base/assert.hpp"

namespace spate::cli {
namespace {

constexpr std::size_t width_default = 80;
/// Of a list.
constexpr std::size_t written_at_once_bytes = 64 << 10;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Console::Console(const Context& context, const ConsoleOptions& options)
    : context_(context),
      options_(options),
      interactive_(!options.json && ::isatty(STDOUT_FILENO) == 1),
      logger_(std::make_unique<spdlog::logger>("spate",
                                               std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    logger_->set_pattern(options.log_json ? "%v" : "spate: %l: %v");
    logger_->set_level(spdlog::level::from_str(options.log_level));
    logger_->flush_on(spdlog::level::trace);
}

std::size_t Console::width() const {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return width_default;
}

void Console::put(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return;
    // A reader that has seen enough, as in `| head`, is no failure.
    if (errno != EPIPE) output_error_ = std::error_code(errno, std::generic_category());
    std::clearerr(stdout);
}

void Console::write_line(const std::string& line) {
    put(line + '\n');
}

void Console::event(const char* name, const Json& fields) {
    if (!options_.json) return;
    // Rounded, as sixteen digits help nobody.
    Json line{{"event", name}, {"t", std::round(context_.seconds() * 1e6) / 1e6}};
    line.update(fields);
    write_line(dump(line));
}

void Console::object(const Json& object) {
    if (options_.json) write_line(dump(object));
}

void Console::object(const Json& object, const JsonList& list) {
    if (!options_.json) return;
    SPATE_ASSERT(object.is_object() && !object.empty());
    std::string text = dump(object);
    text.pop_back();
    text += fmt::format(",{}:[", dump(list.name));
    for (std::size_t i = 0; i < list.size; ++i) {
        text += (i > 0 ? "," : "") + dump(list.at(i));
        if (text.size() < written_at_once_bytes) continue;
        put(text);
        text.clear();
    }
    write_line(text + "]}");
}

void Console::say(const std::string& line) {
    if (options_.json) return;
    erase_drawn();
    write_line(line);
}

void Console::log(spdlog::level::level_enum level, const std::string& message) {
    if (!logger_->should_log(level)) return;
    erase_drawn();
    if (!options_.log_json) {
        logger_->log(level, "{}", message);
        return;
    }
    const auto name = spdlog::level::to_string_view(level);
    logger_->log(level, "{}",
                 dump(Json{{"level", std::string(name.data(), name.size())},
                           {"t", context_.seconds()},
                           {"message", message}}));
}

void Console::warning(const std::string& message, const std::string& what) {
    log(spdlog::level::warn, message);
    event("warning", {{"message", message}, {"what", what}});
}

void Console::error(const std::string& message, const std::string& what) {
    log(spdlog::level::err, message);
    event("error", {{"message", message}, {"what", what}});
}

void Console::info(const std::string& message) {
    log(spdlog::level::info, message);
}

void Console::debug(const std::string& message) {
    log(spdlog::level::debug, message);
}

void Console::erase_drawn() {
    if (drawn_lines_ == 0) return;
    put(fmt::format("\x1b[{}A\r\x1b[J", drawn_lines_));
    drawn_lines_ = 0;
}

void Console::draw(const std::vector<std::string>& lines) {
    if (!interactive_) return;
    // Written over the old block line by line: a block that is erased first would flicker.
    std::string text = drawn_lines_ == 0 ? "" : fmt::format("\x1b[{}A\r", drawn_lines_);
    for (const std::string& line : lines) text += line + "\x1b[K\n";
    text += "\x1b[J";
    put(text);
    drawn_lines_ = lines.size();
}

}  // namespace spate::cli
