/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * volatile_disk SOCKET IMAGE: a disk for QEMU with a write cache that is lost when the power is cut
 * (-drive file=nbd:unix:SOCKET). Writes stay in this process's memory, a private mapping of the image, until the guest
 * flushes them or writes them through. Killing this process is the power cut.
 *
 * The old form of the NBD protocol, one client, one request at a time.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SECTOR 512

enum { NBD_READ, NBD_WRITE, NBD_DISCONNECT, NBD_FLUSH };
enum { NBD_HAS_FLAGS = 1, NBD_HAS_FLUSH = 4, NBD_HAS_FUA = 8 };

#define NBD_FUA           1
#define NBD_REQUEST_MAGIC 0x25609513
#define NBD_REPLY_MAGIC   0x67446698

struct greeting {
	char magic[8];
	uint64_t version, size;
	uint32_t flags;
	char zero[124];
} __attribute__((packed));

struct request {
	uint32_t magic;
	uint16_t flags, type;
	uint64_t handle, offset;
	uint32_t length;
} __attribute__((packed));

struct reply {
	uint32_t magic, error;
	uint64_t handle;
} __attribute__((packed));

struct disk {
	int image, client;
	uint64_t size;
	char *cache;
	unsigned char *dirty; /* one for each sector */
};

/* Reads or writes all bytes; exits on failure, because nothing is left to do without the client. */
static void move_all(int fd, void *data, size_t length, ssize_t (*move)(int, void *, size_t))
{
	for (char *at = data; length > 0;) {
		ssize_t n = move(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			exit(n < 0);
		at += n;
		length -= (size_t)n;
	}
}

static ssize_t write_some(int fd, void *data, size_t length)
{
	return write(fd, data, length);
}

static void flush(struct disk *disk, uint64_t offset, uint64_t length)
{
	for (uint64_t sector = offset / SECTOR; sector * SECTOR < offset + length; sector++) {
		uint64_t at = sector * SECTOR;

		if (!disk->dirty[sector])
			continue;
		if (pwrite(disk->image, disk->cache + at, SECTOR, (off_t)at) != SECTOR)
			exit(1);
		disk->dirty[sector] = 0;
	}
}

static void take_write(struct disk *disk, uint64_t offset, uint32_t length)
{
	move_all(disk->client, disk->cache + offset, length, read);
	memset(disk->dirty + offset / SECTOR, 1, (length + SECTOR - 1) / SECTOR);
}

static void answer(struct disk *disk, const struct request *request)
{
	const uint64_t offset = be64toh(request->offset);
	const uint32_t length = be32toh(request->length);
	const unsigned int type = be16toh(request->type);
	struct reply reply = { .magic = htobe32(NBD_REPLY_MAGIC), .handle = request->handle };

	if (be32toh(request->magic) != NBD_REQUEST_MAGIC || type == NBD_DISCONNECT || offset > disk->size ||
	    length > disk->size - offset || offset % SECTOR)
		exit(type != NBD_DISCONNECT);
	if (type == NBD_WRITE)
		take_write(disk, offset, length);
	if (type == NBD_WRITE && be16toh(request->flags) & NBD_FUA)
		flush(disk, offset, length);
	if (type == NBD_FLUSH)
		flush(disk, 0, disk->size);
	if (type > NBD_FLUSH)
		reply.error = htobe32(EINVAL);
	move_all(disk->client, &reply, sizeof(reply), write_some);
	if (type == NBD_READ)
		move_all(disk->client, disk->cache + offset, length, write_some);
}

static int open_disk(const char *path, struct disk *ret)
{
	struct stat st;

	ret->image = open(path, O_RDWR | O_CLOEXEC);
	if (ret->image < 0 || fstat(ret->image, &st) < 0)
		return -1;
	ret->size = (uint64_t)st.st_size;
	ret->dirty = calloc(1, ret->size / SECTOR);
	ret->cache = mmap(NULL, ret->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, ret->image, 0);
	return ret->dirty && ret->cache != MAP_FAILED ? 0 : -1;
}

static int accept_client(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	strcpy(address.sun_path, path);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
		return -1;
	return accept(fd, NULL, NULL);
}

int main(int argc, char **argv)
{
	struct greeting greeting = {
		.magic = "NBDMAGIC",
		.version = htobe64(0x00420281861253ULL),
		.flags = htobe32(NBD_HAS_FLAGS | NBD_HAS_FLUSH | NBD_HAS_FUA),
	};
	struct request request;
	struct disk disk;

	if (argc != 3) {
		fprintf(stderr, "usage: volatile_disk SOCKET IMAGE\n");
		return 2;
	}
	if (open_disk(argv[2], &disk) < 0 || (disk.client = accept_client(argv[1])) < 0) {
		perror("volatile_disk");
		return 1;
	}
	greeting.size = htobe64(disk.size);
	move_all(disk.client, &greeting, sizeof(greeting), write_some);
	for (;;) {
		move_all(disk.client, &request, sizeof(request), read);
		answer(&disk, &request);
	}
}
