// Much of what is allowed: states there and back, questions, and answers that nobody reads.
#include <functional>

#include "engine/sim/adversary/behaviour.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/metadata_message.hpp"

namespace spate::sim {
namespace {

using wire::MessageId;

/// A burst, as much as a receive of the honest end takes.
constexpr std::size_t burst_bytes = 16 * 1024;
constexpr Duration between_bursts = 10ms;
constexpr std::uint8_t metadata_id = 1;
constexpr std::uint8_t upload_only_id = 2;
constexpr std::uint8_t dont_have_id = 3;

/// Says the same again and again, in bursts.
class Chanter : public Greeter {
public:
    using Greeter::Greeter;

    void on_handshake(HostilePeer& peer, const wire::Handshake&) override {
        send_extension_handshake(peer, usual_extensions());
        begin(peer);
        peer.wake_in(between_bursts);
    }

    void on_time(HostilePeer& peer) override {
        if (field_.exhausted() || said_bytes_ >= said_bytes_max) return;
        peer.wake_in(between_bursts);
        if (peer.unsent_bytes() > 0) return;
        Words words;
        while (words.size() < burst_bytes) chant(words);
        said_bytes_ += words.size();
        peer.say(words);
    }

protected:
    /// On one connection.
    static constexpr std::size_t said_bytes_max = 256 * 1024;

    virtual void begin(HostilePeer&) {}
    virtual void chant(Words& words) = 0;

private:
    std::size_t said_bytes_ = 0;
};

void append_dont_have(HostilePeer::Words& words, PieceIndex piece) {
    HostilePeer::Words body;
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        body.push_back(static_cast<std::byte>(piece.value >> shift));
    wire::append_extended(words, dont_have_id, body);
}

class Toggler final : public Chanter {
public:
    Toggler(Field& field, std::size_t content)
        : Chanter(field, content), piece_(grammar_.piece()), song_(field.random.below(songs)) {}

private:
    static constexpr std::uint64_t songs = 7;

    void begin(HostilePeer& peer) override {
        peer.say(song_ == 1 || song_ == 2 ? MessageId::have_all : MessageId::have_none);
    }

    void chant(Words& words) override {
        switch (song_) {
            case 0:
                wire::append_message(words, MessageId::interested);
                return wire::append_message(words, MessageId::not_interested);
            case 1:
            case 2:
                append_dont_have(words, piece_);
                return wire::append_have(words, piece_);
            case 3:
                wire::append_message(words, MessageId::have_all);
                return wire::append_message(words, MessageId::have_none);
            case 4:
                return wire::append_bitfield(words, grammar_.bitfield());
            case 5:
                wire::append_message(words, MessageId::unchoke);
                return wire::append_message(words, MessageId::choke);
            default: {
                wire::ExtensionHandshake ours = grammar_.extensions();
                ours.upload_only = false;
                wire::append_extension_handshake(words, ours);
                const std::byte no{0};
                return wire::append_extended(words, upload_only_id, Bytes(&no, 1));
            }
        }
    }

    PieceIndex piece_;
    const std::uint64_t song_;
};

class Flooder final : public Chanter {
public:
    Flooder(Field& field, std::size_t content)
        : Chanter(field, content), song_(field.random.below(songs)), reads_(field.chance(0.7)) {}

private:
    static constexpr std::uint64_t songs = 5;
    /// Just below what is taken for a flood.
    static constexpr int requests_queued = 4'000;

    void begin(HostilePeer& peer) override {
        Words words;
        wire::append_message(words, MessageId::have_none);
        wire::append_message(words, MessageId::interested);
        peer.say(words);
        if (!reads_) peer.stop_reading();
    }

    void on_message(HostilePeer& peer, MessageId id, Bytes) override {
        if (id != MessageId::unchoke || song_ != 1) return;
        Words words;
        for (int i = 0; i < requests_queued; ++i) wire::append_request(words, grammar_.block());
        peer.say(words);
    }

    void chant(Words& words) override {
        switch (song_) {
            case 0:
                return wire::append_request(words, grammar_.block());
            case 1:
                return wire::append_cancel(words, grammar_.block());
            case 2:
                return wire::append_hash_request(words, grammar_.hash_ref());
            case 3: {
                const auto parts = wire::metadata_piece_count(
                    static_cast<std::uint32_t>(torrent().info_bytes.size()));
                return wire::append_metadata_request(
                    words, metadata_id, static_cast<std::uint32_t>(field_.random.below(parts)));
            }
            default:
                return wire::append_reject(words, grammar_.block());
        }
    }

    const std::uint64_t song_;
    const bool reads_;
};

class Hoarder final : public Greeter {
public:
    using Greeter::Greeter;

    void on_handshake(HostilePeer& peer, const wire::Handshake&) override {
        if (field_.exhausted()) return;
        send_extension_handshake(peer, usual_extensions());
        Words words;
        if (field_.chance(0.4)) {  // all but the last byte of the longest
            words = {std::byte{0},
                     std::byte{0x0f},
                     std::byte{0xff},
                     std::byte{0xff},
                     static_cast<std::byte>(MessageId::extended),
                     std::byte{9}};
            words.resize((1U << 20) - 1, std::byte{1});
            peer.say(words);
        } else if (field_.chance(0.3)) {
            grammar_.begin_to_utter(words);
            peer.say(words);
        } else {  // and reads none of the answers
            wire::append_message(words, MessageId::have_none);
            wire::append_message(words, MessageId::interested);
            peer.say(words);
            peer.stop_reading();
            peer.wake_in(between_bursts);
        }
    }

    void on_time(HostilePeer& peer) override {
        if (field_.exhausted() || ++bursts_ > bursts_max) return;
        Words words;
        while (words.size() < burst_bytes) {
            wire::append_request(words, grammar_.block());
            wire::append_metadata_request(words, metadata_id, 0);
            wire::append_hash_request(words, grammar_.hash_ref());
        }
        if (peer.unsent_bytes() == 0) peer.say(words);
        peer.wake_in(between_bursts);
    }

private:
    static constexpr int bursts_max = 64;
    int bursts_ = 0;
};

}  // namespace

std::unique_ptr<Behaviour> make_toggler(Field& field, std::size_t content) {
    return std::make_unique<Toggler>(field, content);
}

std::unique_ptr<Behaviour> make_flooder(Field& field, std::size_t content) {
    return std::make_unique<Flooder>(field, content);
}

std::unique_ptr<Behaviour> make_hoarder(Field& field, std::size_t content) {
    return std::make_unique<Hoarder>(field, content);
}

}  // namespace spate::sim
