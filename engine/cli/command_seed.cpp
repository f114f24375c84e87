#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/cli/environment.hpp"
#include "engine/cli/name_lookup.hpp"
#include "engine/cli/torrent_maker.hpp"
#include "engine/cli/torrent_text.hpp"
#include "engine/cli/tracker_host.hpp"
#include "engine/cli/transfer_loop.hpp"
#include "engine/metainfo/text.hpp"

namespace spate::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
    std::vector<std::string> paths;
    std::string data;
    TransferOptions transfer;
    NewTorrentOptions torrent;
};

bool is_torrent(const fs::path& path) {
    return path.extension() == ".torrent" && fs::is_regular_file(path);
}

/// Options that none of the paths has a use for, as a sentence.
std::optional<std::string> find_misuse(const Options& options) {
    const auto torrents = std::ranges::count_if(options.paths, [](const fs::path& path) {
        return path.extension() == ".torrent" && !fs::is_directory(path);
    });
    const auto others = std::ssize(options.paths) - torrents;
    const std::string given = options_given(options.torrent);
    if (others == 0 && !given.empty())
        return fmt::format(
            "there is no use for {}: {} is a .torrent already, and such options are for files and "
            "folders of which one is made",
            given, options.paths.front());
    if (others > 1 && !options.torrent.output.empty())
        return fmt::format(
            "-o names one .torrent, but {} would be made; seed them one by one, or "
            "leave -o out",
            others);
    if (torrents == 0 && !options.data.empty())
        return fmt::format("--data is for .torrent files; {} is the data itself",
                           options.paths.front());
    return std::nullopt;
}

/// Why a path can't be seeded.
struct Refusal {
    int code = exit_failure;
    std::string sentence;
};
using Item = std::expected<TransferItem, Refusal>;

/// Turns paths into torrents that are ready to be seeded; starts the embedded tracker when the
/// first of them needs it.
class SeedPreparer {
public:
    SeedPreparer(const Options& options, Environment& environment)
        : options_(options), environment_(environment) {}

    std::expected<void, Refusal> read_trackers() {
        auto tiers = parse_tiers(options_.transfer.trackers);
        if (!tiers) return std::unexpected(Refusal{exit_usage, tiers.error()});
        tiers_ = std::move(*tiers);
        return {};
    }

    Item prepare(const fs::path& path, const Endpoint& listening) {
        if (is_torrent(path)) return from_torrent(path);
        return from_content(path, listening);
    }

    /// All are prepared: gives back what only that needed. The tracker goes on.
    void finish() { lists_ = {}; }

private:
    static std::unexpected<Refusal> refuse(std::string sentence, int code = exit_failure) {
        return std::unexpected(Refusal{code, std::move(sentence)});
    }

    /// `ours`: its trackers are the user's choice.
    TransferItem item_of(metainfo::Metainfo torrent, const fs::path& folder, const fs::path& file,
                         bool ours = false) {
        TransferItem item;
        const auto named_by_user = tracker::urls_of(ours ? torrent.tracker_tiers : tiers_);
        if (!options_.transfer.no_tracker) {
            tracker::TrackerList::Tiers tiers = std::move(torrent.tracker_tiers);
            for (const auto& tier : tiers_)
                if (std::ranges::find(tiers, tier) == tiers.end()) tiers.push_back(tier);
            item.trackers = lists_.share(std::move(tiers), named_by_user);
        }
        torrent.tracker_tiers = {};  // the item has those that are used
        item.metainfo = std::make_shared<const metainfo::Metainfo>(std::move(torrent));
        item.folder = folder.string();
        item.torrent_file = file.string();
        item.peers = look_up(options_.transfer.peers, environment_.console);
        item.seed_only = true;
        item.full_check = options_.transfer.full_check;
        return item;
    }

    Item from_torrent(const fs::path& path) {
        auto torrent = read_torrent_file(path);
        if (!torrent) return refuse(torrent.error());
        const fs::path beside = path.has_parent_path() ? path.parent_path() : fs::path(".");
        return item_of(std::move(*torrent),
                       options_.data.empty() ? beside : fs::path(options_.data), path);
    }

