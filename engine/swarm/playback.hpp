#pragma once
// engine/swarm/playback.hpp: when each piece has to be there to be played while it comes.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/swarm/piece_table.hpp"

namespace spate::swarm {

/// A torrent's wanted pieces are played in their order at a constant rate, from the instant that a
/// start-up buffer is there. A piece is due when the player comes to it, and urgent when that is
/// soon. The schedule goes on whether pieces are late or not. One core; the piece table is shared.
class Playback {
public:
    struct Options {
        std::uint64_t rate_bytes_per_s = 0;
        /// So much playing time from the start on has to be there, then playing begins.
        Duration start_up = 4s;
        /// Playing begins so long after the torrent was added, whatever is there.
        std::optional<Duration> starts_after{};
        /// False: it is only looked how many pieces are late.
        bool sets_deadlines = true;
    };
    using PieceSize = std::function<std::uint32_t(PieceIndex)>;  // in bytes
    using Due = std::pair<Time, PieceIndex>;

    struct Urgent {
        std::vector<Due> pieces;   // earliest first, at most urgent_max
        std::size_t in_order = 0;  // the first so many: the player waits for them, or soon will
    };

    /// Urgent is what is due within this time, and two pieces more.
    static constexpr Duration urgent_window = 20s;
    static constexpr std::size_t urgent_max = 1'024;
    /// The player soon waits for what is due within this time.
    static constexpr Duration soon = 2s;
    /// How often to look again.
    static constexpr Duration look_interval = 250ms;

    Playback(Options options, const PieceTable& pieces, const PieceSize& size_of, Time now);

    /// Begins to play when it is time; as often as `look_interval` and when a piece was stored.
    void look(const PieceTable& pieces, Time now);
    void on_stored(PieceIndex piece, const PieceTable& pieces, Time now);

    std::optional<Time> started_at() const { return started_at_; }
    /// The urgent pieces that aren't stored; before the start, as if playing began now. In order
    /// are those of the start-up buffer, and then only the first, however late others are: if all
    /// players asked for the same pieces, the swarm would have less and less to exchange.
    Urgent urgent(const PieceTable& pieces, Time now) const;
    /// Pieces that weren't there when they were due, whether they have come since or not.
    std::uint32_t late_pieces(const PieceTable& pieces, Time now) const;
    bool sets_deadlines() const { return options_.sets_deadlines; }

private:
    struct Part {
        PieceIndex piece;
        std::uint64_t offset_bytes = 0;  // in what is played
    };

    Time due_at(const Part& part, Time start) const;
    Duration playing_time(std::uint64_t bytes) const;

    const Options options_;
    const Time added_at_;
    std::vector<Part> parts_;
    std::uint64_t total_bytes_ = 0;
    std::uint64_t longest_bytes_ = 0;
    std::size_t head_ = 0;  // everything before is stored
    std::optional<Time> started_at_;
    std::uint32_t late_ = 0;  // of those that are stored
};

}  // namespace spate::swarm
