/*
 * A model of the ring in src/stream/ring.c and view.c: one publisher and two subscribers without a
 * lock. The names are those of the code. Each access to a word of shared memory is one step,
 * together with the private work that follows. run.py searches all interleavings of the steps, and
 * holds the sizes.
 * src/stream/ring.h explains the algorithm. Its core, for one buffer:
 *
 *	subscriber				publisher
 *	sets its bit in held			sets slot to 0
 *	slot still has the frame? reads it	a bit is set? puts the frame back
 *
 * Each side writes first and then reads the other's word, so that at least one of the two sees the
 * other.
 *
 * Checked:
 *	torn		the publisher draws into a buffer only while no subscriber reads it, and the
 *			buffer holds the frame that its slot names
 *	order		no subscriber gets a frame twice, or an older frame after a newer one
 *	lossless	with LOSSLESS, a subscriber to every frame misses none
 *	wake-ups	every subscriber ends and has got the last frame; one that sleeps for ever
 *			is an invalid end state. This holds even if another one stops anywhere for
 *			good (STOPS)
 *	free		a publisher with FREE pacing gets a buffer if one is free all the time
 *	evicted		with EVICTS, the publisher never draws into memory that a subscriber
 *			believes it holds, even after the eviction of that subscriber. A
 *			subscriber that holds every buffer for ever (LIAR) delays no other process
 *
 * With EVICTS a slot's memory may be replaced. The bits of an evicted subscriber then move from
 * reading[] to retired[]: the old texture lives on while the slot gets another.
 *
 * A futex compares a counter with its value at an earlier time. Here woken[], released[] and rung
 * mean "the counter has changed since I read it", which keeps the number of states finite.
 *
 * With BELL the publisher's system can't sleep on the words of several leases. All subscribers then
 * raise the same counter, which any of them can also put back (RESTORES). A publisher therefore
 * looks again from time to time.
 *
 * BROKEN_... adds a mistake that the search must find. Otherwise the model would prove nothing.
 */
#ifndef BUFFERS
#define BUFFERS 3
#endif
#ifndef FRAMES
#define FRAMES (BUFFERS + 2) /* the last frame; before the subscribers come, each buffer has one */
#endif
#ifndef EVERY
#define EVERY 0 /* bit r: subscriber r gets every frame */
#endif
#ifndef KEEP
#define KEEP 0 /* bit r: subscriber r keeps its frame until it has the next one */
#endif
#ifndef SPINS
#define SPINS 0 /* bit r: subscriber r may take a frame that it has seen in its buffer's slot */
#endif
#ifndef STOPS
#define STOPS 0 /* bit r: subscriber r may stop */
#endif
#ifndef LOSSLESS
#define LOSSLESS 0
#endif
#ifndef DISCARDS
#define DISCARDS 0 /* how often the publisher may put a buffer back unpublished */
#endif
#ifndef GIVES_UP
#define GIVES_UP 0 /* 1: the publisher may end instead of waiting */
#endif

#ifndef EVICTS
#define EVICTS 0 /* bit r: the publisher may evict subscriber r when r keeps it waiting */
#endif
#ifndef LIAR
#define LIAR 0 /* 1: subscriber 1 holds all buffers for ever, and does nothing else */
#endif
#ifndef BELL
#define BELL 0 /* 1: the publisher sleeps on the one word of its doorbell */
#endif
#ifndef RESTORES
#define RESTORES 0 /* 1: a subscriber puts the doorbell's old count back at any time */
#endif

/* The last frame that subscribers have got before the start. With EVICTS it is 0, as they may hold
 * all buffers at once. */
#define FIRST (EVICTS -> 0 : BUFFERS - 1)

#define NONE 7
#define BIT(i) (1 << (i))

/* struct gy_ring_page. The lower two bits of newest are the buffer. The array woken stands for its
 * counter `wakes`. */
byte slot[BUFFERS];
byte newest;
bit waiting;

/* struct gy_lease_page of two subscribers. The array released stands for its counter `releases`. */
byte held[2];
bit sleeping[2];
byte taken[2];

