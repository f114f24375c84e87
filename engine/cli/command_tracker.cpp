#include <memory>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/cli/environment.hpp"
#include "engine/cli/machine.hpp"
#include "engine/cli/torrent_maker.hpp"
#include "engine/cli/tracker_host.hpp"
#include "engine/cli/units.hpp"

namespace spate::cli {
namespace {

struct Options {
    std::vector<Endpoint> listen;
    std::optional<Duration> duration;
    std::string stats;
};

std::vector<Endpoint> default_addresses() {
    std::vector<Endpoint> listen{{IpAddress::parse("0.0.0.0").value(), tracker_port_default}};
    if (has_ipv6()) listen.push_back({IpAddress::parse("::").value(), tracker_port_default});
    return listen;
}

void say_ready(const driver::TrackerService& service, Console& console) {
    std::vector<std::string> listen;
    std::vector<std::string> urls;
    for (const Endpoint& endpoint : service.endpoints()) {
        listen.push_back(endpoint.to_string());
        for (const char* scheme : {"http", "udp"}) {
            urls.push_back(announce_url(scheme, endpoint));
            console.say("Tracking at " + urls.back());
        }
    }
    console.event("ready", {{"listen", listen}, {"pid", ::getpid()}, {"trackers", urls}});
}

Json summary_of(driver::TrackerService& service, const Context& context) {
    const tracker::TrackerStatistics counts = service.statistics();
    const ProcessCost cost = process_cost();
    return {{"bytes_down", 0},
            {"bytes_up", 0},
            {"seconds", context.seconds()},
            {"cpu_user_s", cost.cpu_user_s},
            {"cpu_sys_s", cost.cpu_system_s},
            {"peak_rss_bytes", cost.peak_rss_bytes},
            {"torrents", counts.torrents},
            {"seeds", counts.seeds},
            {"leechers", counts.leechers},
            {"announces", counts.announces},
            {"announces_refused", counts.announces_refused},
            {"scrapes", counts.scrapes}};
}

int track(const Options& options, Environment& environment) {
    Console& console = environment.console;
    const std::vector<Endpoint> listen =
        options.listen.empty() ? default_addresses() : options.listen;
    auto service = start_tracker(listen, environment.context, false);
    if (!service) {
        console.error(service.error(), "--listen");
        return exit_failure;
    }
    say_ready(**service, console);
    const Time until =
        options.duration ? environment.context.now() + *options.duration : Time::max();
    while (environment.context.now() < until)
        if (environment.signals.wait(100ms)) break;
    const Json summary = summary_of(**service, environment.context);
    (*service)->stop();
    console.event("summary", summary);
    console.say(fmt::format(
        "{} announces ({} refused) and {} scrapes; {} torrents, {} seeds, {} "
        "leechers at the end",
        summary["announces"].get<std::uint64_t>(),
        summary["announces_refused"].get<std::uint64_t>(), summary["scrapes"].get<std::uint64_t>(),
        summary["torrents"].get<std::uint64_t>(), summary["seeds"].get<std::uint64_t>(),
        summary["leechers"].get<std::uint64_t>()));
    if (!options.stats.empty())
        if (const auto written = write_file(options.stats, as_bytes(summary.dump(2) + "\n"));
            !written)
            console.warning(written.error(), options.stats);
    return environment.signals.interrupted() ? exit_interrupted : exit_success;
}

}  // namespace

Command add_tracker_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("tracker", "Run a tracker, over HTTP and UDP");
    auto options = std::make_shared<Options>();
    add_parsed_list(*command, "--listen", options->listen, parse_endpoint,
                    "ADDR:PORT to listen on, repeatable (default: port 6969 of all addresses)");
    add_parsed(*command, "--duration", options->duration, parse_duration, "Stop after this time");
    command->add_option("--stats", options->stats, "Write what it did as JSON at exit")
        ->type_name("FILE")
        ->check(a_file_to_write());
    command->footer(
        "Tracks every torrent that asks, until Ctrl-C.\n\nExample:\n  spate tracker "
        "--listen 0.0.0.0:6969");
    return {command, [options](Environment& environment) { return track(*options, environment); }};
}

}  // namespace spate::cli
