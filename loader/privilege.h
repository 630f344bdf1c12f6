/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to the loader's privilege, whoever started it. */
#ifndef CRI_LOADER_PRIVILEGE_H
#define CRI_LOADER_PRIVILEGE_H

/*
 * Comes first, so that everything after it runs with the two capabilities only. As root: makes the pin
 * directory and gives it to the loader's user and the ring's group, then becomes that user. As root with the two
 * capabilities and no other: makes the directory and stays who it is. Else: keeps the two capabilities and nothing
 * more. Then the directory is the current one (PIN_HERE), and checked. 0, or a negative errno after saying why.
 */
int privilege_take(const char *dir);

#endif
