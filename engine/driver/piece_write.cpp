#include "engine/driver/piece_write.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "engine/base/probe.hpp"
#include "engine/driver/file_doubt.hpp"

namespace spate::driver {

PieceWrite::PieceWrite(CoreContext& core, const session::WritePiece& order,
                       std::vector<PieceWrite*>& finished)
    : core_(core), order_(order), finished_(finished), began_at_(core.now()) {
    files().map().for_each_slice(
        {order_.piece, 0, order_.size_bytes},
        [&](const storage::FileSlice& slice) { slices_.push_back(slice); });
}

void PieceWrite::write_next() {
    while (next_ < slices_.size() && slices_[next_].pad)
        done_bytes_ += slices_[next_++].length_bytes;
    if (next_ == slices_.size()) return finish();
    const storage::FileSlice& slice = slices_[next_];
    auto file = core_.file_table.for_writing(order_.torrent, files(), slice.file);
    if (!file) return handle_trouble(file.error());
    file_ = std::move(*file);
    files().written()->begin(slice.file);
    slice_done_bytes_ = 0;
    write_part();
}

void PieceWrite::write_part() {
    const storage::FileSlice& slice = slices_[next_];
    const std::uint64_t offset = slice.offset_bytes + slice_done_bytes_;
    const std::uint32_t left = slice.length_bytes - slice_done_bytes_;
    const std::uint32_t direct = file_->direct_part_bytes(offset, left);
    direct_ = direct != 0;
    const Bytes piece = core_.session.buffers().table().at(order_.buffer);
    write_.ranges().clear();
    write_.ranges().add(piece.subspan(done_bytes_, direct_ ? direct : left));
    write_.set_offset(offset);
    write_.start_write(core_.ring, direct_ ? file_->direct_descriptor() : file_->descriptor());
}

void PieceWrite::on_written(std::int32_t result, std::uint32_t) {
    if (result == -EINTR || result == -EAGAIN) return write_part();
    if (result == -EINVAL && direct_) {
        file_->stop_writing_direct();
        return write_part();
    }
    if (result <= 0) {
        const int error = result == 0 ? ENOSPC : -result;
        const storage::FileIndex index = slices_[next_].file;
        return handle_trouble({trouble_of_errno(error), index,
                               fmt::format("can't write {}: {}", files().display_path(index),
                                           std::generic_category().message(error))});
    }
    const auto written = static_cast<std::uint32_t>(result);
    core_.ledger.bytes_written_files += written;
    if (direct_) core_.ledger.bytes_written_direct += written;
    done_bytes_ += written;
    slice_done_bytes_ += written;
    if (slice_done_bytes_ < slices_[next_].length_bytes) return write_part();
    end_change(true);
    slice_done_bytes_ = 0;
    ++next_;
    write_next();
}

void PieceWrite::handle_trouble(const FileTrouble& trouble) {
    if (halted()) return finish();
    if (is_shortage(trouble.kind)) return core_.shortage.hold(this, trouble, core_.now());
    if (trouble.kind == Trouble::changed) doubt(trouble);
    if (trouble.kind != Trouble::lasting) return wait_for_file(trouble);
    core_.session.fail_torrent(order_.torrent, trouble.sentence, core_.now());
    finish();
}

/// What the file held is checked, also when that was nothing: then we know how it looks.
void PieceWrite::doubt(const FileTrouble& trouble) {
    core_.file_table.close(order_.torrent, trouble.file);
    core_.session.doubt_pieces(order_.torrent, doubted_pieces(trouble, {}, files().map()),
                               core_.now());
    core_.doubts.push_back({order_.torrent, trouble.file.value, trouble.sentence});
}

void PieceWrite::wait_for_file(const FileTrouble& trouble) {
    // No change of ours is under way meanwhile. It is written from its begin, as nobody answers for
    // what others may do to its first bytes until then.
    end_change(false);
    next_ = 0;
    done_bytes_ = 0;
    const auto held = core_.failing_writes.hold(order_.torrent, *this, core_.now());
    if (held == FailingWrites::Held::first)
        core_.session.pause_download(order_.torrent, trouble.sentence, core_.now());
    if (held == FailingWrites::Held::other) end_unwritten();
}

void PieceWrite::end_unwritten() {
    core_.session.handle_piece_unwritten(order_.torrent, order_.piece, core_.now());
    finished_.push_back(this);
}

void PieceWrite::try_again() {
    if (halted()) return finish();
    if (file_) return write_part();
    write_next();
}

/// Of the file that was written to; `stored`: all of this slice.
void PieceWrite::end_change(bool stored) {
    if (!file_) return;
    const storage::FileIndex index = slices_[next_].file;
    WrittenFiles& written = *files().written();
    written.end(index, file_->descriptor());
    core_.file_table.wrote(order_.torrent, index, file_, stored && written.piece_stored(index));
    file_.reset();
}

void PieceWrite::finish() {
    end_change(false);
    const Duration took = core_.now() - began_at_;
    core_.latencies.record(session::LatencyStage::write, took);
    SPATE_PROBE(piece_written, order_.torrent.value, order_.piece.value, done_bytes_, took.count());
    // After a failure the torrent is halted, and the session only takes the buffer back.
    core_.session.handle_piece_written(order_.torrent, order_.piece, core_.now());
    if (core_.failing_writes.release(order_.torrent, *this))
        core_.session.resume_download(order_.torrent, core_.now());
    finished_.push_back(this);
}

}  // namespace spate::driver
