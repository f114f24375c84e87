#pragma once
// hashing/digest.hpp: one message, one digest.
#include "engine/base/bytes.hpp"
#include "engine/base/ids.hpp"

namespace spate::hashing {

Sha1Digest sha1(Bytes message);
Sha256Digest sha256(Bytes message);

}  // namespace spate::hashing
