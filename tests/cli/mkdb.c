/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mkdb FILE < SQL: creates a database with the schema of this version, or opens one, and runs the SQL in one transaction.
 * The -wal and -shm files stay, as beside a recorder's database.
 */
#include <stdio.h>
#include <stdlib.h>

#include "consumer/store/db.h"

static char *read_all(FILE *in)
{
	size_t size = 0, room = 1 << 16;
	char *text = malloc(room);

	while (text) {
		size_t n = fread(text + size, 1, room - size - 1, in);

		size += n;
		text[size] = '\0';
		if (n == 0)
			return text;
		if (size + 1 == room)
			text = realloc(text, room *= 2);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct db *db = NULL;
	char *sql = read_all(stdin);
	int r;

	if (argc != 2 || !sql) {
		fprintf(stderr, "usage: mkdb FILE < SQL\n");
		return 2;
	}
	r = db_open_write(argv[1], &db);
	if (r == 0)
		r = db_exec(db, "BEGIN");
	if (r == 0)
		r = db_exec(db, sql);
	if (r == 0)
		r = db_exec(db, "COMMIT");
	if (r < 0)
		fprintf(stderr, "mkdb: %d: %s\n", r, db ? db_message(db) : "cannot open");
	db_close(db);
	free(sql);
	return r < 0;
}
