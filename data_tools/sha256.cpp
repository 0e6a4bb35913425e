#include "data_tools/sha256.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "data_tools/sha256_blocks.hpp"

namespace caffe {

namespace {

// The first 32 bits of the fractions of the square roots of the first 8 primes.
constexpr Sha256State kStart{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

void AddBlock(const char* block, Sha256State* state) {
  std::array<uint32_t, 64> w;
  for (size_t i = 0; i < 16; ++i) {
    uint32_t word = 0;
    for (size_t k = 0; k < 4; ++k) word = word << 8 | static_cast<unsigned char>(block[4 * i + k]);
    w[i] = word;
  }
  for (size_t i = 16; i < 64; ++i) {
    const uint32_t early = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
    const uint32_t late = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + early + w[i - 7] + late;
  }
  auto [a, b, c, d, e, f, g, h] = *state;
  for (size_t i = 0; i < 64; ++i) {
    const uint32_t mixed_e = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t choice = (e & f) ^ (~e & g);
    const uint32_t first = h + mixed_e + choice + kSha256Rounds[i] + w[i];
    const uint32_t mixed_a = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + first;
    d = c;
    c = b;
    b = a;
    a = first + mixed_a + majority;
  }
  const Sha256State added{a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < added.size(); ++i) (*state)[i] += added[i];
}

}  // namespace

void AddSha256BlocksPortable(const char* blocks, size_t count, Sha256State* state) {
  for (; count > 0; --count, blocks += kSha256Block) AddBlock(blocks, state);
}

std::string Sha256(std::string_view bytes) {
  static const AddSha256Blocks native = NativeSha256Blocks();
  const AddSha256Blocks add = native != nullptr ? native : AddSha256BlocksPortable;
  Sha256State state = kStart;
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  add(bytes.data(), bytes.size() / kSha256Block, &state);
  bytes.remove_prefix(bytes.size() / kSha256Block * kSha256Block);
  // What is left, a bit of 1, zeros, and the length in bits fill one block or two.
  std::array<char, 2 * kSha256Block> end{};
  std::memcpy(end.data(), bytes.data(), bytes.size());
  end[bytes.size()] = '\x80';
  const size_t count = bytes.size() + 1 + 8 <= kSha256Block ? 1 : 2;
  const size_t size = count * kSha256Block;
  for (size_t i = 0; i < 8; ++i) end[size - 1 - i] = static_cast<char>(bits >> (8 * i));
  add(end.data(), count, &state);
  std::string digest;
  for (const uint32_t word : state) {
    for (int shift = 24; shift >= 0; shift -= 8) digest += static_cast<char>(word >> shift);
  }
  return digest;
}

std::string HexText(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char c : bytes) text += {kDigits[c / 16], kDigits[c % 16]};
  return text;
}

}  // namespace caffe
