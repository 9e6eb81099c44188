/*
 * A model of sleeping and waking in src/sync/timeline.c and audience.c; the names are the same.
 * Threads of the publisher's process and of its subscribers' processes wait for values of one
 * timeline, which the publisher raises. Each access to a word of shared memory is one step. run.py
 * searches all interleavings of the steps.
 *
 * Sleeper 0 is a thread of the publisher's process, and says in the page ("sleepers") that it
 * sleeps. The other sleepers are threads of subscribers, and say so in words that each subscriber
 * shares with the publisher. Sleepers 1 and 2 are threads of one process, sleeper 3 of another.
 *
 * A sleeper first says that it sleeps, and then reads the value. The publisher first raises the
 * value, and then reads who sleeps. Whichever of the two comes first, one of them sees the other:
 *
 *	sleeper				publisher
 *	words[w]++			value = 1
 *	reads value: reached?		reads words[w]: wakes if not 0
 *
 * Checked:
 *	wake-ups	every sleeper ends and has seen the last value; one that sleeps for ever
 *			is an invalid end state. This holds even if a subscriber stops anywhere
 *			for good (STOPS), or its word lies (LIES)
 *
 * A futex compares a counter with its value at an earlier time. Here woken[] means "the counter has
 * changed since I read it", which keeps the number of states finite.
 *
 * BROKEN_... adds a mistake that the search must find. Otherwise the model would prove nothing.
 */
#ifndef VALUES
#define VALUES 2 /* the last value; each sleeper waits for all values in turn */
#endif
#ifndef SIGNALLERS
#define SIGNALLERS 1 /* 1 or 2 threads of the publisher, each raises the timeline to all values */
#endif
#ifndef SLEEPERS
#define SLEEPERS 15 /* bit i: sleeper i takes part */
#endif
#ifndef STOPS
#define STOPS 0 /* 1: the subscriber with word 1 (sleeper 3) may stop */
#endif
#ifndef LIES
/* The word of the other subscriber never changes. 1: it says that a thread sleeps; 2: it says that
 * none does. */
#define LIES 0
#endif

#define BIT(i) (1 << (i))
#define WORD (me == 3)

/* struct gy_timeline_page. The array woken stands for its counter `wakes`. */
byte value;
bit sleepers;

/* struct gy_audience: the number of members, and the words of two subscribers. Each process writes
 * its own word. */
byte count;
bit member[2];
byte words[2];

bit woken[4]; /* wakes has changed since sleeper i has read it */
bit stopped;
bit subscribed[2]; /* the subscriber has received the timeline */

/* ---- the publisher ---- */

inline wake_all()
{
	atomic { woken[0] = 1; woken[1] = 1; woken[2] = 1; woken[3] = 1 }
}

/* One step of gy_audience_tell. The lock keeps the members, but the words may change meanwhile. */
inline look(w)
{
	if
	:: atomic { member[w] && words[w] -> asleep = 1 }
	:: atomic { !(member[w] && words[w]) -> skip }
	fi
}

inline tell()
{
	if
	:: count == 0
	:: count > 0 ->
		look(0);
		look(1)
	fi
}

inline wake_sleepers()
{
#ifdef BROKEN_CLEAR
	asleep = sleepers;
	if
	:: asleep -> wake_all(); sleepers = 0
	:: !asleep
	fi;
	asleep = 0;
	tell();
#elif defined(BROKEN_EARLY)
	if
	:: atomic { sleepers -> asleep = 1 }
		sleepers = 0
	:: atomic { !sleepers -> skip }
	fi;
#else
	if
	:: atomic { sleepers -> asleep = 1 }
		sleepers = 0
	:: atomic { !sleepers -> skip }
	fi;
	tell();
#endif
	if
	:: atomic { asleep -> wake_all(); asleep = 0 }
	:: atomic { !asleep -> skip }
	fi
}

/* gy_timeline_signal. */
inline raise(v)
{
#ifdef BROKEN_EARLY
	tell();
#endif
	if
	:: atomic { value < v -> value = v }
		wake_sleepers()
	:: atomic { value >= v -> asleep = 0 }
	fi
}

proctype signaller()
{
	byte next = 1;
	bit asleep;

	do
	:: next > VALUES -> break
	:: next <= VALUES ->
		raise(next);
		next++
	od
}

/* gy_audience_add and gy_audience_remove, on the thread that serves subscribers. The lock makes
 * each of them one step. A subscriber that has stopped is removed. */
proctype server(byte w)
{
#ifdef BROKEN_JOIN
	subscribed[w] = 1;
	atomic { member[w] = 1; count++ }
#else
	atomic { member[w] = 1; count++ }
	subscribed[w] = 1;
#endif
#if STOPS
	if
	:: atomic { w == 1 && stopped -> member[w] = 0; count-- }
	:: w == 1 && value == VALUES /* or the subscriber stays */
	:: w != 1
	fi
#endif
}

/* ---- sleepers ---- */

inline lie_down()
{
	if
	:: me == 0 -> sleepers = 1
	:: me != 0 ->
#if LIES
		if
		:: WORD == 1 -> words[WORD] = words[WORD] + 1
		:: WORD != 1
		fi
#elif defined(BROKEN_FLAG)
		words[WORD] = 1
#else
		words[WORD] = words[WORD] + 1
#endif
	fi
}

inline get_up()
{
	if
	:: me == 0
	:: me != 0 ->
#if LIES
		if
		:: WORD == 1 -> words[WORD] = words[WORD] - 1
		:: WORD != 1
		fi
#elif defined(BROKEN_FLAG)
		words[WORD] = 0
#else
		words[WORD] = words[WORD] - 1
#endif
	fi
}

/* gy_timeline_wait. A subscriber whose word falsely says that none of its threads sleeps harms only
 * itself: its wait may end at any time. */
inline await(v)
{
	do
	:: woken[me] = 0;
		if
		:: value >= v -> break
		:: value < v
		fi;
#ifdef BROKEN_ORDER
		if
		:: value >= v -> break
		:: value < v
		fi;
		lie_down();
		if
		:: woken[me]
		fi;
#else
		lie_down();
		if
		:: value >= v
		:: value < v ->
			if
			:: woken[me]
#if LIES == 2
			:: me == 1 || me == 2
#endif
			fi
		fi;
#endif
		get_up()
	od
}

proctype sleeper(byte me)
{
	byte next = 1;

	{
		if
		:: me == 0
		:: me != 0 -> subscribed[WORD]
		fi;
		do
		:: next > VALUES -> break
		:: next <= VALUES ->
			await(next);
			next++
		od
	} unless {
		me == 3 && stopped
	}
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
#if LIES == 1
		words[0] = 1;
#endif
		run signaller();
#if SIGNALLERS > 1
		run signaller();
#endif
#if SLEEPERS & 6
		run server(0);
#endif
#if SLEEPERS & 8
		run server(1);
#endif
#if SLEEPERS & 1
		run sleeper(0);
#endif
#if SLEEPERS & 2
		run sleeper(1);
#endif
#if SLEEPERS & 4
		run sleeper(2);
#endif
#if SLEEPERS & 8
		run sleeper(3);
#endif
	}
}
