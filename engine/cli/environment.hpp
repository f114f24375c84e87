#pragma once
// engine/cli/environment.hpp: what every command works with, and how commands are listed.
#include <filesystem>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "engine/cli/console.hpp"
#include "engine/cli/context.hpp"
#include "engine/cli/signals.hpp"
#include "engine/cli/units.hpp"
#include "hashing/hasher.hpp"

namespace spate::cli {

/// Owned by main's caller; outlives the command.
struct Environment {
    const Context& context;
    Console& console;
    Signals& signals;
    hashing::Hasher hasher;
};

/// A subcommand, and what it does once the command line is parsed. Yields the exit code.
struct Command {
    CLI::App* app;
    std::function<int(Environment&)> run;
};

Command add_seed_command(CLI::App& app);
Command add_get_command(CLI::App& app);
Command add_create_command(CLI::App& app);
Command add_verify_command(CLI::App& app);
Command add_show_command(CLI::App& app);
Command add_tracker_command(CLI::App& app);
Command add_bench_command(CLI::App& app);
Command add_sim_command(CLI::App& app);

/// A path that isn't "", which is what a script's unset variable leaves.
inline CLI::Validator a_path() {
    return {[](const std::string& text) {
                return text.empty() ? std::string("'' is no path") : std::string();
            },
            ""};
}

/// A file to be written, in a folder that there is.
inline CLI::Validator a_file_to_write() {
    return {[](const std::string& text) {
                std::error_code absent;
                if (text.empty()) return std::string("'' is no path");
                if (std::filesystem::is_directory(text, absent))
                    return "'" + text + "' is a folder; name a file";
                const std::filesystem::path folder = std::filesystem::path(text).parent_path();
                if (folder.empty() || std::filesystem::is_directory(folder, absent))
                    return std::string();
                return "there is no folder '" + folder.string() + "'";
            },
            ""};
}

/// An option whose text `parse` (units.hpp) turns into `target`; wrong text is a usage error.
template <class T, class Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, T& target, Parse parse,
                        const std::string& help) {
    return app.add_option_function<std::string>(
        name,
        [&target, parse, name](const std::string& text) {
            auto value = parse(text);
            if (!value) throw CLI::ValidationError(name, value.error());
            target = *std::move(value);
        },
        help);
}

/// The same of a rate in bytes per second; 0: unlimited.
inline CLI::Option* add_rate(CLI::App& app, const std::string& name, std::uint64_t& target,
                             const std::string& help) {
    return add_parsed(app, name, target, parse_rate, help)->type_name("RATE");
}

/// The same, as often as the user likes; one value each time.
template <class T, class Parse>
CLI::Option* add_parsed_list(CLI::App& app, const std::string& name, std::vector<T>& target,
                             Parse parse, const std::string& help) {
    return app
        .add_option_function<std::vector<std::string>>(
            name,
            [&target, parse, name](const std::vector<std::string>& texts) {
                for (const std::string& text : texts) {
                    auto value = parse(text);
                    if (!value) throw CLI::ValidationError(name, value.error());
                    target.push_back(*std::move(value));
                }
            },
            help)
        ->allow_extra_args(false);
}

}  // namespace spate::cli
