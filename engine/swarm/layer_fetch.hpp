#pragma once
// engine/swarm/layer_fetch.hpp: the piece layers of a v2-only magnet link, from peers (BEP 52).
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/time.hpp"
#include "engine/metainfo/metainfo.hpp"
#include "hashing/hasher.hpp"

namespace spate::swarm {

/// Collects the layers that an info dictionary names by their roots. They are asked for in parts of
/// at most 512 hashes, each with its proof up to the root, so that every answer is checked when it
/// comes: nothing unproven is kept, and who lies is known. A part is asked of one peer; of a second
/// one when the first takes long. Peers that reject or are silent are left alone for a while.
/// Memory: 32 bytes for each piece of layers of which something came. One thread.
class LayerFetch {
public:
    /// BEP 52: "clients should request at most 512".
    static constexpr std::uint32_t part_hashes_max = 512;
    /// Unanswered requests of a peer: what it sends of them is 132 KiB.
    static constexpr std::size_t requests_per_peer_max = 8;
    /// Peers that a part is asked of at a time; one that keeps it for `patience` makes room for
    /// another, whatever else it answers.
    static constexpr std::size_t askers_max = 2;
    /// An unanswered part is asked of another peer that has nothing better to do.
    static constexpr Duration second_asker_after = 3s;
    /// A peer that answers nothing for so long is given up.
    static constexpr Duration patience = 8s;
    /// How long a peer that rejected or was silent isn't asked; twice as long each time that it is
    /// silent again, or a few silent ones would take turns and nobody else be asked.
    static constexpr Duration pause = 20s;
    static constexpr unsigned pause_doublings_max = 4;

    enum class Answer : std::uint8_t { unasked, good, false_hashes };

    explicit LayerFetch(const metainfo::MissingLayers& missing);

    /// What to ask this peer for, if there is anything. Also notices its silence.
    std::optional<HashRef> next_request(ConnectionId peer, Time now);
    /// `false_hashes`: the peer lied, and is forgotten.
    [[nodiscard]] Answer on_hashes(ConnectionId peer, const HashRef& range, Bytes hashes, Time now);
    void on_reject(ConnectionId peer, const HashRef& range, Time now);
    void on_left(ConnectionId peer);

    bool complete() const { return parts_left_ == 0; }
    /// Once complete: all that were missing.
    std::vector<metainfo::PieceLayer> take();

private:
    struct Layer {
        metainfo::PieceLayer layer;  // no hashes until some were proven
        std::uint32_t piece_count = 0;
        unsigned root_height = 0;
    };
    /// Hashes of a layer from the piece `first` of its file on.
    struct Part {
        std::uint32_t layer = 0;
        std::uint32_t first = 0;
        auto operator<=>(const Part&) const = default;
    };
    struct Asker {
        ConnectionId peer;
        Time asked_at;
    };
    struct Peer {
        std::size_t asked_count = 0;
        Time heard_at{};  // or asked at, when nothing was awaited before
        Time paused_until{};
        bool awaited = false;   // it was asked, and may have lost its turn to another since
        unsigned silences = 0;  // since it gave something
    };
    using Asked = std::map<Part, std::vector<Asker>>;

    HashRef range_of(Part part) const;
    std::optional<Part> next_part(ConnectionId peer, Time now);
    std::optional<Part> slow_part(ConnectionId peer, Time now);
    bool may_have_another(std::vector<Asker>& askers, ConnectionId peer, Time now);
    /// The request that the peer answers; the end when it wasn't asked.
    Asked::iterator find_asked(ConnectionId peer, const HashRef& range);
    void remove_asker(Asked::iterator asked, ConnectionId peer);
    void release(ConnectionId peer);
    void give_up_if_silent(ConnectionId id, Peer& peer, Time now);
    bool prove(const HashRef& range, Bytes hashes, Layer& layer) const;

    hashing::Hasher hasher_;
    unsigned piece_height_;
    std::vector<Layer> layers_;  // by root
    std::size_t parts_left_ = 0;
    Part next_;               // the first that was never asked for
    std::deque<Part> again_;  // asked for in vain
    Asked asked_;
    std::map<ConnectionId, Peer> peers_;
};

}  // namespace spate::swarm
