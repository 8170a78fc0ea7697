#ifndef SNAP_INJECT_ALTSTACK_H
#define SNAP_INJECT_ALTSTACK_H

#include "core/inject/borrow.h"

/**
 * Ask a borrowed thread for its signal stack, by sigaltstack(2).
 *
 * @param scratch 24 free bytes in the process.
 * @param thread Its altstack is set, and the member bit.
 */
_must_check_ snap_err snap_ask_altstack(struct snap_borrowed *borrowed,
					uint64_t scratch, struct snap_thread *thread);

#endif
