#include "engine/cli/scenario_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <toml++/toml.h>

#include <fmt/format.h>

#include "engine/cli/choices.hpp"
#include "engine/cli/units.hpp"
#include "engine/sim/sim_node.hpp"

namespace spate::cli {
namespace {

/// Reads one table's keys, each at most once. The first thing that is wrong stays in `error`; a key
/// that nobody asked for is wrong too.
class TableReader {
public:
    TableReader(const toml::table& table, std::string where, std::optional<std::string>& error)
        : table_(table), where_(std::move(where)), error_(error) {}
    TableReader(const TableReader&) = delete;
    TableReader& operator=(const TableReader&) = delete;
    ~TableReader() {
        for (const auto& [key, value] : table_)
            if (!known_.contains(std::string(key.str())))
                fail(key.str(), "isn't a key that is known here");
    }

    void text(std::string_view key, std::string& target) { read(key, target, "a text in quotes"); }
    void flag(std::string_view key, bool& target) { read(key, target, "true or false"); }
    void number(std::string_view key, double& target) { read(key, target, "a number"); }
    void count(std::string_view key, std::optional<std::uint32_t>& target) {
        if (!table_.contains(key)) return;
        target.emplace();
        count(key, *target);
    }
    void count(std::string_view key, std::uint32_t& target) {
        std::int64_t value = target;
        read(key, value, "a whole number");
        if (value < 0 || value > sim::nodes_max - 1) {
            fail(key, fmt::format("is at most {}", sim::nodes_max - 1));
        } else {
            target = static_cast<std::uint32_t>(value);
        }
    }
    template <class Value, std::size_t size>
    void choice(std::string_view key, Value& target, const std::array<Named<Value>, size>& values) {
        parsed(key, target, parser_of(values));
    }
    void size(std::string_view key, std::uint64_t& target) { parsed(key, target, parse_size); }
    void rate(std::string_view key, std::uint64_t& target) {
        parsed(key, target, parse_rate);
        if (target == 0) fail(key, "must be more than zero and not unlimited");
    }
    bool has(std::string_view key) const { return table_.contains(key); }
    void duration(std::string_view key, Duration& target) {
        parsed(key, target, [](std::string_view text) -> Parsed<Duration> {
            if (text == "0" || text == "0s") return Duration{};
            return parse_duration(text);
        });
    }
    void duration(std::string_view key, std::optional<Duration>& target) {
        if (!table_.contains(key)) return;
        Duration value{};
        duration(key, value);
        target = value;
    }
    /// `use` gets a reader of the table with this name, if there is one.
    template <class Use>
    void table(std::string_view key, Use use) {
        if (const toml::node* const node = find(key)) {
            if (const toml::table* const inner = node->as_table()) {
                TableReader reader(*inner, fmt::format("[{}] ", key), error_);
                use(reader);
            } else {
                fail(key, fmt::format("is written as [{}]", key));
            }
        }
    }
    template <class Use>
    void tables(std::string_view key, Use use) {
        const toml::node* const node = find(key);
        const toml::array* const array = node == nullptr ? nullptr : node->as_array();
        if (array == nullptr || array->empty())
            return fail(key, fmt::format("is missing: write at least one [[{}]]", key));
        for (const toml::node& each : *array) {
            const toml::table* const inner = each.as_table();
            if (inner == nullptr) return fail(key, fmt::format("is written as [[{}]]", key));
            TableReader reader(*inner, fmt::format("[[{}]] ", key), error_);
            use(reader);
        }
    }
    void fail(std::string_view key, std::string_view why) {
        if (!error_) error_ = fmt::format("{}{} {}", where_, key, why);
    }

private:
    const toml::node* find(std::string_view key) {
        known_.insert(std::string(key));
        return table_.get(key);
    }
    template <class Value>
    void read(std::string_view key, Value& target, std::string_view what) {
        const toml::node* const node = find(key);
        if (node == nullptr) return;
        if (const auto value = node->value<Value>()) {
            target = *value;
        } else {
            fail(key, fmt::format("must be {}", what));
        }
    }
    template <class Value, class Parse>
    void parsed(std::string_view key, Value& target, Parse parse) {
        std::string text;
        read(key, text, "a text in quotes, such as \"64M\" or \"30s\"");
        if (text.empty()) return;
        if (auto value = parse(text)) {
            target = *value;
        } else {
            fail(key, fmt::format("is wrong: {}", value.error()));
        }
    }

