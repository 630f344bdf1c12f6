/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test points wal_write, wal_sync, db_write and db_sync, each before the call: a VFS of SQLite that is registered
 * when the program starts and passes every call on to the default VFS.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "consumer/test_hook.h"

/* The file of the default VFS follows in the same allocation. */
struct hooked_file {
	sqlite3_file base; /* first, as SQLite requires */
	bool wal;
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs hooked_vfs;

static struct hooked_file *hooked(sqlite3_file *file)
{
	return (struct hooked_file *)file;
}

static sqlite3_file *real(sqlite3_file *file)
{
	return hooked(file)->real;
}

static int close_file(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int read_file(sqlite3_file *file, void *out, int length, sqlite3_int64 offset)
{
	return real(file)->pMethods->xRead(real(file), out, length, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	test_hook(hooked(file)->wal ? "wal_write" : "db_write");
	return real(file)->pMethods->xWrite(real(file), bytes, length, offset);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	return real(file)->pMethods->xTruncate(real(file), size);
}

static int sync_file(sqlite3_file *file, int flags)
{
	test_hook(hooked(file)->wal ? "wal_sync" : "db_sync");
	return real(file)->pMethods->xSync(real(file), flags);
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *ret)
{
	return real(file)->pMethods->xFileSize(real(file), ret);
}

static int lock_file(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int unlock_file(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int check_lock(sqlite3_file *file, int *ret)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}

static int control_file(sqlite3_file *file, int operation, void *argument)
{
	return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int map_index(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
	return real(file)->pMethods->xShmMap(real(file), region, size, extend, ret);
}

static int lock_index(sqlite3_file *file, int offset, int count, int flags)
{
	return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void fence_index(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int unmap_index(sqlite3_file *file, int delete_it)
{
	return real(file)->pMethods->xShmUnmap(real(file), delete_it);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = size_of_file,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_lock,
	.xFileControl = control_file,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
	.xShmMap = map_index,
	.xShmLock = lock_index,
	.xShmBarrier = fence_index,
	.xShmUnmap = unmap_index,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct hooked_file *own = hooked(file);

	(void)vfs;
	own->real = (sqlite3_file *)(own + 1);
	own->wal = flags & SQLITE_OPEN_WAL;

	int code = real_vfs->xOpen(real_vfs, name, own->real, flags, ret_flags);

	/* SQLite closes a file with methods even after a failed open. */
	own->base.pMethods = own->real->pMethods ? &methods : NULL;
	return code;
}

__attribute__((constructor)) static void register_hooked(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	if (!real_vfs)
		return;
	hooked_vfs = *real_vfs;
	hooked_vfs.pNext = NULL;
	hooked_vfs.zName = "hooked";
	hooked_vfs.szOsFile = (int)sizeof(struct hooked_file) + real_vfs->szOsFile;
	hooked_vfs.xOpen = open_file;
	(void)sqlite3_vfs_register(&hooked_vfs, 1);
}
