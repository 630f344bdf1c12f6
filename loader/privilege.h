/* SPDX-License-Identifier: BSD-2-Clause */
/* Reduces the privileges of the process to the two capabilities that the loader needs. */
#ifndef CRI_LOADER_PRIVILEGE_H
#define CRI_LOADER_PRIVILEGE_H

/*
 * Must be called before anything that depends on the kernel's state, so that all of it runs with CAP_BPF and
 * CAP_PERFMON only. As root: makes the pin directory for the loader's user and the ring's group, then becomes that
 * user. As root with no other capabilities: makes the directory and stays root. As another user: drops all other
 * capabilities. Then the pin directory is the current directory (PIN_HERE) and has been checked. 0, or a negative
 * errno after logging it.
 */
int privilege_take(const char *dir);

#endif
