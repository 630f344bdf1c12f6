/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/event_table.h"

#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "consumer/print/event_look.h"
#include "consumer/query/event_kind.h"

_Static_assert(COLUMN_LIST_MAX == EVENT_COLUMNS_MAX, "every value of an event can be a column");

static void pod_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	column_name_or_id(style, &row[FIELD_POD_NAME], &row[FIELD_POD_UID], out, size);
}

const char *event_cgroup_leaf(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *leaf = slash ? slash + 1 : path;

	return leaf[0] ? leaf : "host";
}

static void container_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	column_name_or_id(style, &row[FIELD_CONTAINER_NAME], &row[FIELD_CONTAINER_ID], out, size);
	if (!out[0] && row[FIELD_CGROUP].kind == VALUE_TEXT && row[FIELD_POD_UID].kind == VALUE_NULL) {
		const char *leaf = event_cgroup_leaf(row[FIELD_CGROUP].text);

		(void)text_escape(out, size, leaf, strlen(leaf));
	}
}

/* The database does not name its machine; events of the running boot happened on this one. */
static void node_text(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	char name[256] = "";
	const struct value *boot = &row[FIELD_BOOT_ID];

	out[0] = '\0';
	if (boot->kind != VALUE_TEXT || strcmp(boot->text, style->boot_id) != 0)
		return;
	if (gethostname(name, sizeof(name) - 1) == 0)
		(void)text_escape(out, size, name, strlen(name));
}

static const struct column_look common_looks[] = {
	{ "id", NULL, 6, COLUMN_RIGHT },
	{ "type", NULL, 15, 0 },
	{ "time_unix_nano", NULL, 19, 0 },
	{ "boot_id", NULL, 36, 0 },
	{ "cgroup_id", NULL, 8, 0 },
	{ "cgroup", NULL, 40, COLUMN_TRUNC },
	{ "container.id", "CONTAINER-ID", 64, 0 },
	{ "container.name", NULL, 16, 0 },
	{ "container.runtime", "RUNTIME", 10, 0 },
	{ "container.image", "IMAGE", 24, COLUMN_TRUNC },
	{ "pod.uid", NULL, 36, 0 },
	{ "pod.name", NULL, 24, 0 },
	{ "pod.namespace", "NAMESPACE", 12, 0 },
	{ "pid", NULL, 7, 0 },
	{ "ppid", NULL, 7, 0 },
	{ "uid", NULL, 6, 0 },
	{ "comm", NULL, 15, 0 },
	{ NULL, NULL, 0, 0 },
};

static const struct column common_texts[] = {
	{ .header = "POD", .width = 14, .flags = COLUMN_TRUNC, .text = pod_text },
	{ .header = "CONTAINER", .width = 14, .flags = COLUMN_TRUNC, .text = container_text },
	{ .header = "NODE", .width = 12, .text = node_text },
	{ .header = "DETAIL", .width = 40, .flags = COLUMN_TRUNC, .text = event_detail },
	{ .header = NULL },
};

static const struct column_look *find_among(const struct column_look *looks, const char *name)
{
	for (; looks && looks->name; looks++)
		if (strcmp(looks->name, name) == 0)
			return looks;
	return NULL;
}

static const struct column_look *find_look(const char *name)
{
	static const struct column_look plain = { NULL, NULL, 0, 0 };
	const struct column_look *look = find_among(common_looks, name);

	for (size_t i = 0; !look && event_looks[i]; i++)
		look = find_among(event_looks[i]->looks, name);
	return look ? look : &plain;
}

static bool is_repeated(const struct column *columns, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (columns[i].name && strcmp(columns[i].name, columns[index].name) == 0)
			return true;
	return false;
}

static bool is_right(enum column_type type)
{
	return type == COLUMN_NUMBER || type == COLUMN_BYTES || type == COLUMN_DURATION || type == COLUMN_REAL;
}

static int width_of(const struct column *column)
{
	if (column->type == COLUMN_TIME)
		return 23;
	return (int)strlen(column->header ? column->header : column->name);
}

static void add_fetched(struct column *columns, size_t index)
{
	const struct event_column *fetched = event_column(index);
	struct column *column = &columns[index];
	const struct column_look *look;

	*column = (struct column){ .name = fetched->name, .type = fetched->type, .types = event_column_types(index) };
	if (!column->name)
		return;
	look = find_look(column->name);
	column->header = look->header;
	column->width = look->width ? look->width : width_of(column);
	column->flags = look->flags | (is_right(column->type) ? COLUMN_RIGHT : 0) |
			(is_repeated(columns, index) ? COLUMN_REPEAT : 0);
}

static size_t add_texts(struct column *columns, size_t count, const struct column *texts)
{
	for (; texts && texts->header && count < COLUMN_LIST_MAX; texts++)
		columns[count++] = *texts;
	return count;
}

static void fill(struct column *columns, size_t *ret_count)
{
	size_t count = event_column_count();

	for (size_t i = 0; i < count; i++)
		add_fetched(columns, i);
	count = add_texts(columns, count, common_texts);
	for (size_t i = 0; event_looks[i]; i++)
		count = add_texts(columns, count, event_looks[i]->texts);
	*ret_count = count;
}

/* Fills the columns of both tables once. */
static const struct column_table *with_columns(struct column_table *table)
{
	static struct column columns[COLUMN_LIST_MAX];
	static size_t count;

	if (!count)
		fill(columns, &count);
	table->columns = columns;
	table->count = count;
	return table;
}

const struct column_table *event_table(void)
{
	static struct column_table table = {
		.view_short = "TIME,TYPE,POD,CONTAINER,PID,COMM,DETAIL",
		.view_wide = "TIME,TYPE,POD,CONTAINER,PID,COMM,DETAIL,NAMESPACE,RUNTIME,CONTAINER-ID,NODE,CGROUP,PPID,UID",
		.type_column = FIELD_TYPE_NUMBER,
	};

	return with_columns(&table);
}

const struct column_table *incident_table(void)
{
	static struct column_table table = {
		.view_short = "id,TIME,NAMESPACE,POD,CONTAINER,PID,COMM,USED,LIMIT,SCOPE,VICTIMS",
		.view_wide = "id,TIME,NAMESPACE,POD,CONTAINER,PID,COMM,USED,LIMIT,SCOPE,VICTIMS,ANON,FILE,SWAP,OOM-ADJ,"
			     "TRIGGER,CGROUP",
		.type_column = FIELD_TYPE_NUMBER,
	};

	return with_columns(&table);
}
