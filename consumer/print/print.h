/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows to text, JSON, csv or export, all from one column table. Nothing is written to the stream before
 * print_flush, so that a slow reader of the output never holds a database transaction open.
 */
#ifndef CRI_CONSUMER_PRINT_PRINT_H
#define CRI_CONSUMER_PRINT_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/option.h"
#include "consumer/query/column.h"

enum print_format {
	PRINT_SHORT,  /* a table for people */
	PRINT_WIDE,   /* the same with more columns */
	PRINT_JSON,   /* one object per line */
	PRINT_PRETTY, /* the same with line breaks */
	PRINT_CSV,    /* RFC 4180 with a header line */
	PRINT_EXPORT, /* NAME=value lines, an empty line after each row */
};

/* The output flags, the same on every query verb. */
struct print_options {
	uint64_t format; /* enum print_format */
	bool json;	 /* --json */
	bool no_legend, no_trunc, utc;
	char fields[1024];
};

extern const struct option_row print_rows[];

/* The format wanted: --json counts. */
enum print_format print_format_of(const struct print_options *options);
/* True for the formats made for people. */
bool print_is_text(const struct print_options *options);

/* Where the rows go. */
struct print_target {
	FILE *out;
	bool color;
	bool stream;	     /* each row at once, with fixed widths, instead of a table that waits for the last */
	size_t width;	     /* of the terminal; 0: not a terminal, nothing is cut */
	const char *boot_id; /* of the running kernel, for the NODE column; lives as long as the printer */
};

struct print;

/* 0; -EINVAL with the reason in message (a wrong field); -ENOMEM. The table must outlive the printer. */
int print_open(const struct print_options *options, const struct column_table *table, const struct print_target *target,
	       struct print **ret, char *message, size_t message_size);
/* Takes a row: values of the whole table. color: of the line in text, an SGR sequence or NULL. */
int print_row(struct print *print, const struct value *row, const char *color);
/* Writes what is ready. Returns 0 or the stream's negative errno. */
int print_flush(struct print *print);
/* Writes the rest. */
int print_finish(struct print *print);
void print_close(struct print *print);
void print_cleanup(struct print **print);

/* Rows printed so far. */
uint64_t print_count(const struct print *print);

/* One row in full: "name: value" lines. */
void print_card(FILE *out, const struct column_table *table, const struct column_style *style, const struct value *row);

#endif
