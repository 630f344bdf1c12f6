/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bare_program BYTES: attaches a program to sched_process_exit that only sends a record of BYTES bytes, prints the id of the
 * program, and reads the ring until its standard input ends. What the program costs is the least that a record of an exit can
 * cost on this machine.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RING = 1 << 20, MOST = 256, INTERVAL_MS = 10 };

static int bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int failed(const char *what)
{
	fprintf(stderr, "bare_program: %s: %s\n", what, strerror(errno));
	return 1;
}

static int ring_make(void)
{
	union bpf_attr attributes = { .map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = RING };

	return bpf(BPF_MAP_CREATE, &attributes);
}

/* r0 = bpf_ringbuf_reserve(ring, bytes, 0); if (r0) { fill it with zeros; bpf_ringbuf_submit(r0, BPF_RB_NO_WAKEUP); } */
static int program_load(int ring, int bytes)
{
	struct bpf_insn code[MOST / 8 + 16], *at = code;
	const int words = bytes / 8;
	union bpf_attr attributes = { .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT };

	*at++ = (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = ring };
	*at++ = (struct bpf_insn){ 0 };
	*at++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = bytes };
	*at++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 0 };
	*at++ = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_reserve };
	*at++ = (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = (short)(words + 3), .imm = 0 };
	for (int i = 0; i < words; i++)
		*at++ = (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = 0, .off = (short)(i * 8), .imm = 0 };
	*at++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 0 };
	*at++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = BPF_RB_NO_WAKEUP };
	*at++ = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_submit };
	*at++ = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 };
	*at++ = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };

	attributes.insns = (uintptr_t)code;
	attributes.insn_cnt = (unsigned int)(at - code);
	attributes.license = (uintptr_t) "GPL";
	memcpy(attributes.prog_name, "bare", sizeof("bare"));
	return bpf(BPF_PROG_LOAD, &attributes);
}

static int program_attach(int program)
{
	union bpf_attr attributes = { 0 };

	attributes.raw_tracepoint.name = (uintptr_t) "sched_process_exit";
	attributes.raw_tracepoint.prog_fd = (unsigned int)program;
	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attributes);
}

static int program_print(int program)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attributes = { 0 };

	attributes.info.bpf_fd = (unsigned int)program;
	attributes.info.info = (uintptr_t)&info;
	attributes.info.info_len = sizeof(info);
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes))
		return -1;
	return printf("%u\n", info.id) < 0 || fflush(stdout) ? -1 : 0;
}

/* Reads what was sent, as a recorder does, until standard input ends. */
static int ring_read(int ring)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	const uint64_t *producer = mmap(NULL, page + (size_t)2 * RING, PROT_READ, MAP_SHARED, ring, (off_t)page);
	const volatile uint64_t *data = (const void *)((const char *)producer + page);
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	if (consumer == MAP_FAILED || producer == MAP_FAILED)
		return failed("mmap");
	while (!poll(&input, 1, INTERVAL_MS)) {
		uint64_t end = __atomic_load_n(producer, __ATOMIC_ACQUIRE);

		for (uint64_t at = *consumer; at < end; at += sizeof(*data))
			(void)data[at % RING / sizeof(*data)];
		__atomic_store_n(consumer, end, __ATOMIC_RELEASE);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const int bytes = argc == 2 ? atoi(argv[1]) : 0;
	int ring, program;

	if (bytes < 8 || bytes > MOST || bytes % 8) {
		fprintf(stderr, "usage: bare_program BYTES, a multiple of 8, at most %d\n", MOST);
		return 2;
	}
	ring = ring_make();
	if (ring < 0)
		return failed("the ring");
	program = program_load(ring, bytes);
	if (program < 0)
		return failed("the program");
	if (program_attach(program) < 0)
		return failed("sched_process_exit");
	if (program_print(program))
		return failed("the program's id");
	return ring_read(ring);
}
