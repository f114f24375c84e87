#pragma once
// engine/cli/console.hpp: everything that the program says.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>
#include <spdlog/logger.h>

#include "engine/cli/context.hpp"

namespace spate::cli {

using Json = nlohmann::ordered_json;

/// A member of an object that may be long: its values are made and written one by one.
struct JsonList {
    std::string name;
    std::size_t size = 0;
    std::function<Json(std::size_t)> at;
};

struct ConsoleOptions {
    bool json = false;
    bool log_json = false;
    std::string log_level = "warning";
};

/// Standard output is JSON lines with --json, else text for people; logs, warnings and errors go to
/// standard error. A block of progress lines at the bottom of a terminal makes room for what is
/// said meanwhile. Each line is flushed. Main thread only.
class Console {
public:
    Console(const Context& context, const ConsoleOptions& options);

    bool json() const { return options_.json; }
    /// Progress may be redrawn in place.
    bool interactive() const { return interactive_; }
    /// Columns of the terminal.
    std::size_t width() const;

    /// One JSON object with `event` and `t` first; nothing without --json.
    void event(const char* name, const Json& fields);
    /// One JSON object as it is; nothing without --json.
    void object(const Json& object);
    /// The same with `list` behind the members of `object`, of which there is at least one.
    void object(const Json& object, const JsonList& list);
    /// A line for people; nothing with --json.
    void say(const std::string& line);
    /// Sentences for users: a log line on standard error, and an event with --json. `what` is the
    /// thing they are about: a file, a URL, a torrent.
    void warning(const std::string& message, const std::string& what = {});
    void error(const std::string& message, const std::string& what = {});
    /// Logs only.
    void info(const std::string& message);
    void debug(const std::string& message);

    /// Replaces the progress block. Only when interactive().
    void draw(const std::vector<std::string>& lines);
    /// Leaves what is drawn on the screen and goes on below it.
    void keep_drawn() { drawn_lines_ = 0; }

    /// Why some of standard output was lost, such as a full disk; a reader that went away is no
    /// reason.
    std::error_code output_error() const { return output_error_; }

private:
    void log(spdlog::level::level_enum level, const std::string& message);
    void put(std::string_view text);
    void write_line(const std::string& line);
    void erase_drawn();

    const Context& context_;
    const ConsoleOptions options_;
    const bool interactive_;
    std::size_t drawn_lines_ = 0;
    std::error_code output_error_;
    std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace spate::cli
