#include "engine/swarm/availability.hpp"

namespace spate::swarm {

template class BasicAvailability<StdAtomics>;

}  // namespace spate::swarm
