/* Included before every file of llama.cpp that scripts/install compiles.
   GCC before 11.5, 12.4 and 13.3 passes only 8 of the 64 bytes that ldtilecfg reads (GCC bug 114098): the rest is
   optimised away, and llama.cpp's code for Intel's AMX ends the process. This passes all of them. */
#if defined(__AMX_TILE__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define _tile_loadconfig(config) __asm__ volatile("ldtilecfg %0" ::"m"(*(const char(*)[64])(config)))
#endif
