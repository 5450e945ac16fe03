/* Included before every C++ file of llama.cpp that scripts/install compiles, for its code for Intel's AMX, which has
   two faults that end the process. Both lie at the one place where it tells the processor the shapes of its tiles.

   GCC before 11.5, 12.4 and 13.3 passes only 8 of the 64 bytes of those shapes (GCC bug 114098); here it passes all.
   And each thread does it only once, although PyTorch, which computes embeddings in the same threads, takes the
   shapes back when it is done; here the function returns before it can note that it need not be done again.

   The symbol goes wherever the library goes, and tells localtopics that its AMX code may be used. */
#if defined(__AMX_TILE__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define _tile_loadconfig(config) __asm__ volatile("ldtilecfg %0" ::"m"(*(const char(*)[64])(config))); return
extern "C" { __attribute__((weak, visibility("default"))) int localtopics_sound_amx = 1; }
#endif
