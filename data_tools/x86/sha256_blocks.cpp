#include "data_tools/sha256_blocks.hpp"

#include <cpuid.h>
#include <immintrin.h>

namespace caffe {

namespace {

// The instructions keep the eight words a, ..., h of the state as (a b e f) and (c d g h), and do
// two rounds each. Source: "Intel SHA Extensions", Intel, 2013.
__attribute__((target("sha,sse4.1"))) void AddBlocks(const char* blocks, size_t count,
                                                     Sha256State* state) {
  auto* const words = reinterpret_cast<__m128i*>(state->data());
  const auto* const constants = reinterpret_cast<const __m128i*>(kSha256Rounds.data());
  // Turns the bytes of each word round.
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i low = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xB1);
  __m128i high = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1B);
  __m128i abef = _mm_alignr_epi8(low, high, 8);
  __m128i cdgh = _mm_blend_epi16(high, low, 0xF0);
  for (; count > 0; --count, blocks += kSha256Block) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];  // the last 16 words of the schedule
    for (int i = 0; i < 4; ++i) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks) + i);
      w[i] = _mm_shuffle_epi8(bytes, big_endian);
    }
    for (int i = 0; i < 16; ++i) {
      __m128i& next = w[i % 4];
      if (i >= 4) {
        const __m128i early = _mm_sha256msg1_epu32(next, w[(i + 1) % 4]);
        const __m128i middle = _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4);
        next = _mm_sha256msg2_epu32(_mm_add_epi32(early, middle), w[(i + 3) % 4]);
      }
      const __m128i input = _mm_add_epi32(next, _mm_load_si128(constants + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0E));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  low = _mm_shuffle_epi32(abef, 0x1B);
  high = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(words, _mm_blend_epi16(low, high, 0xF0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(high, low, 8));
}

}  // namespace

AddSha256Blocks NativeSha256Blocks() {
  unsigned a, b, c, d;
  const bool has_sse41 = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_1) != 0;
  const bool has_sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
  return has_sse41 && has_sha ? AddBlocks : nullptr;
}

}  // namespace caffe
