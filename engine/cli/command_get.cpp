#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "engine/base/hex.hpp"
#include "engine/cli/background.hpp"
#include "engine/cli/choices.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/name_lookup.hpp"
#include "engine/cli/torrent_maker.hpp"
#include "engine/cli/torrent_text.hpp"
#include "engine/cli/transfer_loop.hpp"
#include "engine/cli/units.hpp"
#include "engine/driver/content/metadata_file.hpp"
#include "engine/driver/content/torrent_download.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array allocations{Named{"auto", driver::Allocation::automatic},
                                 Named{"sparse", driver::Allocation::sparse},
                                 Named{"full", driver::Allocation::full}};
constexpr std::array file_writes{Named{"direct", driver::FileWrites::direct},
                                 Named{"cached", driver::FileWrites::cached}};

struct Options {
    std::vector<std::string> sources;
    std::string folder = ".";
    bool keep_seeding = false;
    bool overwrite = false;
    std::vector<std::string> select;
    std::vector<std::string> first;
    driver::Allocation allocation = driver::Allocation::automatic;
    driver::FileWrites writes = driver::FileWrites::direct;
    std::uint64_t play_bytes_per_s = 0;
    TransferOptions transfer;
};

using Source = std::expected<TransferItem, std::string>;

/// NAME.torrent in the download folder, unless there is one already.
fs::path save_torrent(const metainfo::Metainfo& torrent, const fs::path& folder, Console& console) {
    fs::path path = folder / (torrent.name + ".torrent");
    if (fs::exists(fs::symlink_status(path))) return path;
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    if (const auto written = write_file(path, metainfo::write_torrent(torrent)); !written) {
        console.warning(written.error(), path.string());
        return {};
    }
    return path;
}

/// Turns what the user named into torrents.
class SourceReader {
public:
    SourceReader(const Options& options, std::vector<std::vector<std::string>> tiers,
                 Environment& environment)
        : options_(options), tiers_(std::move(tiers)), environment_(environment) {}

    Source read(const std::string& source) {
        if (is_magnet(source)) return from_magnet(source);
        if (is_web_address(source)) return from_web(source);
        auto torrent = read_torrent_file(source);
        if (!torrent) return std::unexpected(torrent.error());
        return item_of(std::move(*torrent), source);
    }

private:
    TransferItem item_of(metainfo::Metainfo torrent, const fs::path& file) {
        TransferItem item;
        if (!options_.transfer.no_tracker) {
            tracker::TrackerList::Tiers tiers = torrent.tracker_tiers;
            tiers.insert(tiers.end(), tiers_.begin(), tiers_.end());
            item.trackers =
                tracker::TrackerList::with_users(std::move(tiers), tracker::urls_of(tiers_));
        }
        item.metainfo = std::make_shared<const metainfo::Metainfo>(std::move(torrent));
        item.folder = options_.folder;
        item.torrent_file = file.string();
        item.peers = look_up(options_.transfer.peers, environment_.console);
        item.select = options_.select;
        item.first = options_.first;
        item.full_check = options_.transfer.full_check;
        item.allocation = options_.allocation;
        item.writes = options_.writes;
        item.overwrite = options_.overwrite;
        item.play_bytes_per_s = options_.play_bytes_per_s;
        return item;
    }

    /// Those that the user named: with them we are inside their networks.
    std::vector<IpAddress> own_addresses() const {
        std::vector<IpAddress> addresses;
        for (const Endpoint& listen : options_.transfer.listen) addresses.push_back(listen.address);
        if (options_.transfer.loopback_only) addresses.push_back(*IpAddress::parse("127.0.0.1"));
        return addresses;
    }

    Source from_web(const std::string& url) {
        using Result = std::expected<std::vector<std::byte>, std::string>;
        Background<Result> background([&](const std::stop_token& stop) {
            return driver::download_torrent({.url = url}, stop);
        });
        const Result& body = wait_for(background, environment_.signals, [] {});
        if (!body) return std::unexpected(body.error());
        auto torrent = parse_torrent_bytes(url, *body);
        if (!torrent) return std::unexpected(torrent.error());
        return item_of(std::move(*torrent), {});
    }

