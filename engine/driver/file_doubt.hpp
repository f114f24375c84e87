#pragma once
// engine/driver/file_doubt.hpp: what a core does about a file that isn't what it was.
#include <vector>

#include "engine/driver/core_context.hpp"
#include "engine/session/output.hpp"

namespace spate::driver {

/// The pieces that the trouble puts in doubt: all of the file's, or where it couldn't be read those
/// of `plan` alone.
std::vector<PieceIndex> doubted_pieces(const FileTrouble& trouble, const session::SendPlan& plan,
                                       const storage::PieceMap& map);

}  // namespace spate::driver
