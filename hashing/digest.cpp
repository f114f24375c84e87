#include "hashing/digest.hpp"

#include <openssl/sha.h>

namespace spate::hashing {

Sha1Digest sha1(Bytes message) {
    Sha1Digest digest;
    SHA1(reinterpret_cast<const unsigned char*>(message.data()), message.size(),
         reinterpret_cast<unsigned char*>(digest.bytes.data()));
    return digest;
}

Sha256Digest sha256(Bytes message) {
    Sha256Digest digest;
    SHA256(reinterpret_cast<const unsigned char*>(message.data()), message.size(),
           reinterpret_cast<unsigned char*>(digest.bytes.data()));
    return digest;
}

}  // namespace spate::hashing
