/* How something that was asked to take effect ended. */
#ifndef KFMIG_BASE_ENDING_H
#define KFMIG_BASE_ENDING_H

/* TX_ENDED: it took effect. TX_UNDONE: it did not, and never will. TX_UNKNOWN: the connection went
 * while it was under way; the other side may still be at it. */
enum ending { TX_ENDED, TX_UNDONE, TX_UNKNOWN };

#endif
