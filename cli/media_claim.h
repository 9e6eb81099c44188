/*
 * Who has a film: one recorder that writes it, or any number of readers.
 *
 * A claim is a lock of flock(2) on the film, which ends with the process. It says nothing about
 * other programs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GEYSER_CLI_MEDIA_CLAIM_H
#define GEYSER_CLI_MEDIA_CLAIM_H

#include <stdbool.h>

struct media_claim {
	int fd;    /* -1: nothing is claimed */
	bool made; /* the claim has made the file, which is empty */
};

#define MEDIA_UNCLAIMED      \
	(struct media_claim) \
	{                    \
		.fd = -1     \
	}

enum media_claimed {
	MEDIA_CLAIMED,
	MEDIA_EXISTS, /* a new file was asked for */
	MEDIA_TAKEN,  /* another geyser has the film */
	MEDIA_REFUSED /* errno says why */
};

/* Claims a film for a recorder: makes it if it isn't there, and changes nothing in it. fresh: it
 * must not be there. A pipe or a device is not claimed, and MEDIA_CLAIMED. */
enum media_claimed media_claim_to_write(struct media_claim *out, const char *path, bool fresh);

/* Claims a film for a reader, as far as that is possible. MEDIA_TAKEN: it is being recorded. */
enum media_claimed media_claim_to_read(struct media_claim *out, const char *path);

/* Ends the claim. Removes a file that the claim has made, if it is still empty. */
void media_claim_end(struct media_claim *claim, const char *path);

#endif
