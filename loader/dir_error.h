/* SPDX-License-Identifier: BSD-2-Clause */
/* Why the pin directory cannot be used. */
#ifndef CRI_LOADER_DIR_ERROR_H
#define CRI_LOADER_DIR_ERROR_H

/* A sentence without a full stop that names the directory, the reason and what to do. error: a negative errno of
 * privilege_drop(), pin_dir_check() or pin_dir_check_entries(). Valid until the next call. */
const char *dir_error_explain(const char *dir, int error);

#endif
