#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "engine/base/hex.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/machine.hpp"
#include "engine/cli/torrent_maker.hpp"
#include "engine/cli/torrent_text.hpp"
#include "engine/cli/units.hpp"
#include "engine/metainfo/magnet.hpp"

namespace spate::cli {
namespace {

struct Options {
    std::string path;
    std::vector<std::string> trackers;
    std::vector<unsigned> cpus = available_cpus();
    NewTorrentOptions torrent;
};

/// At most one of three.
void add_version_flags(CLI::App& command, metainfo::TorrentVersion& version) {
    using enum metainfo::TorrentVersion;
    const auto add = [&](const char* name, metainfo::TorrentVersion value, const char* help) {
        return command.add_flag_callback(name, [&version, value] { version = value; }, help);
    };
    CLI::Option* const first =
        add("--v1", v1, "For every client (BEP 3): the default, since many know nothing else");
    CLI::Option* const second =
        add("--v2", v2, "For clients that know BitTorrent v2 only (BEP 52)")->excludes(first);
    add("--hybrid", hybrid, "For both; each file begins a piece")->excludes(first, second);
}

void report(const metainfo::Metainfo& torrent, const std::string& path, Console& console) {
    const std::string magnet = metainfo::format_magnet(metainfo::magnet_to(torrent));
    if (console.json()) {
        Json json = torrent_json(torrent);
        json["magnet"] = magnet;
        json["torrent"] = path;
        console.object(json, files_json(torrent));
        return;
    }
    console.say(fmt::format("{}: {} in {} pieces of {}", path,
                            format_bytes(static_cast<double>(torrent.total_bytes)),
                            torrent.piece_count(), format_bytes(torrent.piece_length_bytes)));
    if (torrent.has_v1()) console.say(fmt::format("info-hash {}", to_hex(torrent.info_hash.bytes)));
    if (torrent.info_hash_v2)
        console.say(fmt::format("info-hash v2 {}", to_hex(torrent.info_hash_v2->bytes)));
    console.say(magnet);
}

int create(const Options& options, Environment& environment) {
    Console& console = environment.console;
    const auto fail = [&](const std::string& sentence) {
        console.error(sentence, options.path);
        return exit_failure;
    };
    auto tiers = parse_tiers(options.trackers);
    if (!tiers) {
        console.error(tiers.error(), "--tracker");
        return exit_usage;
    }
    auto made = make_torrent(options.path, options.torrent,
                             static_cast<unsigned>(options.cpus.size()), environment);
    if (!made) return made.error().interrupted ? exit_interrupted : fail(made.error().sentence);
    made->torrent.tracker_tiers = std::move(*tiers);
    std::vector<std::byte> file = metainfo::write_torrent(made->torrent);
    const std::filesystem::path output = torrent_path_for(made->listing, options.torrent);
    // What is no longer needed goes early: of 100,000 files each form of them is large.
    *made = {};
    auto parsed = parse_torrent_bytes(output.string(), file);
    if (!parsed) return fail(parsed.error());
    if (const auto written = write_file(output, file); !written) return fail(written.error());
    file = {};
    parsed->info_bytes = {};
    report(*parsed, output.string(), console);
    return exit_success;
}

}  // namespace

Command add_create_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("create", "Make a .torrent of a file or folder");
    auto options = std::make_shared<Options>();
    command->add_option("PATH", options->path, "File or folder to share")
        ->required()
        ->check(a_path());
    command
        ->add_option("-t,--tracker", options->trackers,
                     "Announce URL; repeat for further tiers, commas within a tier")
        ->type_name("URL")
        ->allow_extra_args(false);
    add_new_torrent_options(*command, options->torrent);
    add_version_flags(*command, options->torrent.version);
    add_parsed(
        *command, "--cores", options->cpus,
        [](const std::string& text) { return parse_cores(text, available_cpus()); },
        "Threads: a number, or a list of CPUs (default: all)");
    command->footer(
        "Example:\n  spate create holiday/ --tracker udp://tracker.example:6969/announce "
        "--comment \"Our holiday\"");
    return {command, [options](Environment& environment) { return create(*options, environment); }};
}

}  // namespace spate::cli
