/*
 * A model of a stream's name in the registry, as names.c and sweep.c of src/ipc/registry change it.
 * Publishers take the name and give it back, and may be killed at any step; a sweep may stop
 * anywhere. Each system call is one step. run.py searches all interleavings of the steps.
 *
 * The kernel keeps this state:
 *	link	the link "stream-NAME": the publisher whose socket it points at. symlink() is the
 *		only conditional change: it fails if the link exists. unlink() removes any link
 *	owner	holder of the write lock on the name's first byte in ".names"; its death frees the
 *		lock
 *	sweeps	number of read locks on the name's second byte
 *	alive	whether the lock of the instance is held
 *
 * The difficulty, by example: a sweep reads the link of publisher 1, which is dead. Publisher 2
 * takes the name and makes a new link. Then the sweep removes that link by its name. So a sweep
 * holds a read lock meanwhile, and publisher 2 renews its link as long as there is such a lock.
 *
 * Checked:
 *	owners	two publishers never have the name at once. Only the publisher itself unlinks a
 *		living publisher's link, and for a moment a sweep
 *	listed	in the end a running publisher's link exists, even if a sweep has stopped for good
 *	refused	a publisher is refused only while another one runs. No publisher waits for a dead
 *		or a stopped process, except for one that has stopped while it was taking the name
 *
 * BROKEN_... adds a mistake that the search must find. Otherwise the model would prove nothing.
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
#define PUBLISHERS 3 /* publisher 1 has the name at first, 2 and 3 come later */
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

/* gy_entry_add_name: the publisher has the owner's lock, and tries until the link is its own. */
inline make_link(p)
{
	do
	:: atomic { link == NOBODY -> link = p; break } /* symlink */
	:: atomic { link != NOBODY -> seen = link } /* EEXIST, readlink */
		if
		:: seen == p -> break
		/* unlink removes the link by its name */
		:: seen != p && !alive[seen] -> unlink_as(p)
		:: else
		fi
	od
}

/* gy_entry_keep_name, called from time to time while a sweep runs that may have read an older
 * link. */
inline keep_link(p)
{
	do
	:: atomic { link == NOBODY -> link = p }
	:: (GIVES_BACK & BIT(p)) -> leaves = 1; break
	:: atomic {
		sweeps == 0 ->
		if /* the last sweep may have removed the link before it ended */
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
	:: atomic { owner != NOBODY && RUNS(link) -> refused[p] = 1; break } /* the owner answers */
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
			/* A sweep that ended before the check for sweeps may have removed the
			 * link. */
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

/* gy_entry_remove_name. */
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

/* The kernel frees the locks of a dying process one by one. */
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

/* A sweep has found the link, and removes it if its publisher is dead. */
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

/* Kills or stops each publisher that may be, or neither. */
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
	/* The publisher must have the name, be refused, dead or stopped, or have given the name
	 * back. Else it may only wait for one that has stopped while it was taking the name. */
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
