/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/kind.h"

#include "consumer/store/event_storage.h"

#define KIND_ROW(number, NAME, name)    [number] = &kind_##name,
#define STORAGE_ROW(number, NAME, name) [(number) - 1] = &storage_##name,

static const struct kind *const kinds[EV_KIND_COUNT] = { EV_KINDS(KIND_ROW) };

const struct event_storage *const kind_storages[TYPE_COUNT] = { EV_TYPES(STORAGE_ROW) };

const struct kind *kind_find(unsigned int kind)
{
	return kind < EV_KIND_COUNT ? kinds[kind] : NULL;
}

enum event_type kind_type(unsigned int kind)
{
	const struct kind *found = kind_find(kind);

	return found ? found->storage->type : (enum event_type)0;
}
