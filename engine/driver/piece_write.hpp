#pragma once
// engine/driver/piece_write.hpp: a verified piece on its way to disk.
#include <memory>
#include <string>
#include <vector>

#include "engine/driver/core_context.hpp"
#include "engine/session/output.hpp"
#include "io/file_operations.hpp"

namespace spate::driver {

/// Writes one piece from the buffer that it was received in, one operation a file range (two where
/// a file that is written directly ends), one after the other, and tells the session. What may go
/// by (Shortage, FailingWrites) is waited for; another failure ends the torrent with a sentence
/// that names the file. Given to `finished` when done. One thread.
class PieceWrite {
public:
    PieceWrite(CoreContext& core, const session::WritePiece& order,
               std::vector<PieceWrite*>& finished);

    void start() { write_next(); }
    /// It waited for descriptors or memory (Shortage).
    void try_again();
    std::uint32_t size_bytes() const { return order_.size_bytes; }

private:
    void write_next();
    void write_part();
    void on_written(std::int32_t result, std::uint32_t flags);
    void handle_trouble(const FileTrouble& trouble);
    void wait_for_file(const FileTrouble& trouble);
    void doubt(const FileTrouble& trouble);
    void end_unwritten();
    bool halted() const { return core_.session.find_torrent(order_.torrent)->halted; }
    void end_change(bool stored);
    void finish();
    const TorrentFiles& files() const { return *core_.torrent_files[order_.torrent.value]; }

    CoreContext& core_;
    const session::WritePiece order_;
    std::vector<PieceWrite*>& finished_;
    const Time began_at_;
    std::vector<storage::FileSlice> slices_;
    std::size_t next_ = 0;
    std::size_t done_bytes_ = 0;          // of the piece
    std::uint32_t slice_done_bytes_ = 0;  // of the slice being written
    bool direct_ = false;                 // the operation in flight
    std::shared_ptr<OpenFile> file_;
    io::Bound<&PieceWrite::on_written, io::FileOperation<1>> write_{*this};
};

}  // namespace spate::driver
