/*
 * The ring of src/stream/ring.c: one publisher, subscribers, no lock. Each access to a word of
 * shared memory is one step, with what follows from it in private; all interleavings of the steps
 * are searched by run.py, which also holds the sizes. The names are those of ring.c.
 *
 * Checked:
 *	torn		a buffer is drawn into while nobody reads it, and holds the frame it says
 *	order		no subscriber gets a frame twice or an older one
 *	lossless	with LOSSLESS, who gets every frame misses none
 *	wake-ups	all end having got the last frame: one that sleeps for ever is an invalid end
 *			state, also where another (STOPS) has stopped anywhere and for good
 *	free		a publisher with FREE pacing gets a buffer if one is free all along
 *	evicted		with EVICTS, memory that a subscriber believes it holds is never drawn into,
 *			also after the publisher has left that subscriber out; and a subscriber that
 *			holds everything for ever (LIAR) keeps nobody from anything
 *
 * With EVICTS a slot's memory may change: what an evicted subscriber read there moves from
 * reading[] to retired[], as its texture lives on while the slot gets another.
 *
 * A futex compares a counter with what it was: woken[] and released[] are "it has changed since I
 * read it", which says the same and keeps the number of states finite.
 *
 * BROKEN_... are mistakes that the search must find, or it proves nothing.
 */
#ifndef BUFFERS
#define BUFFERS 3
#endif
#ifndef FRAMES
#define FRAMES (BUFFERS + 2) /* as many as there are buffers before the subscribers come */
#endif
#ifndef EVERY
#define EVERY 0 /* bit r: subscriber r gets every frame */
#endif
#ifndef KEEP
#define KEEP 0 /* bit r: subscriber r keeps its frame until it has the next */
#endif
#ifndef STOPS
#define STOPS 0 /* bit r: subscriber r may stop */
#endif
#ifndef LOSSLESS
#define LOSSLESS 0
#endif
#ifndef DISCARDS
#define DISCARDS 0 /* how often the publisher may give a buffer back unpublished */
#endif
#ifndef GIVES_UP
#define GIVES_UP 0 /* whether the publisher may end where it would have to wait */
#endif

#ifndef EVICTS
#define EVICTS 0 /* bit r: the publisher may leave out subscriber r, which keeps it waiting */
#endif
#ifndef LIAR
#define LIAR 0 /* whether subscriber 1 holds all buffers for ever, and does nothing else */
#endif

/* The last frame that subscribers have got before: with EVICTS they may hold all buffers at once. */
#define FIRST (EVICTS -> 0 : BUFFERS - 1)

#define NONE 7
#define BIT(i) (1 << (i))

/* struct gy_ring_page. Of newest, two bits are the buffer. wakes: see woken. */
byte slot[BUFFERS];
byte newest;
bit waiting;

/* struct gy_lease_page, of two subscribers. releases: see released. */
byte held[2];
bit sleeping[2];
byte taken[2];

bit woken[2];    /* wakes has changed since subscriber r read it */
bit released[2]; /* releases of subscriber r has changed since the publisher read it */
byte stopped;    /* bit r */
#if EVICTS
bit evicted[2]; /* the epoch of the subscriber's place is no more its own */
#endif

/* For the checks alone. */
byte content[BUFFERS]; /* the frame drawn there; 0: being drawn */
byte reading[2];       /* bit b: leased and looked at */
#if EVICTS
byte retired[2];       /* the same, of memory that has been replaced since */
#endif
byte free;             /* bit b: since begin began nobody has set a bit for it */
byte final;            /* the last frame, once it is published */

/* ---- publisher ---- */

#if EVICTS
#define HELD(i) (left & BIT(i) -> 0 : held[i]) /* whose lease is no longer looked at */
#define SLEEPING(i) (sleeping[i] && !(left & BIT(i)))
#else
#define HELD(i) held[i]
#define SLEEPING(i) sleeping[i]
#endif

/* is_held */
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

/* is_owed */
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

/* Who owes the oldest frame that nobody reads. */
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

/* The buffer is the publisher's alone; only then it gets another texture if it must. */
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

/* What it holds now may be read for ever: it is drawn into no more. Nobody looks at its lease from
 * now on. */
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

/* Its own words alone: no steps. */
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

/* buffer: what it got, to be drawn into, or NONE */
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
		:: atomic { buffer == NONE && !asked -> released[0] = 0 }
			released[1] = 0;
			atomic { waiting = 1; asked = 1 }
		:: atomic { buffer == NONE && asked && (released[0] || released[1]) -> asked = 0 }
#if GIVES_UP
		:: atomic { buffer == NONE && asked -> waiting = 0 }
			break
#endif
#if EVICTS
		/* At any time while it waits: what it waits for first is a matter of clocks. */
		:: buffer == NONE && asked && EVICTS & 1 && held[0] && !(left & 1) -> evict(0);
			asked = 0
		:: buffer == NONE && asked && EVICTS & 2 && held[1] && !(left & 2) -> evict(1);
			asked = 0
#endif
#if LOSSLESS && STOPS
		/* Nobody else can move: the time that a publisher waits is long. */
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

inline wake_publisher()
{
	if
	:: waiting -> released[me] = 1
	:: !waiting
	fi
}

#ifdef BROKEN_RELEASE
inline release(b)
{
	if
	:: waiting ->
		atomic { held[me] = held[me] & ~BIT(b); reading[me] = reading[me] & ~BIT(b) };
		released[me] = 1
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

inline set_held()
{
	held[me] = held[me] | BIT(buffer);
	free = free & ~BIT(buffer)
}

/* What a leased frame must be. */
inline check()
{
	assert(content[buffer] == sequence);
	assert(sequence > last);
	assert(!LOSSLESS || !(EVERY & BIT(me)) || sequence == last + 1);
	reading[me] = reading[me] | BIT(buffer)
}

/* buffer: what it got, or NONE */
inline take()
{
	do
	:: find();
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

/* Is there one? If the newest is just being taken it is no more there: if it is put back we are
 * woken. */
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

/* As a subscriber sleeps. */
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

/* The buffers are full, and the subscribers begin with the newest, as gy_ring_join has it; with
 * EVICTS they have got none yet. */
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
