/*
 * geyser view in a terminal: half-blocks of 24-bit colours, or sixels.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "os.h"
#include "view_feed.h"
#include "view_small.h"
#include "wrap.h"

/* The size of a cell where the terminal doesn't tell its size in pixels: that of DEC's VT340. */
#define CELL_WIDTH 10u
#define CELL_HEIGHT 20u

struct terminal {
	const struct view_options *options;
	struct view_look look;
	struct view_feeds feeds;
	struct view_small small;
	int signals, pipe[2];
	bool screen, keys, help;
	bool raw; /* stdin is a terminal whose modes are to be changed: `before` has the old ones */
	bool entered;           /* the terminal is as `enter` leaves it */
	unsigned columns, rows; /* without the line of text */
	unsigned width, height; /* of the picture, at most */
	uint64_t shown;
	struct termios before;
};

/* ---- the screen ------------------------------------------------------------------------------ */

static void measure(struct terminal *terminal)
{
	struct winsize size = {.ws_row = 0};
	unsigned cell_width = CELL_WIDTH, cell_height = CELL_HEIGHT;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	terminal->columns = size.ws_col ? size.ws_col : output_width();
	terminal->rows = size.ws_row > 2 ? size.ws_row - 1u : 23;
	if (size.ws_xpixel / terminal->columns && size.ws_ypixel / (terminal->rows + 1)) {
		cell_width = size.ws_xpixel / terminal->columns;
		cell_height = size.ws_ypixel / (terminal->rows + 1);
	}
	if (terminal->options->output == VIEW_SIXEL) {
		terminal->width = terminal->columns * cell_width;
		terminal->height = terminal->rows * cell_height / 6 * 6;
	} else {
		terminal->width = terminal->columns;
		terminal->height = terminal->rows * 2;
	}
}

/* Sets the modes of stdin. In the background this stops the process, until it is in the foreground
 * again. */
static void set_modes(const struct termios *modes)
{
	while (tcsetattr(STDIN_FILENO, TCSANOW, modes) < 0 && errno == EINTR)
		;
}

static void enter(struct terminal *terminal)
{
	struct termios raw = terminal->before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (terminal->raw)
		set_modes(&raw);
	if (terminal->screen)
		(void)fputs("\033[?1049h\033[?25l\033[?7l\033[2J", answers());
	terminal->entered = true;
}

static void leave(struct terminal *terminal)
{
	if (!terminal->entered)
		return;
	if (terminal->raw)
		set_modes(&terminal->before);
	if (terminal->screen)
		(void)fputs("\033[0m\033[?7h\033[?25h\033[?1049l", answers());
	(void)answers_flush();
	terminal->entered = false;
}

/* ---- Ctrl-Z ---------------------------------------------------------------------------------- */

/* What the handler of signals uses. */
static struct {
	_Atomic bool stop; /* SIGTSTP came, to whichever thread */
	_Atomic bool cont; /* SIGCONT came: a shell may have changed the terminal */
	int pipe;          /* wakes the loop */
} job;

static void note_signal(int number)
{
	const int error = errno;

	if (number == SIGTSTP)
		job.stop = true;
	else
		job.cont = true;
	(void)write(job.pipe, "", 1);
	errno = error;
}

static void handle(int number, void (*handler)(int number))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(number, &action, NULL);
}

/* Looks whether the terminal is there for the keys and the screen, and enters it. */
static void begin(struct terminal *terminal)
{
	terminal->screen = isatty(STDOUT_FILENO) == 1;
	terminal->keys = terminal->screen && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
			 tcgetattr(STDIN_FILENO, &terminal->before) == 0;
	terminal->raw = terminal->keys;
	job.pipe = terminal->pipe[1];
	if (terminal->screen) {
		handle(SIGTSTP, note_signal);
		handle(SIGCONT, note_signal);
	}
	enter(terminal);
}

static void end(struct terminal *terminal)
{
	if (terminal->screen) {
		handle(SIGTSTP, SIG_DFL);
		handle(SIGCONT, SIG_DFL);
	}
	leave(terminal);
}

/* Does what the signals ask for: the process stops with the terminal as it was before, and enters
 * it again when it continues. Returns false if the command must end. */
