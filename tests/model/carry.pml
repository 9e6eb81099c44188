/*
 * A model of the way values go into a semaphore that several processes share: carry_down of
 * src/backend/vulkan/event.c.
 *
 * A program on the host raises the page to 1. A thread of process 0 waits for that, then signals 2.
 * Threads of processes 0 and 1 follow the page and carry its values into the semaphore. Each access
 * to a word of shared memory is one step. run.py searches all interleavings of the steps.
 *
 * A semaphore must be signalled in rising order. So each process claims a value in the page before
 * it signals, and first waits for the value that was claimed before. An example:
 *
 *	process 1 carries 1	process 0 signals 2	claimed	semaphore
 *	claims 1		.			1	0
 *	.			claims 2, finds 1	2	0
 *	signals 1		waits for 1		2	1
 *	.			signals 2		2	2
 *
 * Without the claims, process 1 could signal 1 after process 0 has signalled 2.
 *
 * Checked:
 *	order		no process signals a value that isn't above the semaphore's, as long as no
 *			holder writes false claims (LIES) or ends between a claim and its signal
 *			(STOPS)
 *	carried		the semaphore gets the last value, even with LIES or STOPS; otherwise the
 *			search finds an invalid end state
 *
 * A wait for a claim has a time limit: "timeout" is possible only when no process can move.
 *
 * BROKEN_... adds a mistake that the search must find. Otherwise the model would prove nothing.
 */
#ifndef LIES
#define LIES 0 /* 1: a holder has claimed all values */
#endif
#ifndef STOPS
#define STOPS 0 /* 1: process 1 may end anywhere */
#endif

#define LAST 2

/* struct gy_timeline_page */
byte value;
byte claimed; /* its member `carried` */

byte semaphore;

/* struct vk_event of each process. */
byte carried[2];
bit carry[2]; /* the lock of the same name */
bit alone[2];
bit stopped;

/* Claims v in the page. Sets `first` to the value that the semaphore must reach before: the claim
 * that was there, or v if v was claimed already. */
inline claim(v)
{
	atomic {
		if
		:: claimed < v ->
#ifdef BROKEN_CHAIN
			first = 0;
#else
			first = claimed;
#endif
			claimed = v
		:: else -> first = v
		fi
	}
}

inline await_claims(v)
{
	claim(v);
	if
	:: first <= now || alone[me]
	:: else ->
#ifdef BROKEN_TRUST
		if
		:: first == v -> now = v
		:: first != v -> semaphore >= first
		fi
#else
		if
		:: semaphore >= first
		:: timeout
		fi;
		now = semaphore;
		alone[me] = now < first
#endif
	fi
}

inline signal(v)
{
	atomic {
		assert(LIES || STOPS || semaphore < v);
		if
		:: semaphore < v -> semaphore = v
		:: else
		fi
	}
}

inline carry_down(v)
{
	atomic { !carry[me] -> carry[me] = 1 }
	if
	:: carried[me] >= v
	:: carried[me] < v ->
		carried[me] = v;
		now = semaphore;
		if
		:: v <= now
		:: v > now ->
#ifndef BROKEN_CLAIM
			await_claims(v);
#endif
			if
			:: v > now -> signal(v)
			:: v <= now
			fi
		fi
	fi;
	atomic { first = 0; now = 0; carry[me] = 0 }
}

/* The semaphore gets the value first, then the page. */
proctype signaller(byte me)
{
	byte first, now;

	value >= 1;
	carry_down(LAST);
	value = LAST
}

proctype follower(byte me)
{
	byte first, now, seen;

	{
		do
		:: seen == LAST -> break
		:: seen < LAST && value > seen ->
			seen = value;
			carry_down(seen)
		od
	} unless {
		me == 1 && stopped
	}
}

proctype host()
{
	value = 1
}

proctype queue()
{
	semaphore == LAST
}

#if STOPS
active proctype stopper()
{
	if
	:: stopped = 1
	:: skip
	fi
}
#endif

init
{
	atomic {
#if LIES
		claimed = 255;
#endif
		run host();
		run signaller(0);
		run follower(0);
		run follower(1);
		run queue()
	}
}
