# SPDX-License-Identifier: BSD-2-Clause
#
# awk -f conf.awk TABLE: a configuration file with every key, commented out, from what "help --table" prints.

BEGIN {
	FS = "\t"
	print "# Every key of cri-ebpf with its default. Uncomment a line to change it; see cri-ebpf.conf(5)."
}

$1 == "key" { printf "\n# %s.\n# Allowed: %s.\n#%s = %s\n", $5, $7, $2, $8 }
