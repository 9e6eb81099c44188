/*
 * A stream's name in the registry, as names.c and sweep.c of src/ipc/registry change it: publishers
 * that take the name and give it back, one that may be killed at any step, a sweep that may stop
 * anywhere. Each system call is one step; all interleavings of the steps are searched by run.py.
 *
 * What the kernel keeps:
 *	link	"stream-NAME": whose socket it points at. Only absent -> mine (symlink) is a conditional
 *		change: an unlink removes whatever is there
 *	owner	the write lock on the name's first byte in ".names"; freed by the holder's death
 *	sweeps	the read lock on its second byte
 *	alive	the lock of the instance
 *
 * Checked:
 *	owners	never two publishers at once, and nobody unlinks a living publisher's link but itself
 *		and, for a moment, a sweep
 *	listed	in the end a running publisher's link is there, also beside a sweep that has stopped
 *		for good
 *	refused	a publisher is refused only beside one that runs; none waits for a dead or a stopped
 *		process, unless that one has stopped while it was taking the name itself
 *
 * BROKEN_... are mistakes that the search must find, or it proves nothing.
 */
#ifndef SWEEPS
#define SWEEPS 1
#endif
#ifndef GIVES_BACK
#define GIVES_BACK 0 /* bit p: publisher p may give the name back */
#endif
#ifndef KILLED
#define KILLED 2 /* bit p: publisher p may be killed */
#endif
#ifndef SWEEP_STOPS
#define SWEEP_STOPS 1
#endif
#ifndef STOPPED
#define STOPPED 0 /* bit p: publisher p may stop */
#endif

#define NOBODY 0
#define PUBLISHERS 3 /* 1 publishes at first, 2 and 3 come later */
#define SWEEP 4
#define BIT(i) (1 << (i))

byte link = 1;
byte owner = 1;
byte sweeps;
bit alive[PUBLISHERS + 2];

bit published[PUBLISHERS + 2];
bit refused[PUBLISHERS + 2];
bit killed[PUBLISHERS + 2];
bit stopped[PUBLISHERS + 2];
bit sweep_stopped[2];

#define RUNS(p) (alive[p] && published[p] && !killed[p])

inline unlink_as(p)
{
	assert(link == NOBODY || link == p || !RUNS(link));
	link = NOBODY;
}

/* gy_claim_add_name: with the owner's lock, until the link is ours. */
inline make_link(p)
{
	do
	:: atomic { link == NOBODY -> link = p; break } /* symlink */
	:: atomic { link != NOBODY -> seen = link } /* EEXIST, readlink */
		if
		:: seen == p -> break
		:: seen != p && !alive[seen] -> unlink_as(p) /* it is removed by its name */
		:: else
		fi
	od
}

/* gy_claim_keep_name, now and then: as long as a sweep is under way that may have looked before. */
inline keep_link(p)
{
	do
	:: atomic { link == NOBODY -> link = p }
	:: (GIVES_BACK & BIT(p)) -> leaves = 1; break
	:: atomic {
		sweeps == 0 ->
		if /* the last one may have removed it before it ended */
		:: link == NOBODY -> link = p
		:: else
		fi;
		break
	   }
	od
}

inline take(p)
{
#ifndef BROKEN_LOCK
	do
	:: atomic { owner == NOBODY -> owner = p; break }
	:: atomic { owner != NOBODY && RUNS(link) -> refused[p] = 1; break } /* it answers */
	od;
#endif
	if
	:: refused[p]
	:: else ->
		do
		:: make_link(p);
#ifndef BROKEN_GUARD
			guarded = (sweeps != 0);
#endif
#ifdef BROKEN_LOOK
			break;
#endif
			/* a sweep that has ended before we looked may have removed it */
			if
			:: guarded || link == p -> break
			:: else
			fi
		od;
		atomic {
			published[p] = 1;
			assert(p == 1 || !RUNS(1));
			assert(p == 2 || !RUNS(2));
			assert(p == 3 || !RUNS(3))
		};
		if
		:: guarded -> keep_link(p)
		:: else
		fi
	fi
}

/* gy_claim_remove_name */
inline give_back(p)
{
	published[p] = 0;
	seen = link;
	if
	:: seen == p -> unlink_as(p)
	:: else
	fi;
	owner = NOBODY
}

inline free_name(p)
{
	atomic {
		if
		:: owner == p -> owner = NOBODY
		:: else
		fi
	}
}

/* The kernel frees a dying process's locks one by one. */
inline die(p)
{
	if
	:: alive[p] = 0; free_name(p)
	:: free_name(p); alive[p] = 0
	fi
}

proctype publisher(byte p)
{
	byte seen;
	bit guarded, leaves;

	{
		{
			if
			:: p == 1
			:: p != 1 -> take(p)
			fi;
			if
			:: published[p] && (GIVES_BACK & BIT(p)) -> give_back(p)
			:: !leaves
			fi;
			false
		} unless { stopped[p]; false }
	} unless { killed[p] };
	die(p)
}

/* A sweep has met the link, and removes it if it is a dead one's. */
proctype sweep(byte s)
{
	byte seen;

	{
#ifdef BROKEN_WAIT
		atomic { owner == NOBODY -> owner = SWEEP };
#endif
#ifndef BROKEN_SWEEP
		sweeps++;
#endif
		seen = link;
		if
		:: seen != NOBODY && !alive[seen] -> link = NOBODY
		:: else
		fi;
#ifdef BROKEN_WAIT
		owner = NOBODY;
#endif
#ifndef BROKEN_SWEEP
		sweeps--
#endif
	} unless { sweep_stopped[s]; false }
}

/* Kills and stops whom it may, or not. */
proctype fate()
{
	byte p;

	for (p : 1 .. PUBLISHERS) {
		if
		:: (KILLED & BIT(p)) -> killed[p] = 1
		:: (STOPPED & BIT(p)) -> stopped[p] = 1
		:: true
		fi
	}
	if
	:: SWEEP_STOPS -> sweep_stopped[0] = 1
	:: true
	fi
}

inline judge(p)
{
	assert(!RUNS(p) || stopped[p] || link == p);
	/* either it has the name, or it was refused, or it is dead or stopped, or it has given the
	 * name back, or it waits for one that has stopped halfway */
	assert(!alive[p] || stopped[p] || published[p] || refused[p] || (GIVES_BACK & BIT(p)) ||
		(owner != NOBODY && stopped[owner]))
}

init {
	atomic {
		alive[1] = 1;
		alive[2] = 1;
		alive[3] = 1;
		published[1] = 1;
		run publisher(1);
		run publisher(2);
		run publisher(3);
		run fate();
		run sweep(0);
		if
		:: SWEEPS > 1 -> run sweep(1)
		:: else
		fi
	}
	timeout;
	judge(1);
	judge(2);
	judge(3)
}