    Source from_magnet(const std::string& link) {
        const auto magnet = parse_magnet_text(link);
        if (!magnet) return std::unexpected(magnet.error());
        metainfo::Metainfo torrent;
        torrent.info_hash =
            magnet->info_hash ? *magnet->info_hash : metainfo::truncated(*magnet->info_hash_v2);
        torrent.info_hash_v2 = magnet->info_hash_v2;
        torrent.name = magnet->name.empty() ? to_hex(torrent.info_hash.bytes) : magnet->name;
        torrent.web_seeds = magnet->web_seeds;
        for (const std::string& url : magnet->trackers) torrent.tracker_tiers.push_back({url});
        auto known = driver::load_metadata(torrent, options_.folder);
        const fs::path file =
            known ? save_torrent(*known, options_.folder, environment_.console) : fs::path();
        TransferItem item = item_of(known ? std::move(*known) : std::move(torrent), file);
        std::ranges::copy_if(
            look_up(magnet->peers, environment_.console), std::back_inserter(item.told_peers),
            [&](const Endpoint& peer) { return tracker::may_call(peer, own_addresses()); });
        if (item.select.empty())
            for (const metainfo::FileRange& range : magnet->select_only)
                item.select.push_back(fmt::format("{}-{}", range.first + 1, range.last + 1));
        return item;
    }

    const Options& options_;
    const std::vector<std::vector<std::string>> tiers_;
    Environment& environment_;
};

int get(const Options& options, Environment& environment) {
    Console& console = environment.console;
    auto tiers = parse_tiers(options.transfer.trackers);
    if (!tiers) {
        console.error(tiers.error(), "--tracker");
        return exit_usage;
    }
    SourceReader reader(options, std::move(*tiers), environment);
    std::vector<TransferItem> items;
    std::set<InfoHash> known;
    int code = exit_success;
    for (const std::string& source : options.sources) {
        auto item = reader.read(source);
        if (environment.signals.interrupted()) return exit_interrupted;
        if (!item) {
            console.error(item.error(), source);
            code = exit_failure;
        } else if (!known.insert(item->metainfo->info_hash).second) {
            console.warning(fmt::format("{} is the torrent of another source", source), source);
        } else {
            items.push_back(std::move(*item));
        }
    }
    if (items.empty()) return code;
    TransferLoop loop(options.transfer,
                      {.keep_seeding = options.keep_seeding,
                       .on_metadata =
                           [&](const metainfo::Metainfo& torrent) {
                               return save_torrent(torrent, options.folder, console);
                           }},
                      environment);
    if (const auto started = loop.start(); !started) {
        console.error(started.error());
        return exit_failure;
    }
    for (TransferItem& item : items) loop.add(std::move(item));
    const int ended = loop.run();
    return ended == exit_success ? code : ended;
}

}  // namespace

Command add_get_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("get", "Download torrents");
    auto options = std::make_shared<Options>();
    command
        ->add_option("SOURCE", options->sources,
                     ".torrent file, http(s) URL of one, or magnet link; several at once")
        ->required()
        ->check(a_path());
    command->add_option("-o,--output", options->folder, "Folder to download into (default: .)")
        ->type_name("DIR")
        ->check(a_path());
    command->add_flag("--sequential", options->transfer.sequential,
                      "Get the pieces in order, to play them while they come; worse for the swarm");
    add_rate(*command, "--play", options->play_bytes_per_s,
             "Get the pieces in time to be played from the start at this rate (bytes per second) "
             "while they come, the others rarest first; says when there is enough to begin, and "
             "at the end how many were late")
        ->excludes("--sequential");
    command->add_flag("--overwrite", options->overwrite,
                      "Replace files that were there before and aren't what the torrent says");
    command->add_flag("--seed", options->keep_seeding, "Go on seeding when complete, until Ctrl-C");
    command
        ->add_option(
            "--select", options->select,
            "Only these files: numbers as `spate show` prints them (2,5-7), paths, folders "
            "or globs; repeatable")
        ->type_name("FILES")
        ->allow_extra_args(false);
    command
        ->add_option("--first", options->first,
                     "These files, named as for --select, before all others")
        ->type_name("FILES")
        ->allow_extra_args(false);
    add_parsed(*command, "--allocate", options->allocation, parser_of(allocations),
               "Disk space of files: full when they are begun, sparse as pieces come, or auto "
               "(default): full where that saves CPU time and all of a file is wanted")
        ->type_name("HOW");
    add_parsed(*command, "--writes", options->writes, parser_of(file_writes),
               "Writes of pieces: direct to the disk where files allow, or cached by the system "
               "first (default: direct)")
        ->type_name("HOW");
    add_transfer_options(*command, options->transfer);
    command->footer(
        "Resumes what an earlier run left; exits when all is complete unless --seed.\n\nExamples:\n"
        "  spate get debian-12.iso.torrent -o ~/downloads\n"
        "  spate get 'magnet:?xt=urn:btih:...' --select '*.flac' --down 20M");
    return {command, [options](Environment& environment) { return get(*options, environment); }};
}

}  // namespace spate::cli
