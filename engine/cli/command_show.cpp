#include <memory>

#include "engine/cli/environment.hpp"
#include "engine/cli/torrent_text.hpp"

namespace spate::cli {
namespace {

int show(const std::string& source, Environment& environment) {
    Console& console = environment.console;
    const auto print = [&](const std::vector<std::string>& lines) {
        for (const std::string& line : lines) console.say(line);
        return exit_success;
    };
    const auto refuse = [&](const std::string& sentence) {
        console.error(sentence, source);
        return exit_failure;
    };
    if (is_magnet(source)) {
        const auto magnet = parse_magnet_text(source);
        if (!magnet) return refuse(magnet.error());
        console.object(magnet_json(*magnet));
        return print(magnet_text(*magnet));
    }
    const auto torrent = read_torrent_file(source);
    if (!torrent) return refuse(torrent.error());
    console.object(torrent_json(*torrent), files_json(*torrent));
    return print(torrent_text(*torrent));
}

}  // namespace

Command add_show_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("show", "Print what is in a torrent or magnet link");
    auto source = std::make_shared<std::string>();
    command->add_option("TORRENT", *source, ".torrent file or magnet link")
        ->required()
        ->check(a_path());
    command->footer("Example:\n  spate show debian-12.iso.torrent");
    return {command, [source](Environment& environment) { return show(*source, environment); }};
}

}  // namespace spate::cli
