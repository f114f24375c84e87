#pragma once
// engine/session/metadata_fetch.hpp: the info dictionary of a magnet link, from peers (BEP 9).
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/siphash.hpp"
#include "engine/base/time.hpp"
#include "engine/session/metadata_collection.hpp"
#include "engine/wire/limits.hpp"

namespace spate::session {

/// Gets one info dictionary from whoever has it, though nothing that a peer says can be checked
/// before the whole is there. For each size that peers say there is a collection, several at a
/// time. A whole that fails the info-hash convicts who gave all of it. When several took part,
/// digests of their parts are kept; from then on the dictionary is got whole from one peer at a
/// time, and once it is true, those whose parts differ have lied. So nobody who is honest is ever
/// convicted.
///
/// Stages: collecting; checking, from the whole on; done, once it was found true. Only on_checked()
/// leads out of `checking`, and nothing out of `done`: other inputs then change no more than who is
/// there. One thread.
class MetadataFetch {
public:
    using Source = swarm::SmartBan::Source;

    /// Unanswered requests of a peer.
    static constexpr std::size_t requests_per_peer_max = 2;
    /// A peer that answers nothing for so long is given up.
    static constexpr Duration patience = 12s;
    /// How long a peer that rejected or was silent isn't asked; twice as long each time that it is
    /// silent again, or a few silent ones would take turns and nobody else be asked.
    static constexpr Duration pause = 10s;
    static constexpr unsigned pause_doublings_max = 5;
    /// Collections at a time, and what peers say of their sizes together.
    static constexpr std::size_t collections_max = 8;
    static constexpr std::uint64_t said_bytes_max = 2ULL * wire::metadata_bytes_max;
    /// What a collection has before it gives way to one that waits: this time, doubled with each
    /// turn that it had, and a second for so many bytes that came.
    static constexpr Duration turn = 5s;
    static constexpr std::uint64_t turn_bytes_per_s = 32 * 1024;
    static constexpr unsigned turn_doublings_max = 6;
    /// False wholes of several peers that are remembered, the newest.
    static constexpr std::size_t failed_max = 16;

    /// `digest_key` is secret, or a false part could be made that passes for a true one.
    explicit MetadataFetch(const SipKey& digest_key) : digest_key_(digest_key) {}

    /// The peer has the dictionary and says how long it is; or says so again.
    void on_peer(const Source& peer, std::uint32_t size_bytes, Time now);
    void on_left(ConnectionId peer);
    /// The part to ask this peer for, if there is one. Also notices its silence.
    std::optional<std::uint32_t> next_request(ConnectionId peer, Time now);
    /// The whole dictionary when this was the last part of it: to be checked.
    [[nodiscard]] std::optional<std::vector<std::byte>> on_data(ConnectionId peer,
                                                                std::uint32_t part,
                                                                std::uint32_t total_size_bytes,
                                                                Bytes data, Time now);
    void on_reject(ConnectionId peer, std::uint32_t part, Time now);
    /// What on_data() yielded is the dictionary, or isn't. Yields who has lied for certain.
    std::vector<Source> on_checked(bool matches, Time now);

    bool done() const { return std::holds_alternative<Done>(stage_); }

private:
    /// What a collection is of: a size, and one peer alone when several gave a false whole of it.
    struct Claim {
        std::uint32_t size_bytes = 0;
        std::optional<ConnectionId> sole;
        auto operator<=>(const Claim&) const = default;
    };
    struct Peer {
        Source source;
        std::uint32_t size_bytes = 0;
        Time heard_at{};  // or asked at, when nothing was awaited before
        Time paused_until{};
        bool awaited = false;   // it was asked, and may have lost its turn to another since
        unsigned silences = 0;  // since it gave something
    };
    struct Place {
        Claim claim;
        MetadataCollection collection;
        Time started_at{};
        unsigned turns = 0;
    };
    /// A claim that waits for a place.
    struct Waiting {
        Claim claim;
        unsigned turns = 0;  // that it had
    };
    struct Failed {
        std::uint32_t size_bytes = 0;
        swarm::SmartBan::Attempt parts;
    };
    struct Collecting {};
    struct Checking {
        std::uint32_t size_bytes = 0;
        swarm::SmartBan::Attempt parts;
    };
    struct Done {};

    bool collecting() const { return std::holds_alternative<Collecting>(stage_); }
    Claim claim_of(const Peer& peer) const;
    std::size_t supporters(const Claim& claim) const;
    std::size_t votes(std::uint32_t size_bytes) const;
    Place* find_place(const Claim& claim);
    void line_up(const Claim& claim);
    void give_places(Time now);
    void end_turns(Time now);
    bool fits(const Claim& claim) const;
    std::deque<Waiting>::iterator choose_waiting();
    void give_up_if_silent(Peer& peer, Place& place, Time now);
    void become_done();
    std::vector<Source> liars_by(const Checking& truth) const;

    SipKey digest_key_;
    std::variant<Collecting, Checking, Done> stage_;
    std::map<ConnectionId, Peer> peers_;  // those that are here
    std::vector<Place> places_;           // at most collections_max
    std::deque<Waiting> waiting_;         // the longest first; each has somebody who says it
    bool by_votes_ = true;                // how the next place is given
    std::deque<Failed> failed_;           // at most failed_max, the newest last
};

}  // namespace spate::session
