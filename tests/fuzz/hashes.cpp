// Piece layers of v2 torrents (BEP 52): requests of any range are answered by what proves itself or
// not at all; a fetch in the hands of liars ends with the right layers or none.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "engine/base/assert.hpp"
#include "engine/swarm/layer_fetch.hpp"
#include "engine/swarm/layer_proofs.hpp"
#include "tests/engine/swarm/layer_content.hpp"

using namespace spate;
using namespace spate::swarm;

namespace {

/// A torrent and what its seeds answer from. What LayerProofs keeps is the same for all inputs.
struct Content {
    explicit Content(const std::vector<std::uint32_t>& piece_counts)
        : torrent(layered_torrent(piece_counts)) {}

    const metainfo::Metainfo torrent;
    LayerProofs proofs{torrent};
};

/// A small one; or one with a file of more than a part and a chunk, which takes twenty times as
/// long.
Content& content(bool large) {
    static Content of_few({1, 2, 40, 3, 20});
    static Content of_many({1, 2, 530, 3});
    return large ? of_many : of_few;
}

class Swarm {
public:
    Swarm(Content& content, Bytes input)
        : torrent_(content.torrent),
          proofs_(content.proofs),
          input_(input),
          fetch_(missing_of(torrent_)) {}

    /// One step of what the input says; false at its end.
    bool step() {
        const auto kind = input_.read<std::uint8_t>();
        if (!kind) return false;
        const ConnectionId peer(*kind / 16U % 4U);
        switch (*kind % 8) {
            case 0:
            case 1:
                ask(peer);
                break;
            case 2:
            case 3:
                answer(peer, *kind >= 128);
                break;
            case 4:
                fetch_.on_reject(peer, chosen(peer), now_);
                break;
            case 5:
                leave(peer);
                break;
            case 6:
                now_ += 1s * (*kind / 16);
                break;
            default:
                serve(any_range());
                break;
        }
        return true;
    }

    /// The others leave, and an honest peer ends it.
    void finish() {
        for (std::uint32_t peer = 0; peer < 4; ++peer) leave(ConnectionId(peer));
        const ConnectionId honest(9);
        for (unsigned i = 0; i < 10'000 && !fetch_.complete(); ++i) {
            now_ += 1s;
            while (const auto range = fetch_.next_request(honest, now_))
                SPATE_ASSERT(tell(honest, *range, {}) == LayerFetch::Answer::good);
        }
        SPATE_ASSERT(fetch_.complete());
        for (const metainfo::PieceLayer& layer : fetch_.take())
            for (std::size_t file = 0; file < torrent_.files.size(); ++file)
                if (torrent_.files[file].pieces_root == layer.pieces_root)
                    SPATE_ASSERT(layer.hashes == layer_of(torrent_, file));
    }

private:
    struct Asked {
        ConnectionId peer;
        HashRef range;
    };

    void ask(ConnectionId peer) {
        while (const auto range = fetch_.next_request(peer, now_)) asked_.push_back({peer, *range});
    }

    void leave(ConnectionId peer) {
        fetch_.on_left(peer);
        std::erase_if(asked_, [&](const Asked& asked) { return asked.peer == peer; });
    }

    HashRef any_range() {
        HashRef range;
        const std::uint8_t file = input_.read<std::uint8_t>().value_or(0);
        range.pieces_root = torrent_.files[file % torrent_.files.size()].pieces_root.value();
        if (file >= 250) range.pieces_root = {};
        range.base_layer = input_.read<std::uint8_t>().value_or(0);
        range.index = input_.read<std::uint16_t>().value_or(0);
        range.length = input_.read<std::uint16_t>().value_or(0);
        range.proof_layers = input_.read<std::uint8_t>().value_or(0);
        return range;
    }

    /// Something that was asked of the peer, as a rule.
    HashRef chosen(ConnectionId peer) {
        const std::size_t choice = input_.read<std::uint8_t>().value_or(0);
        std::vector<HashRef> ranges;
        for (const Asked& asked : asked_)
            if (asked.peer == peer) ranges.push_back(asked.range);
        return ranges.empty() || choice == 255 ? any_range() : ranges[choice % ranges.size()];
    }

    LayerFetch::Answer tell(ConnectionId peer, const HashRef& range, std::byte lie) {
        auto proof = proofs_.prove(range).value_or(std::vector<Sha256Digest>(3));
        proof[proof.size() / 2].bytes[7] ^= lie;
        return fetch_.on_hashes(peer, range, joined(proof), now_);
    }

    void answer(ConnectionId peer, bool lies) {
        const HashRef range = chosen(peer);
        const std::byte lie = lies ? std::byte{1} : std::byte{0};
        const auto taken = tell(peer, range, lie);
        SPATE_ASSERT(!lies || taken != LayerFetch::Answer::good);
        if (taken == LayerFetch::Answer::false_hashes) {
            SPATE_ASSERT(lies);
            leave(peer);
        }
    }

    void serve(const HashRef& range) {
        const auto proof = proofs_.prove(range);
        if (!proof) return;
        const hashing::HashRange hashes{range.base_layer, range.index, range.length,
                                        range.proof_layers};
        SPATE_ASSERT(proof->size() == hashing::hash_count(hashes));
        SPATE_ASSERT(hashing::root_by_proof(hashing::Hasher::best(), hashes, *proof));
    }

    const metainfo::Metainfo& torrent_;
    LayerProofs& proofs_;
    ByteReader input_;
    LayerFetch fetch_;
    std::vector<Asked> asked_;
    Time now_{1h};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 512) return 0;
    Swarm swarm(content(data[0] % 32 == 31), std::as_bytes(std::span(data, size)).subspan(1));
    while (swarm.step()) {
    }
    // Which takes longer than most inputs.
    if (data[0] >= 224) swarm.finish();
    return 0;
}
