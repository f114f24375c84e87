// The synthetic ends of `spate bench` as a program, so that any client can be the other end:
//   synthetic_end sink   TORRENT --to ADDR:PORT --peers N --pid PID ...
//   synthetic_end source TORRENT --to ADDR:PORT --peers N --data FILE
// Prints JSON lines. bench/compare runs it.
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "engine/cli/proc_figures.hpp"
#include "engine/synthetic/cpu.hpp"
#include "engine/synthetic/sink.hpp"
#include "engine/synthetic/source.hpp"

namespace {

using namespace spate;

volatile std::sig_atomic_t ending = 0;

bool stopped() {
    return ending != 0;
}

struct Options {
    std::string torrent;
    std::string to;
    std::string from;
    std::string data;
    std::uint32_t peers = 1;
    std::uint32_t depth_blocks = 64;
    unsigned cpu = 0;
    pid_t pid = 0;
    double patience_s = 30;
    double warm_up_s = 1;
    double window_s = 3;
};

Duration seconds(double count) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count));
}

std::vector<std::byte> content_of(const std::string& path, std::size_t size_max) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::byte> bytes(size_max);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size_max));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

synthetic::ConnectOptions connection(const Options& options) {
    synthetic::ConnectOptions connect{.to = Endpoint::parse(options.to).value(),
                                      .count = options.peers};
    if (!options.from.empty()) connect.from = IpAddress::parse(options.from).value();
    return connect;
}

int fail(const std::string& sentence) {
    fmt::print(stderr, "synthetic_end: {}\n", sentence);
    return 1;
}

int sink(const Options& options, const metainfo::Metainfo& torrent) {
    auto sink = synthetic::Sink::connect({.connect = connection(options),
                                          .info_hash = torrent.info_hash,
                                          .piece_count = static_cast<std::uint32_t>(
                                              torrent.total_bytes / torrent.piece_length_bytes),
                                          .piece_length_bytes = torrent.piece_length_bytes,
                                          .reading = synthetic::Reading::parsed,
                                          .depth_blocks = options.depth_blocks});
    if (!sink) return fail(sink.error());
    sink->wait_until_unchoked(1, seconds(options.patience_s), stopped);
    sink->run_for(seconds(options.warm_up_s), stopped);
    io::Clock clock;
    const std::uint64_t bytes = sink->received_bytes();
    const double cpu_s = cli::process_cpu_s(options.pid);
    const cli::MachineTicks ticks = cli::machine_ticks();
    const Time began = clock.refresh();
    sink->run_for(seconds(options.window_s), stopped);
    fmt::print(
        "{{\"event\": \"window\", \"bytes\": {}, \"seconds\": {}, \"cpu_s\": {}, "
        "\"unchoked\": {}, \"closed\": {}, \"steal_percent\": {}}}\n",
        sink->received_bytes() - bytes, to_seconds(clock.refresh() - began),
        cli::process_cpu_s(options.pid) - cpu_s, sink->unchoked(), sink->closed(),
        cli::steal_percent(ticks, cli::machine_ticks()));
    return 0;
}

int source(const Options& options, metainfo::Metainfo torrent) {
    synthetic::Content content;
    content.piece = content_of(options.data, torrent.piece_length_bytes);
    content.torrent = std::move(torrent);
    if (content.piece.size() != content.piece_length_bytes())
        return fail("no whole piece in " + options.data);
    auto source = synthetic::Source::connect({.connect = connection(options)}, content);
    if (!source) return fail(source.error());
    while (!stopped() && !source->finished() && source->started() == Time{})
        source->run_for(1ms, stopped);
    fmt::print("{{\"event\": \"started\"}}\n");
    std::fflush(stdout);
    while (!stopped() && !source->finished()) source->run_for(1s, stopped);
    fmt::print("{{\"event\": \"ended\", \"bytes\": {}, \"closed\": {}}}\n", source->sent_bytes(),
               source->closed());
    return 0;
}

void add_options(CLI::App& app, Options& options) {
    app.add_option("TORRENT", options.torrent)->required();
    app.add_option("--to", options.to, "ADDR:PORT of the client")->required();
    app.add_option("--from", options.from, "First of as many own addresses as peers");
    app.add_option("--peers", options.peers);
    app.add_option("--cpu", options.cpu, "Where it stays")->required();
}

}  // namespace

int main(int count, char** words) {
    Options options;
    CLI::App app("The other end of a client that is measured");
    CLI::App* sinking = app.add_subcommand("sink", "Leechers that keep nothing");
    CLI::App* sourcing = app.add_subcommand("source", "Seeds that answer from one buffer");
    app.require_subcommand(1);
    add_options(*sinking, options);
    sinking->add_option("--pid", options.pid, "Of the client, for its CPU time")->required();
    sinking->add_option("--depth", options.depth_blocks, "Requests under way, of each");
    sinking->add_option("--patience", options.patience_s, "Seconds for the first unchoke");
    sinking->add_option("--warm-up", options.warm_up_s, "Seconds from there to the window");
    sinking->add_option("--window", options.window_s, "Seconds that count");
    add_options(*sourcing, options);
    sourcing->add_option("--data", options.data, "Begins with the piece")->required();
    CLI11_PARSE(app, count, words);
    std::signal(SIGTERM, [](int) { ending = 1; });
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    synthetic::stay_on_cpu(options.cpu);
    auto torrent =
        metainfo::parse_torrent(content_of(options.torrent, metainfo::torrent_bytes_max));
    if (!torrent) return fail("cannot read " + options.torrent);
    return sinking->parsed() ? sink(options, *torrent) : source(options, *std::move(torrent));
}
