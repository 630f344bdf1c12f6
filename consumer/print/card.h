/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CRI_CONSUMER_PRINT_CARD_H
#define CRI_CONSUMER_PRINT_CARD_H

#include <stdio.h>

#include "consumer/print/column.h"

/* One row in full: a line "name: value" for each column that it has. */
void card_print(FILE *out, const struct column_table *table, const struct column_style *style, const struct value *row);

#endif
