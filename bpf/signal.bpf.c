/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notes each SIGKILL that the kernel itself sends (kill_note.bpf.h); part of rung mark_victim of OOM kills. */
#include "bpf/bpf.bpf.h"
#include "bpf/kill_note.bpf.h"

struct kernel_siginfo;

SEC("tp_btf/signal_generate")
int BPF_PROG(signal_kernel_kill, int sig, struct kernel_siginfo *siginfo, struct task_struct *task)
{
	if (sig == SIGKILL && (unsigned long)siginfo == SEND_SIG_PRIV)
		kill_note(task->tgid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
