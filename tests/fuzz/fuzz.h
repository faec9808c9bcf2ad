/* What a fuzz target, tests/fuzz/fuzz_NAME.c, defines. `tests/run fuzz` replays tests/fuzz/corpus/NAME/ through it (replay.c);
 * `./configure --builddir=build-fuzz --cc=clang --fuzz --sanitize` makes it a libFuzzer program for long runs. Its first line
 * may say which layer it links, as in unit tests. */
#ifndef KFMIG_TESTS_FUZZ_FUZZ_H
#define KFMIG_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feed the bytes to the code under test and abort() if what it promises does not hold. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
