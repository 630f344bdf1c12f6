/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/row.h"

#include "consumer/store/db_stmt.h"

void row_bind_task(struct db_stmt *stmt, int position, const struct row_task *task)
{
	if (task->pid == 0) {
		for (int i = 0; i < 4; i++)
			db_bind_null(stmt, position + i);
		return;
	}
	db_bind_int(stmt, position, task->pid);
	db_bind_u64(stmt, position + 1, (uint64_t)task->ppid); /* -1: NULL */
	db_bind_int(stmt, position + 2, task->uid);
	db_bind_text(stmt, position + 3, task->comm.text, task->comm.length);
}
