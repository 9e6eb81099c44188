/* SPDX-License-Identifier: MIT */
/* The bootstrap service: a service's name becomes an abstract socket name, which has the user's uid
 * and the bootstrap namespace in it. Also the texts of Mach's and launchd's errors, and the fields
 * of audit tokens. */
#include "internal.h"

#include <bsm/libbsm.h>
#include <errno.h>
#include <servers/bootstrap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

mach_port_t bootstrap_port = 0x307;

/* An abstract socket name is too short for the longest name of a service, so it has the name's
 * FNV-1a hash. */
static void address_of(const char *name, char address[DOUBLE_ADDRESS])
{
	const char *namespace = getenv("GEYSER_DOUBLE_NAMESPACE");
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *at = name; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
	for (const char *at = namespace ? namespace : ""; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
	(void)snprintf(address, DOUBLE_ADDRESS, "geyser-double-%u-name-%016llx",
		(unsigned)geteuid(), (unsigned long long)hash);
}

/* In a sandbox the name must begin with the group that the program is entitled to. */
static bool is_of_group(const char *name)
{
	const char *group = getenv("GEYSER_DOUBLE_GROUP");

	return group && strncmp(name, group, strlen(group)) == 0 && name[strlen(group)] == '.';
}

static kern_return_t check(mach_port_t bootstrap, const char *name)
{
	if (bootstrap != bootstrap_port)
		double_die("0x%x is not the bootstrap port", bootstrap);
	if (strlen(name) >= BOOTSTRAP_MAX_NAME_LEN)
		double_die("a service's name of %zu characters", strlen(name));
	return double_setting("GEYSER_DOUBLE_SANDBOX") && !is_of_group(name)
		       ? BOOTSTRAP_NOT_PRIVILEGED
		       : BOOTSTRAP_SUCCESS;
}

kern_return_t bootstrap_check_in(mach_port_t bootstrap, const char *name, mach_port_t *port)
{
	kern_return_t result = check(bootstrap, name);
	char address[DOUBLE_ADDRESS];

	*port = MACH_PORT_NULL;
	if (result)
		return result;
	if (double_fails("bootstrap_check_in"))
		return BOOTSTRAP_NO_MEMORY;
	address_of(name, address);
	*port = double_port_bind(address);
	if (*port)
		return BOOTSTRAP_SUCCESS;
	return errno == EADDRINUSE ? BOOTSTRAP_SERVICE_ACTIVE : BOOTSTRAP_NO_MEMORY;
}

kern_return_t bootstrap_look_up(mach_port_t bootstrap, const char *name, mach_port_t *port)
{
	kern_return_t result = check(bootstrap, name);
	struct double_target target = {.fd = -1};

	*port = MACH_PORT_NULL;
	if (result)
		return result;
	address_of(name, target.address);
	if (double_fails("bootstrap_look_up") || !double_address_lives(target.address))
		return BOOTSTRAP_UNKNOWN_SERVICE;
	*port = double_port_add(&target, DOUBLE_SEND);
	return BOOTSTRAP_SUCCESS;
}

const char *mach_error_string(kern_return_t error)
{
	switch (error) {
	case KERN_SUCCESS:
		return "(os/kern) successful";
	case KERN_NO_SPACE:
		return "(os/kern) no space available";
	case KERN_INVALID_ARGUMENT:
		return "(os/kern) invalid argument";
	case KERN_INVALID_NAME:
		return "(os/kern) invalid name";
	case KERN_INVALID_RIGHT:
		return "(os/kern) invalid right";
	case KERN_RESOURCE_SHORTAGE:
		return "(os/kern) resource shortage";
	case MACH_SEND_INVALID_DEST:
		return "(ipc/send) invalid destination port";
	case MACH_SEND_TIMED_OUT:
		return "(ipc/send) timed out";
	case MACH_RCV_TIMED_OUT:
		return "(ipc/rcv) timed out";
	case MACH_RCV_TOO_LARGE:
		return "(ipc/rcv) msg too large";
	case MACH_RCV_PORT_DIED:
		return "(ipc/rcv) port died";
	default:
		return "(unknown) error";
	}
}

const char *bootstrap_strerror(kern_return_t error)
{
	switch (error) {
	case BOOTSTRAP_SUCCESS:
		return "success";
	case BOOTSTRAP_NOT_PRIVILEGED:
		return "Permission denied";
	case BOOTSTRAP_UNKNOWN_SERVICE:
		return "Unknown service name";
	case BOOTSTRAP_SERVICE_ACTIVE:
		return "Service active";
	default:
		return mach_error_string(error);
	}
}

/* XNU's layout of val: audit id, effective uid and gid, real uid and gid, pid, session, version. */
uid_t audit_token_to_euid(audit_token_t token)
{
	return token.val[1];
}

uid_t audit_token_to_ruid(audit_token_t token)
{
	return token.val[3];
}

pid_t audit_token_to_pid(audit_token_t token)
{
	return (pid_t)token.val[5];
}
