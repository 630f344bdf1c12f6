/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a cgroup path says about its cgroup: runtime, container id, pod. Pure: no I/O, no allocation,
 * time linear in the length of the path.
 */
#ifndef CRI_CONSUMER_CONTAINER_NAMES_CGROUP_PATH_H
#define CRI_CONSUMER_CONTAINER_NAMES_CGROUP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stored as numbers in the database: never reuse one. */
enum cgroup_kind {
	CGROUP_UNKNOWN = 0,   /* the path is not known; never returned by cgroup_path_parse */
	CGROUP_NONE = 1,      /* the host: a service, a session, a runtime's own directories */
	CGROUP_CONTAINER = 2, /* a container's cgroup or one below it */
	CGROUP_POD = 3,	      /* a pod's cgroup, above its containers */
	CGROUP_INFRA = 4,     /* a runtime's helper for one container, such as its monitor */
	CGROUP_KIND_COUNT = 5,
};

#define CGROUP_ID_MAX 255
#define CGROUP_NO_OWNER (-1)

/* Texts are NUL-terminated, "" when the path does not say. They hold graphic ASCII only. */
struct cgroup_identity {
	enum cgroup_kind kind;
	const char *runtime; /* static: "docker", "containerd", "cri-o", ...; "kubernetes" for its pods; or NULL */
	char container_id[CGROUP_ID_MAX + 1]; /* "" unless kind is CGROUP_CONTAINER */
	/* The container around it: the node of a cluster in containers, docker in docker. A cgroup that is
	 * no container itself (a pod, a helper, a daemon of the node) belongs to the container around it. */
	char outer_id[CGROUP_ID_MAX + 1];
	char pod_uid[37]; /* UUID with dashes, or the 32 hex digits of a static pod */
	char qos[16];	  /* guaranteed, burstable, besteffort; unknown when that part of the path is missing */
	/* The user whose delegated tree it is in (user@UID.service or user-UID.slice around the outermost container, the
	 * outermost one): that user may name a cgroup after any container's id. CGROUP_NO_OWNER: none, or kind is not
	 * CGROUP_CONTAINER. Such a name inside of a container says nothing: that container chose it. */
	int64_t owner_uid;
	/* The outermost systemd service or scope around the outermost container is no runtime's own service: systemd may have
	 * given its cgroups to a user (Delegate= with User=), who then may do the same. The path does not tell whether it has:
	 * containers that root's services run are there too. True also below /user, where pam_cgfs makes cgroups for users.
	 * False when kind is not CGROUP_CONTAINER. */
	bool delegated;
	/* Number of bytes at the beginning of the path that name the container's outermost cgroup; a longer
	 * path is below it. 0 unless kind is CGROUP_CONTAINER. */
	size_t container_path_length;
};

/*
 * Never fails: a path that it does not recognise is CGROUP_NONE. path need not be NUL-terminated and may hold any
 * bytes. A path that does not begin with '/' is the end of a longer one; its first component may be a
 * fragment, so no container is read from that. containerd_namespaces: comma-separated; `/NAMESPACE/NAME`
 * is a container for these only (NULL: none), while 64 hex digits are one in any.
 */
void cgroup_path_parse(const char *path, size_t length, const char *containerd_namespaces, struct cgroup_identity *ret);

/* "container"; "unknown" for no such kind. Static. */
const char *cgroup_kind_name(enum cgroup_kind kind);

#endif