bit woken[2];    /* wakes has changed since subscriber r has read it */
bit released[2]; /* releases of subscriber r has changed since the publisher has read it */
bit rung;        /* the doorbell's counter has changed since the publisher has read it */
byte stopped;    /* bit r: subscriber r has stopped */
#if EVICTS
bit evicted[2]; /* the epoch of the subscriber's place has changed */
#endif

/* These are only for the checks. */
byte content[BUFFERS]; /* the frame in the buffer; 0: the publisher draws into it */
byte reading[2];       /* bit b: the subscriber holds buffer b and reads it */
#if EVICTS
byte retired[2];       /* the same for memory that has been replaced since */
#endif
byte free;             /* bit b: no subscriber has set this bit since begin() began */
byte final;            /* the last frame, once it is published */

/* ---- publisher ---- */

#if EVICTS
#define HELD(i) (left & BIT(i) -> 0 : held[i]) /* the leases of evicted subscribers don't count */
#define SLEEPING(i) (sleeping[i] && !(left & BIT(i)))
#else
#define HELD(i) held[i]
#define SLEEPING(i) sleeping[i]
#endif

/* is_held. */
inline look()
{
	seen = (HELD(0) & BIT(buffer)) != 0;
	if
	:: seen
	:: atomic { !seen -> seen = (HELD(1) & BIT(buffer)) != 0 }
	fi
}

#if LOSSLESS
inline owes(i)
{
	if
	:: !(EVERY & BIT(i)) || (excused[i] && taken[i] <= excused_at[i])
	:: else ->
		excused[i] = 0;
		excused_at[i] = 0;
		seen = taken[i] < slot[buffer]
	fi
}

/* is_owed. */
inline look_owed()
{
	if
	:: seen
	:: atomic { !seen -> owes(0) }
	fi;
	if
	:: seen
	:: atomic { !seen -> owes(1) }
	fi
}

inline excuse_one(i)
{
	if
	:: EVERY & BIT(i) && taken[i] < least && !excused[i] ->
		excused[i] = 1;
		excused_at[i] = taken[i]
	:: else
	fi
}

inline blocking(i)
{
	if
	:: !((held[0] | held[1]) & BIT(i)) && slot[i] < least -> least = slot[i]
	:: else
	fi
}

/* Excuses the subscribers that owe the oldest frame that no subscriber reads. */
inline excuse()
{
	least = 255;
	blocking(0);
	blocking(1);
#if BUFFERS > 2
	blocking(2);
#endif
	assert(least < 255);
	excuse_one(0);
	excuse_one(1);
	least = 0
}
#endif

inline wake()
{
	atomic { woken[0] = 1; woken[1] = 1 }
}

inline wake_sleepers()
{
	if
	:: SLEEPING(0) -> wake()
	:: !SLEEPING(0) ->
		if
		:: SLEEPING(1) -> wake()
		:: !SLEEPING(1)
		fi
	fi
}

#if EVICTS
inline retire(i)
{
	retired[i] = retired[i] | (reading[i] & BIT(buffer));
	reading[i] = reading[i] & ~BIT(buffer)
}

/* Called when the buffer belongs to the publisher alone. Only then a spoiled buffer gets another
 * texture. */
inline replace()
{
	if
	:: spoiled & BIT(buffer) ->
		spoiled = spoiled & ~BIT(buffer);
		retire(0);
		retire(1)
	:: else
	fi
}

/* An evicted subscriber may read the buffers that it holds for ever, so the publisher doesn't draw
 * into them. From now on the publisher ignores the lease. */
inline evict(i)
{
#ifdef BROKEN_EVICT
	spoiled = spoiled | held[i];
	evicted[i] = 1;
#else
	evicted[i] = 1;
#ifdef BROKEN_SPOIL
	spoiled = spoiled | (held[i] & ~HELD(1 - i));
#else
	spoiled = spoiled | held[i];
#endif
#endif
	left = left | BIT(i);
#ifndef BROKEN_EVICT_WAKE
	wake()
#endif
}
#endif