static bool stop_and_go_on(struct terminal *terminal)
{
	if (job.stop) {
		leave(terminal);
		job.stop = false;
		handle(SIGTSTP, SIG_DFL);
		(void)raise(SIGTSTP);
		handle(SIGTSTP, note_signal);
	}
	job.cont = false;
	if (signals_came(terminal->signals))
		return false;
	enter(terminal);
	return true;
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void print_keys(void)
{
	for (const char *at = view_keys(false); *at;) {
		const size_t length = strcspn(at, "\n");

		(void)fprintf(answers(), "%.*s\033[K\r\n", (int)length, at);
		at += length + (at[length] != '\0');
	}
}

/* Prints the last line: the name, the size, the rate, and what is unusual. */
static void print_line(const struct terminal *terminal)
{
	const struct view_feed *const feed = &terminal->feeds.feed[0];
	char state[160], look[160], line[512];

	view_feed_describe(feed, state, sizeof(state));
	view_describe(&terminal->look, look, sizeof(look));
	(void)snprintf(line, sizeof(line), "%s  %s%s%.1f fps  %s%s%s", feed->name,
		terminal->small.what, *terminal->small.what ? "  " : "", view_feed_rate(feed),
		state, *state && *look ? "  " : "", look);
	replace_controls(line);
	(void)fprintf(answers(), "\033[%u;1H\033[0m%s\033[K", terminal->rows + 1, line);
}

/* Prints the frame. Returns false if there is none, or if it can't be shown. */
static bool print_picture(struct terminal *terminal)
{
	struct view_feed *const feed = &terminal->feeds.feed[0];

	if (!feed->frame || !view_small_make(&terminal->small, feed, &terminal->look,
				    terminal->width, terminal->height))
		return false;
	if (terminal->options->output == VIEW_SIXEL)
		view_small_sixels(&terminal->small, answers());
	else
		view_small_blocks(
			&terminal->small, terminal->screen ? "\033[K\r\n" : "\n", answers());
	return true;
}

/* Draws everything. Without a screen, where no line can tell what is wrong, it is a failure if the
 * frame can't be shown. Returns the exit status. */
static int draw(struct terminal *terminal, bool fresh)
{
	struct view_feed *const feed = &terminal->feeds.feed[0];
	bool shown = false;

	if (terminal->screen)
		(void)fputs("\033[H", answers());
	if (terminal->help && terminal->screen)
		print_keys();
	else
		shown = print_picture(terminal);
	if (terminal->screen) {
		(void)fputs("\033[J", answers());
		print_line(terminal);
	}
	if (shown && fresh) {
		view_feed_shown(feed);
		terminal->shown++;
	}
	return shown || terminal->screen ? STATUS_OK : failure("%s", feed->trouble);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void wake(void *user)
{
	const struct terminal *const terminal = user;

	/* a full pipe wakes the loop as well */
	(void)write(terminal->pipe[1], "", 1);
}

static void let_go(struct view_feed *feed, void *user)
{
	(void)feed;
	(void)user;
}

/* Sets low and high from the picture as it was last drawn. */
static void set_range(struct terminal *terminal)
{
	float low, high;

	if (!view_small_range(&terminal->small, &low, &high))
		return;
	terminal->look.low = low;
	terminal->look.high = high;
}

/* Applies the keys that were typed. Returns false if the user quits. */
static bool read_keys(struct terminal *terminal, bool *step)
{
	char keys[64];
	const ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));

	if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
		terminal->keys = false; /* the terminal is gone */
	for (ssize_t i = 0; i < count; i++) {
		/* an arrow or another key of several bytes */
		if (keys[i] == '\033' && i + 1 < count)
			break;
		switch (view_key(&terminal->look, &terminal->options->look, keys[i])) {
		case VIEW_QUIT:
			return false;
		case VIEW_STEP:
			*step = true;
			break;
		case VIEW_RANGE:
			set_range(terminal);
			break;
		case VIEW_HELP:
			terminal->help = !terminal->help;
			(void)fputs("\033[2J", answers());
			break;
		default:
			break;
		}
	}
	return true;
}

/* Waits for a frame, a key, a signal, or until the text changes. Returns false at the end. */
static bool wait_for_more(struct terminal *terminal, bool *step)
{
	const uint64_t deadline = view_feed_deadline(&terminal->feeds.feed[0]);
	const uint64_t now = now_ns();
	struct pollfd fds[4] = {
		{.fd = terminal->signals, .events = POLLIN},
		{.fd = terminal->keys ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = terminal->pipe[0], .events = POLLIN},
		{.fd = STDOUT_FILENO}, /* reports only that the reader has gone */
	};
	char bytes[64];

	(void)os_poll(fds, 4,
		deadline == UINT64_MAX ? deadline
		: deadline > now       ? deadline - now
				       : 0);
	while (fds[2].revents && read(terminal->pipe[0], bytes, sizeof(bytes)) == sizeof(bytes))
		;
	if (signals_noticed(&fds[0]) || fds[3].revents)
		return false;
	/* keys of before a stop are gone by now */
	if (job.stop || job.cont)
		return stop_and_go_on(terminal);
	return !fds[1].revents || read_keys(terminal, step);
}

static int show(struct terminal *terminal)
{
	const struct view_options *const options = terminal->options;
	struct view_feed *const feed = &terminal->feeds.feed[0];
	bool step = false;
	int status = STATUS_OK;

	while (!options->frames || terminal->shown < options->frames) {
		const bool keep = terminal->look.paused && !step;
		const bool fresh = view_feed_take(&terminal->feeds, feed, keep, let_go, NULL);

		step = step && !fresh;
		measure(terminal);
		if (terminal->screen || fresh)
			status = draw(terminal, fresh);
		if (status || !answers_go_on(&status))
			break;
		if (options->frames && terminal->shown >= options->frames)
			break;
		if (!wait_for_more(terminal, &step))
			break;
	}
	return status;
}

int view_in_terminal(const struct view_options *options, int signals)
{
	struct terminal terminal = {
		.options = options,
		.look = options->look,
		.feeds = {.wake = wake, .user = &terminal},
		.signals = signals,
	};
	int status = STATUS_OK;

	if (os_pipe(terminal.pipe) || fcntl(terminal.pipe[0], F_SETFL, O_NONBLOCK) < 0 ||
		fcntl(terminal.pipe[1], F_SETFL, O_NONBLOCK) < 0)
		status = failure(
			"a pipe can't be made (%s): free some file descriptors", strerror(errno));
	if (!status)
		status = view_feeds_open(options, &terminal.feeds);
	if (!status) {
		begin(&terminal);
		status = show(&terminal);
		end(&terminal);
		if (options->stats)
			view_feeds_tell(&terminal.feeds);
		view_feeds_close(&terminal.feeds);
	}
	view_small_finish(&terminal.small);
	for (unsigned i = 0; i < 2; i++) {
		if (terminal.pipe[i] > 0)
			(void)close(terminal.pipe[i]);
	}
	return status;
}