    const toml::table& table_;
    const std::string where_;
    std::optional<std::string>& error_;
    std::set<std::string> known_;
};

constexpr std::array arrivals{Named{"together", sim::Arrival::together},
                              Named{"evenly", sim::Arrival::evenly},
                              Named{"poisson", sim::Arrival::poisson}};

sim::PeerClass read_class(TableReader& from) {
    sim::PeerClass to;
    from.text("name", to.name);
    from.count("count", to.count);
    from.rate("up", to.link.up_bytes_per_s);
    from.rate("down", to.link.down_bytes_per_s);
    from.duration("latency", to.link.latency);
    from.flag("seed", to.seed);
    from.choice("arrives", to.arrival, arrivals);
    from.duration("arrives-at", to.arrives_at);
    from.duration("arrives-over", to.arrives_over);
    from.duration("stays", to.stays);
    from.duration("leaves-at", to.leaves_at);
    from.count("upload-slots", to.upload_slots);
    from.count("max-peers", to.connections_max);
    from.choice("strategy", to.leech_strategy, leech_strategies);
    from.choice("seed-strategy", to.seed_strategy, seed_strategies);
    from.choice("pieces", to.piece_mode, piece_modes);
    if (from.has("play")) from.rate("play", to.play_bytes_per_s);
    from.duration("play-after", to.play_after);
    from.flag("play-deadlines", to.play_deadlines);
    from.flag("super-seed", to.super_seed);
    from.flag("free-rider", to.free_rider);
    from.flag("corrupts", to.corrupts);
    from.flag("lies", to.lies);
    return to;
}

sim::Interval read_interval(TableReader& from) {
    sim::Interval interval;
    from.duration("from", interval.from);
    from.duration("until", interval.until);
    if (interval.until <= interval.from) from.fail("until", "must be later than from");
    return interval;
}

/// Qiu and Srikant's model of this scenario's first seeds and first downloaders.
sim::FluidModel fluid_model_of(const sim::Experiment& experiment) {
    sim::FluidModel model{.seeds = 0};
    const auto file = static_cast<double>(experiment.file_bytes);
    for (const sim::PeerClass& of : experiment.classes) {
        if (of.seed) {
            model.seeds += of.count;
        } else if (model.arrivals_per_s == 0) {
            model.arrivals_seconds = std::max(to_seconds(of.arrives_over), 1.0);
            model.arrivals_per_s = of.count / model.arrivals_seconds;
            model.upload_per_s = static_cast<double>(of.link.up_bytes_per_s) / file;
            model.download_per_s = static_cast<double>(of.link.down_bytes_per_s) / file;
            if (of.stays) model.leave_per_s = 1 / std::max(to_seconds(*of.stays), 1.0);
        }
    }
    return model;
}

sim::Experiment read_experiment(TableReader& from, const std::string& name) {
    sim::Experiment to;
    to.name = to.title = name;
    std::uint64_t piece = 0;
    bool fluid = false;
    from.text("title", to.title);
    from.size("file", to.file_bytes);
    from.size("piece", piece);
    from.duration("duration", to.duration_max);
    from.duration("sample", to.sample_every);
    from.flag("fluid-model", fluid);
    from.tables("class", [&](TableReader& each) { to.classes.push_back(read_class(each)); });
    from.table("faults", [&](TableReader& faults) {
        faults.number("refused-calls", to.faults.refused_calls);
        faults.duration("mean-life", to.faults.mean_life);
    });
    from.table("tracker-down", [&](TableReader& down) { to.tracker_down = read_interval(down); });
    from.table("partition", [&](TableReader& partition) {
        to.partition.emplace();
        partition.number("part", to.partition->part);
        to.partition->when = read_interval(partition);
    });
    if (piece % block_size_bytes != 0 || piece > (64 << 20))
        from.fail("piece", "must be a multiple of 16K, at most 64M");
    if (to.file_bytes == 0) from.fail("file", "must be more than nothing");
    if (to.sample_every < 10ms) from.fail("sample", "must be at least 10ms");
    to.piece_bytes = static_cast<std::uint32_t>(piece);
    if (fluid) to.fluid = fluid_model_of(to);
    return to;
}

}  // namespace

std::expected<sim::Experiment, std::string> parse_scenario(std::string_view toml,
                                                           const std::string& name) {
    try {
        const toml::table table = toml::parse(toml);
        std::optional<std::string> error;
        sim::Experiment experiment;
        {
            TableReader reader(table, "", error);
            experiment = read_experiment(reader, name);
        }
        if (error) return std::unexpected(fmt::format("{}: {}", name, *error));
        return experiment;
    } catch (const toml::parse_error& error) {
        return std::unexpected(
            fmt::format("{}, line {}: {}", name, error.source().begin.line, error.description()));
    }
}

std::expected<sim::Experiment, std::string> load_scenario(const std::string& name_or_path) {
    for (const BuiltInScenario& each : built_in_scenarios())
        if (each.name == name_or_path) return parse_scenario(each.toml, name_or_path);
    std::ifstream file(name_or_path, std::ios::binary);
    if (!file || std::filesystem::is_directory(name_or_path))
        return std::unexpected(
            fmt::format("'{}' is neither a built-in scenario (`spate sim --list`) nor a file that "
                        "can be read",
                        name_or_path));
    std::ostringstream text;
    text << file.rdbuf();
    return parse_scenario(text.str(), std::filesystem::path(name_or_path).stem().string());
}

}  // namespace spate::cli