    Item from_content(const fs::path& path, const Endpoint& listening) {
        auto made =
            make_torrent(path, options_.torrent,
                         static_cast<unsigned>(options_.transfer.cpus.size()), environment_);
        if (!made)
            return refuse(made.error().sentence,
                          made.error().interrupted ? exit_interrupted : exit_failure);
        if (!tiers_.empty()) {
            made->torrent.tracker_tiers = tiers_;
        } else if (!options_.transfer.no_tracker) {
            auto url = embedded_tracker(listening);
            if (!url) return refuse(url.error());
            made->torrent.tracker_tiers = {{std::move(*url)}};
        }
        return save(*made);
    }

    /// Writes PATH.torrent, over an older one only when that is of the same data.
    Item save(const MadeTorrent& made) {
        const fs::path output = torrent_path_for(made.listing, options_.torrent);
        const std::vector<std::byte> file = metainfo::write_torrent(made.torrent);
        auto torrent = parse_torrent_bytes(output.string(), file);
        if (!torrent) return refuse(torrent.error());
        if (fs::exists(fs::symlink_status(output))) {
            const auto old = read_torrent_file(output);
            if (!old || old->info_hash != torrent->info_hash)
                return refuse(
                    fmt::format("{} is there already and isn't the torrent of this data "
                                "with these options; remove it, or name another with -o",
                                output.string()));
        }
        if (const auto written = write_file(output, file); !written)
            return refuse(written.error() + "; name another place with -o");
        if (service_) service_->allow(torrent->info_hash);
        TransferItem item = item_of(std::move(*torrent), made.listing.parent, output, true);
        item.stamps = driver::stamps_of(made.listing, *item.metainfo);
        item.verified = true;
        return item;
    }

    std::expected<std::string, std::string> embedded_tracker(const Endpoint& listening) {
        if (!service_) {
            Endpoint endpoint{listening.address, tracker_port_default};
            if (!port_is_free(endpoint)) endpoint.port = 0;
            auto started = start_tracker({endpoint}, environment_.context, true);
            if (!started) return std::unexpected(started.error());
            service_ = std::move(*started);
        }
        return announce_url("http", service_->endpoints().front());
    }

    const Options& options_;
    Environment& environment_;
    std::vector<std::vector<std::string>> tiers_;
    tracker::TrackerLists lists_;
    std::unique_ptr<driver::TrackerService> service_;
};

int seed(const Options& options, Environment& environment) {
    Console& console = environment.console;
    if (const auto misuse = find_misuse(options)) {
        console.error(*misuse);
        return exit_usage;
    }
    SeedPreparer preparer(options, environment);
    if (const auto read = preparer.read_trackers(); !read) {
        console.error(read.error().sentence, "--tracker");
        return read.error().code;
    }
    TransferLoop loop(options.transfer, {.keep_seeding = true, .on_metadata = {}}, environment);
    if (const auto started = loop.start(); !started) {
        console.error(started.error());
        return exit_failure;
    }
    int refused = 0;
    std::size_t accepted = 0;
    for (const std::string& path : options.paths) {
        auto item = preparer.prepare(path, loop.listening().front());
        if (item) {
            loop.add(std::move(*item));
            ++accepted;
        } else if (item.error().code == exit_interrupted) {
            return exit_interrupted;
        } else {
            console.error(item.error().sentence, path);
            refused = item.error().code;
        }
    }
    if (accepted == 0) return refused;
    preparer.finish();
    const int code = loop.run();
    return code == exit_success && refused != 0 ? refused : code;
}

}  // namespace

Command add_seed_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("seed", "Share files, folders or torrents");
    auto options = std::make_shared<Options>();
    command->add_option("PATH", options->paths, ".torrent, file or folder; several at once")
        ->required()
        ->check(a_path());
    command
        ->add_option("--data", options->data,
                     "Folder that holds a .torrent's file or folder (default: beside it)")
        ->type_name("DIR")
        ->check(a_path());
    add_transfer_options(*command, options->transfer);
    command->add_flag("--super-seed", options->transfer.super_seed,
                      "As the first seed: tell each peer of one piece at a time (BEP 16)");
    add_new_torrent_options(*command, options->torrent);
    command->footer(
        "A file or folder is hashed into PATH.torrent and seeded with a tracker of its own, unless "
        "--tracker or --no-tracker says otherwise.\n\nExamples:\n  spate seed holiday/\n"
        "  spate seed debian-12.iso.torrent --data ~/downloads --up 20M");
    return {command, [options](Environment& environment) { return seed(*options, environment); }};
}

}  // namespace spate::cli
