/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/probe_links.h"

#include <string.h>

#include "common/pins.h"
#include "common/text.h"

/* What follows the probe's name: nothing or a number, then perhaps the suffix of a new link. */
static bool is_tail(const char *tail, bool *ret_fresh)
{
	if (tail[0] == '_' && tail[1] >= '0' && tail[1] <= '9')
		tail += 1 + strspn(tail + 1, "0123456789");
	*ret_fresh = strcmp(tail, PIN_NEW_SUFFIX) == 0;
	return !*tail || *ret_fresh;
}

int probe_links_add(const struct map_info *info, const char *name, struct probe_links links[INFO_PROBES])
{
	if (!text_starts_with(name, PIN_LINK_PREFIX))
		return -1;
	name += strlen(PIN_LINK_PREFIX);
	for (int i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++) {
		const char *probe = info->probes[i].name;
		bool fresh;

		if (!text_starts_with(name, probe) || !is_tail(name + strlen(probe), &fresh))
			continue;
		if (fresh)
			links[i].fresh++;
		else
			links[i].pinned++;
		return i;
	}
	return -1;
}

bool probe_links_wanted(const struct map_info *info, size_t probe)
{
	const char *rung = info->probes[probe].rung;

	return rung[0] && strcmp(rung, INFO_RUNG_OFF) != 0 && strcmp(rung, INFO_RUNG_UNNEEDED) != 0;
}

size_t probe_links_source(const struct map_info *info, size_t probe)
{
	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++)
		if (strcmp(info->probes[i].name, info->probes[probe].rung) == 0)
			return i;
	return probe;
}

bool probe_links_complete(const struct map_info *info, const struct probe_links links[INFO_PROBES], size_t probe)
{
	const size_t source = probe_links_source(info, probe);
	uint32_t found = links[source].pinned;

	if (info->overlap == OVERLAP_NEW)
		found += links[source].fresh;
	return found > 0 && found >= info->probes[source].links;
}
