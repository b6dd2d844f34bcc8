/* The reference dataset: 18 people and 75 commitments with exactly the figures the product had
 * before (conversion 27.8 %, completion 48 %, quick completion 94.4 %, mean 3.4 h, inactive 72.2 %,
 * and 16.7 % of people making 60 % of commitments). The demo starts from it and tests compare every
 * surface with it. The people have no address: nobody is written to. */
#pragma once

#include "base/err.h"
#include "store/store.h"

enum { REFERENCE_PEOPLE = 18, REFERENCE_COMMITMENTS = 75 };

/* Writes it in a transaction of its own, as of now_ms, with all events and counters. Meant for an
 * empty store; loading twice gives twice the people. Writer thread. */
MUST_CHECK enum err reference_dataset_load(struct store *store, int64_t now_ms,
                                           struct err_detail *detail);