inline older(i)
{
	if
	:: !(tried & BIT(i)) && (buffer == NONE || slot[i] < least) ->
		buffer = i;
		least = slot[i]
	:: else
	fi
}

/* Reads only the publisher's own words, so that these are no steps. */
inline oldest()
{
	buffer = NONE;
	older(0);
	older(1);
#if BUFFERS > 2
	older(2);
#endif
	least = 0
}

/* Sets `buffer` to the buffer to draw into, or to NONE. */
inline begin()
{
	atomic {
		free = ~(HELD(0) | HELD(1)) & (BIT(BUFFERS) - 1);
		oldest()
	}
	do
	:: atomic {
		buffer == NONE ->
		assert(LOSSLESS || !free);
		free = 0;
		tried = 0;
		break
	   }
	:: buffer != NONE ->
		look();
#if LOSSLESS
		look_owed();
#endif
		if
		:: seen
		:: atomic { !seen -> before = slot[buffer]; slot[buffer] = 0 }
#ifndef BROKEN_LOOK
			look();
#endif
			if
			:: atomic {
				!seen ->
#if EVICTS
				replace();
#endif
				assert(!((reading[0] | reading[1]) & BIT(buffer)));
				content[buffer] = 0;
				before = 0;
				tried = 0;
				free = 0
			   }
				if
				:: newest && (newest & 3) == buffer -> newest = 0
				:: else
				fi;
				break
			:: atomic { seen -> slot[buffer] = before; before = 0 }
#ifndef BROKEN_PUT_BACK
				wake_sleepers()
#endif
			fi
		fi;
		atomic {
			tried = tried | BIT(buffer);
			seen = 0;
			oldest()
		}
	od
}

inline acquire()
{
	do
	:: begin();
		if
		:: atomic { buffer != NONE && waiting -> waiting = 0; asked = 0 }
			break
		:: buffer != NONE && !waiting -> break
#ifdef BROKEN_BELL
		:: atomic { buffer == NONE && !asked -> waiting = 1; asked = 1 }
		:: atomic { buffer == NONE && asked -> rung = 0 }
			atomic { rung -> asked = 0 }
#elif BELL
		:: atomic { buffer == NONE && !asked -> rung = 0 }
			atomic { waiting = 1; asked = 1 }
		:: atomic { buffer == NONE && asked && rung -> asked = 0 }
#if RESTORES && !defined(BROKEN_TRUST)
		:: atomic { buffer == NONE && asked -> asked = 0 }
#endif
#else
		:: atomic { buffer == NONE && !asked -> released[0] = 0 }
			released[1] = 0;
			atomic { waiting = 1; asked = 1 }
		:: atomic { buffer == NONE && asked && (released[0] || released[1]) -> asked = 0 }
#endif
#if GIVES_UP
		:: atomic { buffer == NONE && asked -> waiting = 0 }
			break
#endif
#if EVICTS
		/* This may happen at any time while the publisher waits: clocks decide which comes
		 * first. */
		:: buffer == NONE && asked && EVICTS & 1 && held[0] && !(left & 1) -> evict(0);
			asked = 0
		:: buffer == NONE && asked && EVICTS & 2 && held[1] && !(left & 2) -> evict(1);
			asked = 0
#endif
#if LOSSLESS && STOPS
		/* No other process can move: a publisher waits for a long time before it
		 * excuses. */
		:: atomic {
			buffer == NONE && asked && timeout ->
			excuse();
			asked = 0
		   }
#endif
		fi
	od
}

inline publish()
{
	atomic {
		sequence++;
		content[buffer] = sequence;
		slot[buffer] = sequence
	}
	newest = sequence << 2 | buffer;
	wake_sleepers()
}

proctype publisher()
{
	byte sequence, buffer, before, tried, least, discards;
	bit seen, asked;
#if EVICTS
	byte spoiled, left;
#endif
#if LOSSLESS
	bit excused[2];
	byte excused_at[2];
#endif

	sequence = BUFFERS;
	do
	:: sequence == FRAMES -> break
	:: sequence < FRAMES ->
		acquire();
		if
		:: buffer == NONE -> break
		:: buffer != NONE -> publish()
		:: buffer != NONE && discards < DISCARDS -> discards++
		fi
	od;
	final = sequence
}

