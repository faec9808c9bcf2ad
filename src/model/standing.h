/* Where an effect stands in its store, read back from there after a crash, or to prove it.
 * Owns: the four answers that there are. Pure; no I/O. */
#ifndef KFMIG_MODEL_STANDING_H
#define KFMIG_MODEL_STANDING_H

enum standing {
    STANDS_ABSENT,  /* what stood there before still does */
    STANDS_THERE,   /* all of it */
    STANDS_PARTLY,  /* a part of it that can only be ours */
    STANDS_FOREIGN, /* neither what stood there before nor ours: somebody else's */
    STANDING_COUNT
};

#endif
