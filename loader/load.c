/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/pins.h"
#include "loader/dir_error.h"
#include "loader/host.h"
#include "loader/lock.h"
#include "loader/plan.h"
#include "loader/replace.h"

static void cleanup_plan(struct plan *plan)
{
	plan_free(plan);
}

/* Logs why the directory cannot be used. A host on which nothing can be loaded at all often has no bpffs either; that
 * reason is reported instead. */
static int fail_dir(const char *dir, int error)
{
	struct host host;
	int r = host_require(&host);

	if (r < 0)
		return r;
	log_error("%s; nothing was changed", dir_error_explain(dir, error));
	return error;
}

/* A descriptor that holds the lock of a directory in which only this user can pin, or a negative errno after logging
 * it. */
static int lock_dir(const struct settings *settings)
{
	const char *dir = settings->config.pin_dir;
	int error = settings->dir_error, locked;

	if (error == 0)
		error = pin_dir_check();
	if (error < 0)
		return fail_dir(dir, error);
	locked = lock_take(dir);
	if (locked < 0)
		return locked;
	error = pin_dir_check_entries();
	if (error < 0) {
		lock_release(locked);
		return fail_dir(dir, error);
	}
	return locked;
}

static int fail_other_layout(const char *dir)
{
	log_error("\"%s\" holds pins of another version, whose maps have another layout; nothing was changed. Stop the "
		  "recorder, store what is left in the ring (cri-ebpf record --once), remove the pins with "
		  "\"cri-ebpf-loader unload\" of that version, then load again", dir);
	return -EPROTO;
}

/* Records of this version and of the previous one may be in one ring, because the recorder reads both. 1, or
 * -EPROTO. */
static int check_abi(const char *dir, const struct map_info *info)
{
	if (info->abi == EV_ABI || info->abi + 1 == EV_ABI)
		return 1;
	log_error("the programs in \"%s\", loaded by version %s, write records of format %u, this loader's programs "
		  "write format %u; nothing was changed. Use the cri-ebpf-loader of that version; or, to change to this "
		  "version, store what is left in the ring with that version (cri-ebpf record --once), unload, then load",
		  dir, info->version, info->abi, EV_ABI);
	return -EPROTO;
}

/* New programs would go on with maps that are of no use. */
static int refuse_frozen(const char *shown)
{
	struct pin_frozen frozen;

	pin_find_frozen(PIN_HERE, &frozen);
	pin_log_frozen(shown, &frozen, "; nothing was changed");
	return frozen.count ? -EPERM : 0;
}

/* 1: programs are loaded, and *ret_info describes them. 0: nothing is loaded; pins of an interrupted load were
 * removed. */
static int find_loaded(const char *shown, struct map_info *ret_info)
{
	int r = pin_read_info(PIN_HERE, ret_info);

	if (r == 0)
		return check_abi(shown, ret_info);
	if (r == -EPROTO)
		return fail_other_layout(shown);
	if (r != -ENOENT) {
		log_error("cannot read \"%s/%s\": %s; nothing was changed", shown, PIN_INFO, strerror(-r));
		return r;
	}
	r = pin_remove_all();
	if (r > 0)
		log_warning("\"%s\" held %d pins of an interrupted load; they were removed", shown, r);
	if (r < 0)
		log_error("cannot remove the pins of an interrupted load in \"%s\": %s; nothing was loaded", shown,
			  strerror(-r));
	return r < 0 ? r : 0;
}

static int load(const struct settings *settings, bool replace)
{
	const char *dir = settings->config.pin_dir;
	CLEANUP(lock_cleanup) int locked = lock_dir(settings); /* released last, when the plan's links are closed */
	CLEANUP(cleanup_plan) struct plan plan = { .settings = settings, .shown = dir, .pins.dir = PIN_HERE, .suffix = "" };
	int r;

	if (locked < 0)
		return locked;
	object_log_init(settings->config.bpf_log_level);
	r = find_loaded(dir, &plan.info);
	if (r == 1 && refuse_frozen(dir) < 0)
		return -EPERM;
	if (r == 1 && !replace && plan.info.overlap == OVERLAP_NONE) {
		log_info("already loaded in \"%s\"; replace the programs with: cri-ebpf-loader load --replace", dir);
		return 0;
	}
	if (r < 0)
		return r;
	return r == 1 ? replace_run(&plan) : plan_run(&plan);
}

int verb_load(const struct settings *settings)
{
	return load(settings, settings->replace) < 0 ? EXIT_DENIED : EXIT_FOUND;
}

int verb_reload(const struct settings *settings)
{
	return load(settings, true) < 0 ? EXIT_DENIED : EXIT_FOUND;
}

static int unload_failed(const char *dir, int error)
{
	if (error == -ENOTTY)
		log_error("\"%s\" is not on a BPF file system; nothing was removed", dir);
	else
		log_error("cannot remove all pins in \"%s\": %s; the remaining programs may still record. Run it as root or "
			  "as user \"%s\"", dir, strerror(-error), USER_LOADER);
	return EXIT_DENIED;
}

int verb_unload(const struct settings *settings)
{
	const char *dir = settings->config.pin_dir;
	int r = settings->dir_error, locked;

	if (r == -ENOENT) {
		log_info("nothing is loaded: \"%s\" does not exist", dir);
		return EXIT_FOUND;
	}
	if (r == 0)
		r = pin_dir_is_bpffs();
	if (r < 0)
		return unload_failed(dir, r);
	locked = lock_take(dir);
	if (locked < 0)
		return EXIT_DENIED;
	r = pin_remove_all();
	lock_release(locked);
	if (r < 0)
		return unload_failed(dir, r);
	if (dir[0] == '/')
		(void)rmdir(dir); /* may fail: the parent of a directory made by tmpfiles.d belongs to root */
	log_info("removed %d pins from \"%s\"; nothing is recorded any more", r, dir);
	return EXIT_FOUND;
}
