#include "engine/cli/sim_report.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace spate::cli {
namespace {

/// Of the samples up to the last peer's completion.
double mean_utilisation(const sim::ExperimentResult& result) {
    double sum = 0;
    for (const sim::Sample& sample : result.samples) sum += sample.upload_utilisation;
    return sum / static_cast<double>(std::max<std::size_t>(result.samples.size(), 1));
}

/// The fewest copies of a piece that there were after everybody had arrived once.
std::uint32_t fewest_copies(const sim::ExperimentResult& result) {
    std::uint32_t fewest = ~0U;
    for (const sim::Sample& sample : result.samples) fewest = std::min(fewest, sample.copies_min);
    return fewest;
}

Json class_json(const sim::ClassSummary& of) {
    Json json{{"name", of.name},
              {"peers", of.peers},
              {"completed", of.completed},
              {"first_piece_median_seconds", of.first_piece_median_seconds},
              {"download_min_seconds", of.download_min_seconds},
              {"download_median_seconds", of.download_median_seconds},
              {"download_mean_seconds", of.download_mean_seconds},
              {"download_max_seconds", of.download_max_seconds},
              {"share_ratio_mean", of.share_ratio_mean}};
    if (of.late_pieces_mean) json["late_pieces_mean"] = *of.late_pieces_mean;
    if (of.play_start_median_seconds)
        json["play_start_median_seconds"] = *of.play_start_median_seconds;
    return json;
}

}  // namespace

std::string format_hash(std::uint64_t hash) {
    return fmt::format("{:016x}", hash);
}

void say_object(const Json& object, Console& console) {
    console.object(object);
    console.say(object.dump());
}

Json result_json(const sim::Experiment& experiment, const sim::ExperimentResult& result,
                 double wall_seconds) {
    Json classes = Json::array();
    for (const sim::ClassSummary& of : sim::summarise(experiment, result))
        classes.push_back(class_json(of));
    return {{"scenario", experiment.name},
            {"seed", result.seed},
            {"trace_hash", format_hash(result.trace_hash)},
            {"virtual_seconds", result.virtual_seconds},
            {"wall_seconds", wall_seconds},
            {"events", result.events},
            {"everyone_finished", result.everyone_finished},
            {"upload_utilisation", mean_utilisation(result)},
            {"copies_min", fewest_copies(result)},
            {"wasted_bytes", result.wasted_bytes},
            {"bans", result.bans},
            {"honest_bans", result.honest_bans},
            {"classes", classes}};
}

void say_result(const sim::Experiment& experiment, const sim::ExperimentResult& result,
                Console& console) {
    console.say(fmt::format("{}, seed {}: {:.1f} s of virtual time", experiment.title, result.seed,
                            result.virtual_seconds));
    console.say(fmt::format("  {:<16}{:>7}{:>11}{:>14}{:>10}{:>10}{:>10}{:>9}", "class", "peers",
                            "completed", "first piece s", "min s", "median s", "max s", "ratio"));
    for (const sim::ClassSummary& of : sim::summarise(experiment, result))
        console.say(fmt::format("  {:<16}{:>7}{:>11}{:>14.1f}{:>10.1f}{:>10.1f}{:>10.1f}{:>9.2f}",
                                of.name, of.peers, of.completed, of.first_piece_median_seconds,
                                of.download_min_seconds, of.download_median_seconds,
                                of.download_max_seconds, of.share_ratio_mean));
    for (const sim::ClassSummary& of : sim::summarise(experiment, result))
        if (of.late_pieces_mean)
            console.say(
                fmt::format("  {}: playing begins after {:.1f} s (median), {:.1f} pieces are late "
                            "(mean)",
                            of.name, *of.play_start_median_seconds, *of.late_pieces_mean));
}

}  // namespace spate::cli
