// Lies to magnet links: parts of the dictionary, its size, and hashes of its pieces.
#include <deque>

#include "engine/sim/adversary/behaviour.hpp"
#include "engine/swarm/layer_proofs.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::sim {
namespace {

using wire::MessageId;

constexpr std::size_t wanted_content = 0;

/// Answers like a seed but for what its kind lies about.
class MetadataPeer : public FalseSeed {
public:
    explicit MetadataPeer(Field& field) : FalseSeed(field, wanted_content) {}

    void on_message(HostilePeer& peer, MessageId id, Bytes body) override {
        if (id == MessageId::hash_request) on_hash_request(peer, read_hash_ref(body));
        if (id != MessageId::extended || body.size() < 2 || body[0] != std::byte{1}) return;
        const auto message = wire::parse_metadata_message(body.subspan(1));
        if (message && message->kind == wire::MetadataMessage::Kind::request)
            on_part_asked(peer, message->piece);
    }

protected:
    void send_part(HostilePeer& peer, std::uint32_t part, Bytes dictionary) const {
        Words words;
        const std::uint8_t id = peer.theirs().ut_metadata != 0 ? peer.theirs().ut_metadata : 1;
        wire::append_metadata_data(words, id, part, dictionary);
        peer.say(words);
    }
    Words false_dictionary() const {
        Words lie = torrent().info_bytes;
        for (std::size_t at = 0; at < lie.size(); at += 1'000)
            lie[at + field_.random.below(std::min<std::size_t>(1'000, lie.size() - at))] ^=
                std::byte{1};
        return lie;
    }
    virtual void on_part_asked(HostilePeer& peer, std::uint32_t part) = 0;
    virtual void on_hash_request(HostilePeer&, const HashRef&) {}
    void on_request(HostilePeer&, BlockRef) override {}

    static HashRef read_hash_ref(Bytes body) {
        HashRef range;
        ByteReader reader(body);
        std::ranges::copy(*reader.read_bytes(range.pieces_root.bytes.size()),
                          range.pieces_root.bytes.begin());
        range.base_layer = *reader.read<std::uint32_t>();
        range.index = *reader.read<std::uint32_t>();
        range.length = *reader.read<std::uint32_t>();
        range.proof_layers = *reader.read<std::uint32_t>();
        return range;
    }
};

class MetadataLiar final : public MetadataPeer {
public:
    explicit MetadataLiar(Field& field)
        : MetadataPeer(field),
          lie_(false_dictionary()),
          only_(static_cast<std::uint32_t>(field.random.below(parts()))),
          unasked_(field.chance(0.5)) {}

    void on_handshake(HostilePeer& peer, const wire::Handshake& theirs) override {
        FalseSeed::on_handshake(peer, theirs);
        if (unasked_) send_part(peer, only_, lie_);
    }

private:
    std::uint32_t parts() const {
        return wire::metadata_piece_count(static_cast<std::uint32_t>(torrent().info_bytes.size()));
    }
    void on_part_asked(HostilePeer& peer, std::uint32_t part) override {
        if (part < parts()) send_part(peer, part, part == only_ ? lie_ : torrent().info_bytes);
    }

    const Words lie_;
    const std::uint32_t only_;  // the part that is false
    const bool unasked_;
};

/// Gives a part now and then, so that its size isn't given up.
class SizeLiar final : public MetadataPeer {
public:
    explicit SizeLiar(Field& field) : MetadataPeer(field), lie_(size(field)) {}

    void on_handshake(HostilePeer& peer, const wire::Handshake&) override {
        wire::ExtensionHandshake ours = usual_extensions();
        ours.metadata_size_bytes = static_cast<std::uint32_t>(lie_.size());
        send_extension_handshake(peer, ours);
        peer.wake_in(between_parts);
    }

private:
    static constexpr Duration between_parts = 9s;

    std::size_t size(Field& field) const {
        return torrent().info_bytes.size() + 1 + field.random.below(1 << 20);
    }
    void on_part_asked(HostilePeer& peer, std::uint32_t part) override {
        if (part >= wire::metadata_piece_count(static_cast<std::uint32_t>(lie_.size()))) return;
        asked_.push_back(part);
        if (!told_) {
            told_ = true;
            answer(peer);
        }
    }
    void on_time(HostilePeer& peer) override {
        answer(peer);
        peer.wake_in(between_parts);
    }
    void answer(HostilePeer& peer) {
        if (asked_.empty()) return;
        send_part(peer, asked_.front(), lie_);
        asked_.pop_front();
    }

    const Words lie_;
    std::deque<std::uint32_t> asked_;
    bool told_ = false;
};

class HashLiar final : public MetadataPeer {
public:
    explicit HashLiar(Field& field)
        : MetadataPeer(field), proofs_(torrent()), way_(static_cast<Way>(field.random.below(4))) {}

private:
    enum class Way : std::uint8_t { falsehood, silence, rejects, noise };

    void on_part_asked(HostilePeer& peer, std::uint32_t part) override {
        const auto size = static_cast<std::uint32_t>(torrent().info_bytes.size());
        if (part < wire::metadata_piece_count(size)) send_part(peer, part, torrent().info_bytes);
    }
    void on_hash_request(HostilePeer& peer, const HashRef& range) override {
        Words words;
        auto hashes = proofs_.prove(range);
        if (!hashes || way_ == Way::silence) return;
        if (way_ == Way::rejects) {
            wire::append_hash_reject(words, range);
        } else {
            (*hashes)[field_.random.below(hashes->size())].bytes[0] ^= std::byte{1};
            if (way_ == Way::noise) hashes->resize(field_.random.below(2 * hashes->size()));
            wire::append_hashes(words, range, *hashes);
        }
        peer.say(words);
    }

    swarm::LayerProofs proofs_;
    const Way way_;
};

}  // namespace

std::unique_ptr<Behaviour> make_metadata_liar(Field& field) {
    return std::make_unique<MetadataLiar>(field);
}

std::unique_ptr<Behaviour> make_size_liar(Field& field) {
    return std::make_unique<SizeLiar>(field);
}

std::unique_ptr<Behaviour> make_hash_liar(Field& field) {
    return std::make_unique<HashLiar>(field);
}

}  // namespace spate::sim
