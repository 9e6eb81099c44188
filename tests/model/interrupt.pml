/*
 * A model of src/sync/interrupt.c; the names are the same. A thread sleeps on a word that another
 * process wakes. Threads of its own process interrupt it. Each access to a word that threads share
 * is one step. run.py searches all interleavings of the steps.
 *
 * The system can't sleep on several words, and this process may not write the word on which the
 * thread sleeps. So an interrupter wakes that word again and again, until the thread is awake or
 * has noticed the interruption:
 *
 *	thread					interrupter
 *	T1 noticed = count			I1 add 1 to count
 *	T2 nothing to do?			I2 asleep, and hasn't noticed?
 *	T3 asleep = the word			   wake the word, begin again at I2
 *	T4 count as noticed? sleep
 *	T5 asleep = none
 *
 * Both sides hold a lock while they look for work or add some. The thread sleeps without the lock.
 *
 * Checked:
 *	noticed		the thread ends, and so has seen all the work; a thread that sleeps for ever
 *			is an invalid end state
 *	no deadlock	an interrupter, which holds the lock, doesn't wait for a thread that waits
 *			for the lock
 *
 * An interrupter can wake the word any number of times. Only a wake that finds the thread asleep
 * does something, so that only this wake is a step here.
 *
 * With REFUSES the system can sleep on several words until it refuses the call for the first time.
 * The thread's process then learns that it can't ("several"). Until then I1 is enough.
 *
 * BROKEN_... adds a mistake that the search must find. Otherwise the model would prove nothing.
 */
#ifndef KICKERS
#define KICKERS 1 /* how many threads interrupt */
#endif
#ifndef KICKS
#define KICKS 1 /* how often each of them does */
#endif
#ifndef WAKES
#define WAKES 0 /* 1: the other process wakes the word once */
#endif
#ifndef REFUSES
#define REFUSES 0 /* 1: the system can sleep on several words, and may begin to refuse it */
#endif

#define NOWHERE 0
#define ON_WORD 1 /* the thread sleeps on the other process's word alone */
#define ON_BOTH 2 /* it sleeps on its own word `count`, too */

/* struct gy_interrupt */
byte count, noticed;
bit asleep;

bit several = REFUSES;
byte sleeping = NOWHERE; /* what the kernel knows */
bit lock;
byte work; /* guarded by the lock */

inline take() { atomic { !lock -> lock = 1 } }

/* gy_wait, which begins with a check of the word `count`. */
inline wait()
{
	if
	:: several ->
		if
		:: atomic { count == noticed -> sleeping = ON_BOTH }
			sleeping == NOWHERE
		:: count != noticed
#ifdef BROKEN_REFUSAL
		:: atomic { count == noticed -> skip }
			several = 0;
			sleeping = ON_WORD;
			sleeping == NOWHERE
#else
		:: several = 0 /* refused; the thread looks again before it sleeps on one word */
#endif
		fi
	:: !several ->
		if
		:: count == noticed ->
			sleeping = ON_WORD;
			sleeping == NOWHERE
		:: count != noticed
		fi
	fi
}

proctype thread()
{
	do
	:: take();
		noticed = count;
		if
		:: atomic { work == KICKERS * KICKS -> lock = 0; break }
		:: atomic { work < KICKERS * KICKS -> lock = 0 }
		fi;
#ifdef BROKEN_ORDER
		if
		:: count != noticed
		:: count == noticed ->
			asleep = 1;
			sleeping = ON_WORD;
			sleeping == NOWHERE
		fi;
#else
		asleep = 1;
		wait();
#endif
		asleep = 0
	od
}

/* gy_interrupt, with the lock held. */
inline interrupt()
{
	atomic { count++; mine = count }
	atomic {
		if
		:: sleeping == ON_BOTH -> sleeping = NOWHERE
		:: else
		fi
	}
	if
	:: several
	:: !several ->
#ifdef BROKEN_ONCE
		if
		:: !asleep
		:: atomic { asleep && sleeping == ON_WORD -> sleeping = NOWHERE }
		:: asleep && sleeping != ON_WORD
		fi
#else
		do
#ifndef BROKEN_WAITS
		:: !asleep -> break
#endif
		:: noticed >= mine -> break
		:: atomic { sleeping == ON_WORD -> sleeping = NOWHERE }
		od
#endif
	fi;
	mine = 0
}

proctype kicker()
{
	byte kicks, mine;

	do
	:: kicks == KICKS -> break
	:: kicks < KICKS ->
		take();
		work++;
		interrupt();
		atomic { lock = 0; kicks++ }
	od
}

#if WAKES
active proctype other()
{
	if
	:: atomic { sleeping == ON_WORD -> sleeping = NOWHERE }
	:: skip
	fi
}
#endif

init
{
	atomic {
		run thread();
		run kicker();
#if KICKERS > 1
		run kicker();
#endif
	}
}
