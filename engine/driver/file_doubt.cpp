#include "engine/driver/file_doubt.hpp"

namespace spate::driver {

std::vector<PieceIndex> doubted_pieces(const FileTrouble& trouble, const session::SendPlan& plan,
                                       const storage::PieceMap& map) {
    std::vector<PieceIndex> pieces;
    if (trouble.kind == Trouble::disk) {
        for (std::size_t i = 0; i < plan.block_count; ++i)
            if (pieces.empty() || pieces.back() != plan.blocks[i].piece)
                pieces.push_back(plan.blocks[i].piece);
        return pieces;
    }
    const storage::PieceRange range = map.pieces_of(trouble.file);
    for (PieceIndex piece = range.first; piece < range.end; ++piece) pieces.push_back(piece);
    return pieces;
}

}  // namespace spate::driver
