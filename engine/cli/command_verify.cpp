#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "engine/base/hex.hpp"
#include "engine/cli/background.hpp"
#include "engine/cli/environment.hpp"
#include "engine/cli/machine.hpp"
#include "engine/cli/progress_line.hpp"
#include "engine/cli/torrent_text.hpp"
#include "engine/cli/units.hpp"
#include "engine/driver/content/content_check.hpp"
#include "engine/storage/piece_map.hpp"

namespace spate::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
    std::string torrent;
    std::string folder;
    std::vector<unsigned> cpus = available_cpus();
};

using CheckResult = std::expected<driver::ContentReport, std::string>;

CheckResult check(const driver::ContentCheck& what, Environment& environment) {
    hashing::PieceProgress progress;
    Background<CheckResult> background([&](const std::stop_token& stop) {
        return driver::check_content(what, environment.hasher, progress, stop);
    });
    const std::uint64_t total = driver::bytes_to_check(what.torrent);
    const double began = environment.context.seconds();
    double next_event = began + 1;
    return std::move(wait_for(background, environment.signals, [&] {
        const double now = environment.context.seconds();
        const std::uint64_t done = progress.bytes;
        const double rate = static_cast<double>(done) / std::max(now - began, 1e-3);
        environment.console.draw({progress_line({.name = what.torrent.name,
                                                 .state = TransferState::checking,
                                                 .done_bytes = done,
                                                 .total_bytes = total,
                                                 .down_bytes_per_s = rate},
                                                environment.console.width() - 1)});
        if (now < next_event) return;
        next_event = now + 1;
        environment.console.event("progress", {{"info_hash", to_hex(what.torrent.info_hash.bytes)},
                                               {"state", "checking"},
                                               {"done_bytes", done},
                                               {"total_bytes", total},
                                               {"down_bytes_per_s", 0},
                                               {"up_bytes_per_s", 0},
                                               {"peers", 0},
                                               {"seeds", 0}});
    }));
}

/// The files with bytes of a piece, padding left out.
std::string files_of(const metainfo::Metainfo& torrent, const storage::PieceMap& map,
                     PieceIndex piece) {
    std::string files;
    for (const storage::FileSlice& slice : map.slices(piece)) {
        if (slice.pad) continue;
        files +=
            (files.empty() ? "" : ", ") + joined_path(torrent, torrent.files[slice.file.value]);
    }
    return files;
}

/// "piece 7 does not match: a.iso, b.iso"; "pieces 8-20 are missing: b.iso" for neighbours that
/// touch the same files.
void say_pieces(const metainfo::Metainfo& torrent, const storage::PieceMap& map,
                const std::vector<PieceIndex>& pieces, bool missing, Console& console) {
    for (std::size_t i = 0; i < pieces.size();) {
        const std::string files = files_of(torrent, map, pieces[i]);
        std::size_t end = i + 1;
        while (end < pieces.size() && pieces[end].value == pieces[end - 1].value + 1 &&
               files_of(torrent, map, pieces[end]) == files)
            ++end;
        if (end - i == 1)
            console.say(fmt::format("piece {} {}: {}", pieces[i].value,
                                    missing ? "is missing" : "does not match", files));
        else
            console.say(fmt::format("pieces {}-{} {}: {}", pieces[i].value, pieces[end - 1].value,
                                    missing ? "are missing" : "do not match", files));
        i = end;
    }
}

int report_result(const driver::ContentCheck& what, const driver::ContentReport& report,
                  double seconds, Console& console) {
    std::vector<std::uint32_t> bad;
    const storage::PieceMap map(what.torrent);
    for (const auto* pieces : {&report.bad, &report.missing})
        for (const PieceIndex piece : *pieces) bad.push_back(piece.value);
    say_pieces(what.torrent, map, report.bad, false, console);
    say_pieces(what.torrent, map, report.missing, true, console);
    std::ranges::sort(bad);
    const std::uint64_t total = driver::bytes_to_check(what.torrent);
    const double bytes = static_cast<double>(total);
    console.event("verified", {{"info_hash", to_hex(what.torrent.info_hash.bytes)},
                               {"pieces", what.torrent.piece_count()},
                               {"bad_pieces", bad},
                               {"bytes", total},
                               {"seconds", seconds}});
    for (const driver::FileFault& fault : report.faults)
        console.warning(driver::describe_fault(what.torrent, what.folder, fault),
                        driver::content_files(what.torrent)[fault.file].path);
    if (bad.empty()) {
        console.say(fmt::format("{}: all {} pieces match ({} in {:.2f} s, {})", what.torrent.name,
                                what.torrent.piece_count(), format_bytes(bytes), seconds,
                                format_rate(bytes / std::max(seconds, 1e-3))));
        // A missing empty file has no piece that could be bad.
        const bool whole = std::ranges::all_of(
            report.faults, [](const driver::FileFault& fault) { return fault.too_long; });
        return whole ? exit_success : exit_mismatch;
    }
    console.say(fmt::format("{}: {} of {} pieces do not match", what.torrent.name, bad.size(),
                            what.torrent.piece_count()));
    return exit_mismatch;
}

int verify(const Options& options, Environment& environment) {
    Console& console = environment.console;
    const auto torrent = read_torrent_file(options.torrent);
    if (!torrent) {
        console.error(torrent.error(), options.torrent);
        return exit_failure;
    }
    const fs::path beside = fs::path(options.torrent).parent_path();
    const fs::path folder = !options.folder.empty() ? fs::path(options.folder)
                            : beside.empty()        ? fs::path(".")
                                                    : beside;
    const driver::ContentCheck what{.torrent = *torrent,
                                    .folder = folder,
                                    .pieces = {},
                                    .threads = static_cast<unsigned>(options.cpus.size())};
    const double began = environment.context.seconds();
    const CheckResult report = check(what, environment);
    console.draw({});
    if (!report) {
        console.error(report.error(), folder.string());
        return exit_failure;
    }
    if (report->cancelled) return exit_interrupted;
    return report_result(what, *report, environment.context.seconds() - began, console);
}

}  // namespace

Command add_verify_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("verify", "Check data against its torrent");
    auto options = std::make_shared<Options>();
    command->add_option("TORRENT", options->torrent, ".torrent file")->required()->check(a_path());
    command
        ->add_option("DIR", options->folder,
                     "Folder that holds the torrent's file or folder (default: beside it)")
        ->check(a_path());
    add_parsed(
        *command, "--cores", options->cpus,
        [](const std::string& text) { return parse_cores(text, available_cpus()); },
        "Threads: a number, or a list of CPUs (default: all)");
    command->footer(
        "Prints each piece that does not match and the files it touches; exits with 3 "
        "if there is one.\n\nExample:\n  spate verify debian-12.iso.torrent ~/downloads");
    return {command, [options](Environment& environment) { return verify(*options, environment); }};
}

}  // namespace spate::cli
