/*
 * How values go into a semaphore that several processes share: carry_down of
 * src/backend/vulkan/event.c. A program on the host raises the page to 1; a thread of process 0
 * waits for that, then signals 2; threads of processes 0 and 1 follow the page and carry its values
 * into the semaphore. Each access to a word of shared memory is one step; all interleavings of the
 * steps are searched by run.py.
 *
 * Checked:
 *	order		no value is signalled that isn't above the semaphore's, as long as nobody lies
 *			(LIES) or ends between a claim and its signal (STOPS)
 *	carried		the semaphore gets the last value, whoever lies or has ended: else it is an
 *			invalid end state
 *
 * A wait for claims ends after a while: "timeout" is taken where nobody else can move.
 *
 * BROKEN_... are mistakes that the search must find, or it proves nothing.
 */
#ifndef LIES
#define LIES 0 /* a holder has claimed all values */
#endif
#ifndef STOPS
#define STOPS 0 /* process 1 may end anywhere */
#endif

#define LAST 2

/* struct gy_timeline_page */
byte value;
byte claimed; /* its "carried" */

byte semaphore;

/* struct vk_event, of two processes */
byte carried[2];
bit carry[2]; /* the lock */
bit alone[2];
bit stopped;

/* first: what the semaphore must have reached before. */
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

/* The twin goes first, then the page. */
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
