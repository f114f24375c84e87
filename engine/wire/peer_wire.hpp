#pragma once
// engine/wire/peer_wire.hpp: the receiving half of a peer connection: bytes in, events out.
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"
#include "engine/base/payload_buffers.hpp"
#include "engine/wire/event.hpp"
#include "engine/wire/expected_blocks.hpp"
#include "engine/wire/message.hpp"
#include "engine/wire/receive_plan.hpp"
#include "engine/wire/wire_error.hpp"

namespace spate::wire {

/// Turns what a peer sends into events, and payload into the slots it belongs to. One a connection,
/// one thread, no I/O, no clock.
///
/// Bytes arrive in one of two ways, in any mixture: linearly (handle_bytes), where payload is
/// copied to its slot, or by a plan (plan_receive, handle_planned), where the receive itself put it
/// there. Both give the same events for the same bytes at the same call. A plan is valid until
/// it was handled, another was made, or bytes came linearly; blocks may be expected and forgotten
/// meanwhile.
///
/// The payload buffers belong to the driver. BufferId{0} is the discard buffer: shared junk of at
/// least block_length_max. A forgotten block's slot is never written to again, except by the plan
/// that is in flight, which holds its buffers until it was handled.
///
/// After an error the peer is beyond help: every further call reports the same one.
class PeerWire {
public:
    using Result = std::expected<void, WireError>;

    PeerWire() = default;

    /// From the next call on, indices, block ranges and the bitfield's length are checked. Until
    /// then (a magnet link; the call that yields the handshake itself) they are whatever the peer
    /// said, within the limits of limits.hpp. `piece_length` in bytes; the last piece may be
    /// shorter, which is not judged here.
    void set_piece_count(std::uint32_t pieces, std::uint32_t piece_length);

    /// A request was sent: its PIECE is expected after those before it. Below expected_blocks_max.
    void expect_block(BlockRef block, BlockSlot slot);
    /// The payload of this block will be thrown away if it still comes. False if it was not
    /// expected.
    bool forget_block(BlockRef block);
    /// The expected block was asked of another peer too. Its payload is received linearly from now
    /// on: a plan puts whatever the peer sends into the slot, and only then looks at it. A plan in
    /// flight must end before the other peer answers.
    void share_block(BlockRef block);
    /// Blocks asked for and neither complete nor forgotten.
    std::size_t expected_count() const;

    /// Fills `plan` with what should come next: the rest of a PIECE message, then expected blocks.
    /// False when the stream isn't at such a point (handshake or another message pending, nothing
    /// expected): then receive linearly. Also gives back memory that is no longer needed.
    /// When much memory is in use, it ends before a block whose buffer has none yet, unless that
    /// is the first.
    [[nodiscard]] bool plan_receive(ReceivePlan& plan, const PayloadBuffers& buffers);
    /// The next message should be a block whose buffer has no memory yet.
    bool needs_memory(const PayloadBuffers& buffers) const;
    /// `count` bytes arrived in the plan's segments.
    [[nodiscard]] Result handle_planned(ReceivePlan& plan, std::size_t count,
                                        const PayloadBuffers& buffers, std::vector<Event>& events);
    /// Bytes arrived elsewhere. Events may point into them.
    [[nodiscard]] Result handle_bytes(Bytes bytes, const PayloadBuffers& buffers,
                                      std::vector<Event>& events);

    /// Bytes that user code had to move: payload received linearly, and what a plan misplaced.
    std::uint64_t bytes_copied() const { return bytes_copied_; }
    /// Payload of blocks, discarded ones included.
    std::uint64_t payload_bytes_received() const { return payload_bytes_; }
    std::uint64_t protocol_bytes_received() const { return bytes_received_ - payload_bytes_; }
    /// Of messages that are under way, or were handled last.
    std::size_t held_bytes() const { return assembly_.capacity() + kept_.capacity(); }
    std::uint32_t keep_alives_received() const { return keep_alives_; }

private:
    enum class Stage : std::uint8_t { handshake, head, body, skip, payload };
    static constexpr std::size_t head_size_max = 17;  // REQUEST, CANCEL and REJECT, whole

    /// The block whose payload is arriving.
    struct Incoming {
        BlockRef block;
        BlockSlot slot;
        std::uint32_t received = 0;
        bool wanted = false;
        bool shared = false;  // as ExpectedBlock's
    };

    Result read(Bytes bytes, const PayloadBuffers& buffers, std::vector<Event>& events);
    Result read_handshake(Bytes& bytes, std::vector<Event>& events);
    Result read_head(Bytes& bytes, std::vector<Event>& events);
    void read_body(Bytes& bytes, std::vector<Event>& events);
    void handle_body(Bytes body, std::vector<Event>& events);
    void read_skipped(Bytes& bytes);
    void read_payload(Bytes& bytes, const PayloadBuffers& buffers, std::vector<Event>& events);

    bool collect_head(Bytes& bytes, std::size_t size);
    Result check_length(MessageId id, std::uint32_t length) const;
    Result check_piece(PieceIndex piece) const;
    Result check_block(BlockRef block) const;
    Result handle_small(MessageId id, std::vector<Event>& events);
    Result handle_piece_index(MessageId id, std::vector<Event>& events);
    Result handle_block_ref(MessageId id, std::vector<Event>& events);
    Result begin_block(BlockRef block);
    void begin_rest(Stage stage, MessageId id, std::uint32_t length);
    void advance_payload(std::uint32_t count, std::vector<Event>& events);

    std::size_t read_in_place(const ReceivePlan& plan, std::size_t count,
                              std::vector<Event>& events);
    bool is_in_place(const ReceivePlan& plan, std::size_t index) const;
    void gather(const ReceivePlan& plan, std::size_t from, std::size_t to);
    bool head_fits(BlockRef block) const;
    void release_kept();
    void release_idle();

    std::uint64_t bytes_copied_ = 0;
    std::uint64_t bytes_received_ = 0;
    std::uint64_t payload_bytes_ = 0;
    ExpectedBlocks expected_;
    std::vector<std::byte> assembly_;  // the handshake or body that is arriving in parts
    std::vector<std::byte> kept_;      // what the last call's events point into
    Incoming incoming_;                // in Stage::payload
    std::uint32_t pieces_ = 0;         // 0: unknown
    std::uint32_t piece_length_ = 0;
    std::uint32_t rest_ = 0;  // bytes to come, in Stage::body and skip
    std::uint32_t plan_serial_ = 0;
    std::uint32_t keep_alives_ = 0;
    Stage stage_ = Stage::handshake;
    MessageId body_id_{};  // in Stage::body
    std::optional<WireError> failed_;
    std::uint8_t head_size_ = 0;
    std::array<std::byte, head_size_max> head_;
};

}  // namespace spate::wire
