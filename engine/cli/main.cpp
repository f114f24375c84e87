#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <sys/random.h>
#include <system_error>
#include <time.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/cli/environment.hpp"
#include "engine/cli/machine.hpp"
#include "engine/cli/version.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::cli {
namespace {

Time read_clock() {
    timespec raw{};
    ::clock_gettime(CLOCK_MONOTONIC, &raw);
    return Time(std::chrono::seconds(raw.tv_sec) + std::chrono::nanoseconds(raw.tv_nsec));
}

std::uint64_t system_secret() {
    std::uint64_t secret = 0;
    // So few bytes come whole, once the system has gathered enough after its start.
    while (::getrandom(&secret, sizeof secret, 0) != sizeof secret)
        if (errno != EINTR) std::abort();
    return secret;
}

std::uint64_t read_thread_cpu() {
    timespec raw{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &raw);
    return static_cast<std::uint64_t>(raw.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(raw.tv_nsec);
}

Context make_context() {
    Context context{.now = read_clock, .started = read_clock()};
    context.unix_seconds = std::chrono::duration_cast<std::chrono::seconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
    context.secret = system_secret;
    context.thread_cpu_ns = read_thread_cpu;
    if (const char* name = std::getenv("SPATE_HASH"); name != nullptr && *name != '\0')
        context.hasher_name = name;
    return context;
}

std::expected<hashing::Hasher, std::string> choose_hasher(const Context& context) {
    if (!context.hasher_name) return hashing::Hasher::best();
    const auto chosen = hashing::Hasher::by_name(*context.hasher_name);
    if (chosen) return *chosen;
    return std::unexpected(fmt::format("SPATE_HASH is '{}', but this machine has: {}",
                                       *context.hasher_name,
                                       fmt::join(hashing::Hasher::names(), " ")));
}

void add_common_options(CLI::App& app, ConsoleOptions& options) {
    app.add_flag("--json", options.json, "One JSON object a line on standard output");
    app.add_option("--log-level", options.log_level, "What standard error tells (default: warning)")
        ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
        ->type_name("LEVEL");
    app.add_flag("--log-json", options.log_json, "Log lines as JSON objects");
}

std::vector<Command> add_commands(CLI::App& app, ConsoleOptions& console) {
    std::vector<Command> commands{add_seed_command(app),   add_get_command(app),
                                  add_create_command(app), add_verify_command(app),
                                  add_show_command(app),   add_tracker_command(app),
                                  add_bench_command(app),  add_sim_command(app)};
    for (const Command& command : commands) add_common_options(*command.app, console);
    return commands;
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
    std::string name = "spate";
    for (const CLI::App* command : app.get_subcommands()) name += " " + command->get_name();
    fmt::print(stderr, "{}: {}. See `{} --help`.\n", name, error.what(), name);
    return exit_usage;
}

/// Tells a first word that is neither an option nor a command; CLI11 would only miss the command.
bool refuse_unknown_command(const std::vector<Command>& commands, int argc, char** argv) {
    if (argc < 2 || *argv[1] == '-') return false;
    std::vector<std::string> names;
    for (const Command& command : commands) names.push_back(command.app->get_name());
    if (std::ranges::find(names, argv[1]) != names.end()) return false;
    fmt::print(stderr, "spate: {} is no command; there are {}. See `spate --help`.\n",
               metainfo::quoted(argv[1]), fmt::join(names, ", "));
    return true;
}

/// Whoever started us may have closed some of descriptors 0 to 2 (`>&-`). What we open must not get
/// their numbers: our lines would go into it.
void reserve_standard_streams() {
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) ::close(fd);
}

int run(int argc, char** argv) {
    Signals signals;
    raise_descriptor_limit();
    const Context context = make_context();
    ConsoleOptions console_options;
    CLI::App app{"spate transfers files with the BitTorrent protocol, on all cores.", "spate"};
    app.set_version_flag("--version", std::string("spate ") + version);
    app.require_subcommand(1);
    app.footer(
        "`spate COMMAND --help` tells more, with an example.\n\nExample:\n"
        "  spate get debian-12.iso.torrent -o ~/downloads");
    const std::vector<Command> commands = add_commands(app, console_options);
    if (refuse_unknown_command(commands, argc, argv)) return exit_usage;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return error.get_exit_code() == 0 ? app.exit(error) : report_usage(app, error);
    }
    Console console(context, console_options);
    const auto hasher = choose_hasher(context);
    if (!hasher) {
        console.error(hasher.error(), "SPATE_HASH");
        return exit_usage;
    }
    Environment environment{context, console, signals, *hasher};
    for (const Command& command : commands) {
        if (!command.app->parsed()) continue;
        const int code = command.run(environment);
        if (!console.output_error()) return code;
        console.error(
            fmt::format("cannot write standard output: {}", console.output_error().message()));
        return code == exit_success ? exit_failure : code;
    }
    return exit_usage;
}

/// What the system refused before the work began.
std::string sentence(const std::exception& error) {
    if (const auto* const file = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
        return fmt::format("cannot look at {}: {}", file->path1().string(), file->code().message());
    const auto* const refused = dynamic_cast<const std::system_error*>(&error);
    if (refused == nullptr) return error.what();
    if (refused->code() == std::errc::resource_unavailable_try_again)
        return "the system starts no more threads for this user: raise \"ulimit -u\", or TasksMax= "
               "in the systemd unit";
    if (refused->code() == std::errc::too_many_files_open)
        return std::string(error.what()) +
               ": raise \"ulimit -n\", or LimitNOFILE= in the systemd unit";
    return error.what();
}

}  // namespace
}  // namespace spate::cli

int main(int argc, char** argv) {
    spate::cli::reserve_standard_streams();
    try {
        return spate::cli::run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "spate: error: {}\n", spate::cli::sentence(error));
        return spate::cli::exit_failure;
    }
}