/* ---- subscribers ---- */

#if BELL
#define RELEASES rung
#else
#define RELEASES released[me]
#endif

inline wake_publisher()
{
	if
	:: waiting -> RELEASES = 1
	:: !waiting
	fi
}

#ifdef BROKEN_RELEASE
inline release(b)
{
	if
	:: waiting ->
		atomic { held[me] = held[me] & ~BIT(b); reading[me] = reading[me] & ~BIT(b) };
		RELEASES = 1
	:: !waiting ->
		atomic { held[me] = held[me] & ~BIT(b); reading[me] = reading[me] & ~BIT(b) }
	fi
}
#else
inline release(b)
{
	atomic {
		held[me] = held[me] & ~BIT(b);
#if EVICTS
		if
		:: retired[me] & BIT(b) -> retired[me] = retired[me] & ~BIT(b)
		:: else -> reading[me] = reading[me] & ~BIT(b)
		fi
#else
		reading[me] = reading[me] & ~BIT(b)
#endif
	}
	wake_publisher()
}
#endif

#if EVICTS
#define EVICTED evicted[me]
#else
#define EVICTED 0
#endif

inline find_latest()
{
	atomic {
		buffer = newest & 3;
		sequence = newest >> 2;
		if
		:: sequence <= last || held[me] & BIT(buffer) -> buffer = NONE
		:: else
		fi
	}
}

inline scan_one(i)
{
	atomic {
		if
		:: slot[i] > last && (buffer == NONE || slot[i] < sequence) &&
			!(held[me] & BIT(i)) ->
			sequence = slot[i];
			buffer = i
		:: else
		fi
	}
}

inline scan()
{
	atomic {
		buffer = NONE;
		scan_one(0)
	}
	scan_one(1);
#if BUFFERS > 2
	scan_one(2)
#endif
}

inline find_every()
{
	scan();
#ifndef BROKEN_SCAN
	if
	:: buffer != NONE && sequence != last + 1 -> scan()
	:: else
	fi
#endif
}

inline find()
{
	if
	:: EVERY & BIT(me) -> find_every()
	:: !(EVERY & BIT(me)) -> find_latest()
	fi
}

#if SPINS
#ifdef BROKEN_SEEN
#define SEEN(i) (slot[i] > last && !(held[me] & BIT(i)))
#else
#define SEEN(i) (slot[i] > last && !(held[me] & BIT(i)) && \
	(!(EVERY & BIT(me)) || slot[i] == last + 1))
#endif

/* Finds a frame that a thread which spins has seen, perhaps before the publisher has written
 * "newest". The thread looks at one slot, which may be any. */
inline find_seen()
{
	atomic {
		buffer = NONE;
		if
		:: SEEN(0) -> buffer = 0
		:: SEEN(1) -> buffer = 1
#if BUFFERS > 2
		:: SEEN(2) -> buffer = 2
#endif
		:: skip
		fi;
		if
		:: buffer != NONE -> sequence = slot[buffer]
		:: else
		fi
	}
}

inline find_next()
{
	if
	:: SPINS & BIT(me) ->
		find_seen();
		if
		:: buffer == NONE -> find()
		:: buffer != NONE
		fi
	:: !(SPINS & BIT(me)) -> find()
	fi
}
#else
#define find_next find
#endif

inline set_held()
{
	held[me] = held[me] | BIT(buffer);
	free = free & ~BIT(buffer)
}

/* Checks a frame that the subscriber has leased. */
inline check()
{
	assert(content[buffer] == sequence);
	assert(sequence > last);
	assert(!LOSSLESS || !(EVERY & BIT(me)) || sequence == last + 1);
	reading[me] = reading[me] | BIT(buffer)
}

