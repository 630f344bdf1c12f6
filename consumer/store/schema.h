/* SPDX-License-Identifier: BSD-2-Clause */
/* The database layout: SQL text only. Tables are private, the v_ views are the contract. */
#ifndef CRI_CONSUMER_STORE_SCHEMA_H
#define CRI_CONSUMER_STORE_SCHEMA_H

#define SCHEMA_APPLICATION_ID 0x63726542 /* "creB" */
#define SCHEMA_VERSION        1

/* One script per step from version N to N+1, SCHEMA_VERSION of them. */
extern const char *const schema_steps[];
/* One statement for each index, which makes it unless it is there; NULL behind the last. */
extern const char *const schema_indexes[];

#endif
