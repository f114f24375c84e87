#include "engine/swarm/piece_table.hpp"

namespace spate::swarm {

template class BasicPieceTable<StdAtomics>;

}  // namespace spate::swarm