/* Sets `buffer` to the buffer that the subscriber has got, or to NONE. */
inline take()
{
	do
	:: find_next();
#ifdef BROKEN_ORDER
		if
		:: buffer == NONE -> break
		:: buffer != NONE
		fi;
		if
		:: atomic { slot[buffer] == sequence -> check(); last = sequence }
			atomic { set_held() };
#else
		if
		:: buffer == NONE -> break
#if defined(BROKEN_CHECK) && EVICTS
		:: atomic { buffer != NONE && EVICTED -> buffer = NONE; break }
		:: buffer != NONE && !EVICTED -> atomic { set_held() }
#else
		:: atomic { buffer != NONE -> set_held() }
#endif
		fi;
		if
#if EVICTS && !defined(BROKEN_CHECK)
		:: slot[buffer] == sequence ->
			if
			:: atomic { !EVICTED -> check(); last = sequence }
			:: EVICTED ->
				release(buffer);
				buffer = NONE;
				break
			fi;
#else
		:: atomic { slot[buffer] == sequence -> check(); last = sequence }
#endif
#endif
#if LOSSLESS
			taken[me] = last;
#endif
			wake_publisher();
			break
		:: slot[buffer] != sequence ->
			release(buffer);
			atomic {
				tries++;
				if
				:: sequence == failed || tries > BUFFERS -> buffer = NONE; break
				:: else -> failed = sequence
				fi
			}
		fi
	od;
	atomic {
		tries = 0;
		failed = 0;
		sequence = 0
	}
}

inline use()
{
	if
	:: atomic { KEEP & BIT(me) && kept == NONE -> kept = buffer }
	:: atomic { KEEP & BIT(me) && kept != NONE -> skip }
		release(kept);
		kept = buffer
	:: !(KEEP & BIT(me)) -> release(buffer)
	fi
}

/* Looks for a next frame. If the publisher is just taking the newest frame's buffer, there is none.
 * If it puts the frame back, it wakes the subscriber. */
inline has_next()
{
	find();
	if
	:: atomic {
		!(EVERY & BIT(me)) && buffer != NONE ->
		if
		:: slot[buffer] == sequence
		:: else -> buffer = NONE
		fi
	   }
	:: EVERY & BIT(me) || buffer == NONE
	fi;
	atomic { sequence = 0 }
}

/* Sleeps as a subscriber does. */
inline sleep()
{
#ifdef BROKEN_WAKE
	woken[me] = 0;
	has_next();
	sleeping[me] = 1;
#else
	woken[me] = 0;
	sleeping[me] = 1;
	has_next();
#endif
	if
	:: buffer != NONE || woken[me] || EVICTED
	:: last == final && buffer == NONE
	fi;
	sleeping[me] = 0
}

proctype subscriber(byte me)
{
	byte last = FIRST, buffer, sequence, failed, tries;
	byte kept = NONE;

	{
		do
		:: last == FRAMES || last == final || EVICTED -> break
		:: last < FRAMES ->
			take();
			if
			:: buffer != NONE -> use()
			:: buffer == NONE -> sleep()
			fi
		od;
		if
		:: kept != NONE -> release(kept)
		:: kept == NONE
		fi
	} unless {
		stopped & BIT(me)
	}
}

#if LIAR
active proctype liar()
{
	atomic {
		held[1] = BIT(BUFFERS) - 1;
		free = 0
	}
}
#endif

#if RESTORES
active proctype restorer()
{
end:
	do
	:: atomic { rung -> rung = 0 }
	od
}
#endif

#if STOPS
active proctype stopper()
{
	if
	:: stopped = STOPS
	:: skip
	fi
}
#endif

inline fill(i)
{
	slot[i] = i + 1;
	content[i] = i + 1
}

/* The buffers are full, and the subscribers begin with the newest frame, as after gy_ring_join.
 * With EVICTS they have got no frame yet. */
init
{
	atomic {
		fill(0);
		fill(1);
#if BUFFERS > 2
		fill(2);
#endif
		taken[0] = FIRST;
		taken[1] = FIRST;
		newest = BUFFERS << 2 | (BUFFERS - 1);
		run publisher();
		run subscriber(0);
#if !LIAR
		run subscriber(1)
#endif
	}
}
