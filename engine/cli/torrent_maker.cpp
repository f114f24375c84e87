#include "engine/cli/torrent_maker.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/cli/background.hpp"
#include "engine/cli/progress_line.hpp"
#include "engine/cli/units.hpp"
#include "engine/cli/version.hpp"
#include "engine/driver/content/content_hash.hpp"
#include "engine/metainfo/aligned_layout.hpp"
#include "engine/metainfo/piece_size.hpp"
#include "engine/metainfo/text.hpp"
#include "engine/tracker/tracker_url.hpp"

namespace spate::cli {
namespace {

namespace fs = std::filesystem;

/// Shorter ones make more requests than data; longer ones, clients refuse.
constexpr std::uint32_t new_piece_length_bytes_min = 16 << 10;
constexpr std::uint32_t new_piece_length_bytes_max = 64 << 20;

Parsed<std::uint32_t> parse_piece_length(std::string_view text) {
    const auto bytes = parse_size(text);
    if (!bytes) return std::unexpected(bytes.error());
    if ((*bytes & (*bytes - 1)) != 0 || *bytes < new_piece_length_bytes_min ||
        *bytes > new_piece_length_bytes_max)
        return std::unexpected(
            fmt::format("'{}' can't be a piece size: use a power of two from 16K to 64M", text));
    return static_cast<std::uint32_t>(*bytes);
}

Parsed<std::string> parse_web_seed(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://", "ftp://"})
        if (text.starts_with(scheme) && text.size() > scheme.size() && text[scheme.size()] != '/')
            return std::string(text);
    return std::unexpected(fmt::format(
        "{} is no web seed: write http://host/path, https:// or ftp://", metainfo::quoted(text)));
}

using HashResult = std::expected<driver::ContentDigests, driver::HashingFailure>;

HashResult hash_with_progress(const driver::ContentHashing& work, Environment& environment) {
    hashing::PieceProgress progress;
    Background<HashResult> background([&](const std::stop_token& stop) {
        return driver::hash_content(work, environment.hasher, progress, stop);
    });
    const std::uint64_t total = driver::bytes_to_hash(work);
    const double began = environment.context.seconds();
    HashResult result = std::move(wait_for(background, environment.signals, [&] {
        const double elapsed = std::max(environment.context.seconds() - began, 1e-3);
        const std::uint64_t done = progress.bytes;
        environment.console.draw(
            {progress_line({.name = work.listing.name,
                            .state = TransferState::checking,
                            .done_bytes = done,
                            .total_bytes = total,
                            .down_bytes_per_s = static_cast<double>(done) / elapsed},
                           environment.console.width() - 1)});
    }));
    environment.console.draw({});
    return result;
}

/// By the size of the data; for a hybrid shorter where pads would outweigh the data, since they
/// must be hashed too.
std::uint32_t choose_piece_length(const driver::ContentListing& listing,
                                  metainfo::TorrentVersion version) {
    std::uint32_t length = metainfo::choose_piece_length_bytes(listing.total_bytes);
    const auto padded_bytes = [&] {
        std::uint64_t sum = 0;
        for (const driver::ListedFile& file : listing.files)
            sum += (file.size_bytes + length - 1) / length * length;
        return sum;
    };
    if (version == metainfo::TorrentVersion::hybrid)
        while (length > new_piece_length_bytes_min && padded_bytes() > 2 * listing.total_bytes)
            length /= 2;
    return length;
}

std::string no_tracker(std::string_view url) {
    return fmt::format("{} is no tracker: write http://host/announce or udp://host:port/announce",
                       metainfo::quoted(url));
}

/// It is one of the files to share: writing the .torrent would destroy what it describes.
bool is_shared_itself(const fs::path& output, const driver::ContentListing& listing) {
    std::error_code absent;
    const fs::path content = fs::canonical(listing.parent / listing.name, absent);
    const fs::path real = fs::canonical(output, absent);
    if (absent) return false;
    if (listing.single_file) return real == content;
    const fs::path below = real.lexically_relative(content);
    const std::vector<std::string> names(below.begin(), below.end());
    return std::ranges::find(listing.files, names, &driver::ListedFile::path) !=
           listing.files.end();
}

metainfo::NewTorrent unhashed_torrent(const driver::ContentListing& listing,
                                      const NewTorrentOptions& options,
                                      std::uint32_t piece_length_bytes) {
    metainfo::NewTorrent torrent;
    torrent.version = options.version;
    torrent.name = listing.name;
    torrent.single_file = listing.single_file;
    torrent.files =
        metainfo::aligned_layout(listing.new_files(), piece_length_bytes, options.version);
    torrent.piece_length_bytes = piece_length_bytes;
    torrent.is_private = options.is_private;
    torrent.source = options.source;
    torrent.web_seeds = options.web_seeds;
    torrent.comment = options.comment;
    torrent.created_by = std::string("spate ") + version;
    return torrent;
}

/// What nobody could read once it is made, so that it needn't be hashed; the sentence says why.
std::optional<std::string> why_refused(metainfo::NewTorrent& unhashed) {
    if (unhashed.version != metainfo::TorrentVersion::v1 && !unhashed.single_file &&
        metainfo::is_taken_for_a_single_file(unhashed.name, unhashed.files))
        return fmt::format(
            "a v2 torrent cannot tell the folder {0} from its only file, which "
            "is named {0} too: rename one of them, or share the file itself",
            metainfo::quoted(unhashed.name));
    const std::string piece_size = format_bytes(unhashed.piece_length_bytes);
    if (metainfo::piece_count(unhashed.files, unhashed.piece_length_bytes) > metainfo::pieces_max)
        return fmt::format("{} would make more than {} pieces; choose a larger --piece-size",
                           piece_size, metainfo::pieces_max);
    if (metainfo::size_once_hashed_bytes(unhashed) <= metainfo::torrent_bytes_max)
        return std::nullopt;
    return fmt::format(
        "in pieces of {} the .torrent would be larger than the {} that one may have; choose a "
        "larger --piece-size, or share fewer files in one torrent",
        piece_size, format_bytes(metainfo::torrent_bytes_max));
}

/// A device, a pipe, a terminal: not to be replaced by a file of that name.
bool takes_writes_only(const fs::path& path) {
    std::error_code unknown;
    const fs::file_status status = fs::status(path, unknown);
    return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

/// Zero, or the errno of what failed.
int write_all(const std::string& path, Bytes content) {
    std::FILE* file = std::fopen(path.c_str(), "wbe");
    if (file == nullptr) return errno;
    int error = 0;
    if (std::fwrite(content.data(), 1, content.size(), file) != content.size() ||
        std::fflush(file) != 0)
        error = errno;
    // Pipes and devices have nothing to sync, and say EINVAL.
    if (error == 0 && ::fsync(::fileno(file)) != 0 && errno != EINVAL) error = errno;
    if (std::fclose(file) != 0 && error == 0) error = errno;
    return error;
}

}  // namespace

void add_new_torrent_options(CLI::App& app, NewTorrentOptions& options) {
    app.add_option("-o,--output", options.output, "The .torrent to write (default: PATH.torrent)")
        ->type_name("FILE")
        ->check(a_file_to_write());
    add_parsed(app, "--piece-size", options.piece_length_bytes, parse_piece_length,
               "Piece size, a power of two such as 256K (default: by the size of the data)");
    app.add_flag("--private", options.is_private, "Peers come from the trackers only (BEP 27)");
    add_parsed_list(app, "--web-seed", options.web_seeds, parse_web_seed,
                    "URL of the same data, repeatable (BEP 19)")
        ->type_name("URL");
    app.add_option("--comment", options.comment, "A note for people")->type_name("TEXT");
    app.add_option("--source", options.source,
                   "Where the torrent belongs; gives it an info-hash of its own")
        ->type_name("TEXT");
}

std::string options_given(const NewTorrentOptions& options) {
    std::string names;
    const auto add = [&](bool given, std::string_view name) {
        if (given) names += (names.empty() ? "" : ", ") + std::string(name);
    };
    add(!options.output.empty(), "-o");
    add(options.piece_length_bytes != 0, "--piece-size");
    add(options.is_private, "--private");
    add(!options.web_seeds.empty(), "--web-seed");
    add(!options.comment.empty(), "--comment");
    add(!options.source.empty(), "--source");
    return names;
}

std::expected<std::vector<std::vector<std::string>>, std::string> parse_tiers(
    const std::vector<std::string>& texts) {
    std::vector<std::vector<std::string>> tiers;
    for (const std::string& text : texts) {
        tiers.emplace_back();
        if (text.empty()) return std::unexpected(no_tracker(text));
        for (std::string_view rest = text; !rest.empty();) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            const std::string url(rest.substr(0, comma));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            if (!tracker::TrackerUrl::parse(url)) return std::unexpected(no_tracker(url));
            tiers.back().push_back(url);
        }
    }
    return tiers;
}

std::expected<MadeTorrent, MakingFailure> make_torrent(const fs::path& path,
                                                       const NewTorrentOptions& options,
                                                       unsigned threads, Environment& environment) {
    const auto fail = [](std::string sentence, bool interrupted = false) {
        return std::unexpected(MakingFailure{interrupted, std::move(sentence)});
    };
    auto listing = driver::list_content(path, {.keep_symlinks = true});
    if (!listing) return fail(listing.error());
    for (const std::string& sentence : listing->left_out) environment.console.warning(sentence);
    if (const fs::path output = torrent_path_for(*listing, options);
        is_shared_itself(output, *listing))
        return fail(
            fmt::format("{} is one of the files to share; name another with -o", output.string()));
    const std::uint32_t length = options.piece_length_bytes != 0
                                     ? options.piece_length_bytes
                                     : choose_piece_length(*listing, options.version);
    MadeTorrent made{.listing = std::move(*listing), .torrent = {}};
    made.torrent = unhashed_torrent(made.listing, options, length);
    made.torrent.creation_date = environment.context.unix_seconds;
    if (auto sentence = why_refused(made.torrent)) return fail(std::move(*sentence));
    auto digests = hash_with_progress({.listing = made.listing,
                                       .files = made.torrent.files,
                                       .version = options.version,
                                       .piece_length_bytes = length,
                                       .threads = threads},
                                      environment);
    if (!digests) return fail(digests.error().sentence, digests.error().cancelled);
    made.torrent.piece_hashes = std::move(digests->piece_hashes);
    made.torrent.piece_roots = std::move(digests->piece_roots);
    return made;
}

fs::path torrent_path_for(const driver::ContentListing& listing, const NewTorrentOptions& options) {
    if (!options.output.empty()) return options.output;
    return listing.parent / (listing.name + ".torrent");
}

std::expected<void, std::string> write_file(const fs::path& path, Bytes content) {
    int error = 0;
    if (takes_writes_only(path)) {
        error = write_all(path.string(), content);
    } else {
        const std::string temporary = path.string() + ".new";
        error = write_all(temporary, content);
        if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
        if (error != 0) std::remove(temporary.c_str());
    }
    if (error == 0) return {};
    return std::unexpected(
        fmt::format("cannot write {}: {}", path.string(), std::generic_category().message(error)));
}

}  // namespace spate::cli
