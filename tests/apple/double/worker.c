/* SPDX-License-Identifier: MIT */
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>

struct task {
	struct task *next;
	void (*run)(void *);
	void *argument;
};

struct double_worker {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct task *first;
	struct task **last;
	bool started;
	bool ending;
	bool detached; /* the thread itself has destroyed the worker, and frees it at its end */
};

static void worker_free(struct double_worker *worker)
{
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

static void *work(void *argument)
{
	struct double_worker *worker = argument;
	struct task *task;
	bool detached;

	pthread_mutex_lock(&worker->lock);
	for (;;) {
		while (!worker->first && !worker->ending)
			pthread_cond_wait(&worker->changed, &worker->lock);
		task = worker->first;
		if (!task)
			break;
		worker->first = task->next;
		if (!worker->first)
			worker->last = &worker->first;
		pthread_mutex_unlock(&worker->lock);
		task->run(task->argument);
		free(task);
		pthread_mutex_lock(&worker->lock);
	}
	detached = worker->detached;
	pthread_mutex_unlock(&worker->lock);
	if (detached)
		worker_free(worker);
	return NULL;
}

struct double_worker *double_worker_create(void)
{
	struct double_worker *worker = double_allocate(sizeof(*worker));

	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	worker->last = &worker->first;
	return worker;
}

void double_worker_run(struct double_worker *worker, void (*run)(void *), void *argument)
{
	struct task *task = double_allocate(sizeof(*task));

	task->run = run;
	task->argument = argument;
	pthread_mutex_lock(&worker->lock);
	*worker->last = task;
	worker->last = &task->next;
	if (!worker->started && pthread_create(&worker->thread, NULL, work, worker) != 0)
		double_die("no thread for a queue");
	worker->started = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

void double_worker_destroy(struct double_worker *worker)
{
	pthread_t thread = worker->thread;
	bool started, own;

	pthread_mutex_lock(&worker->lock);
	started = worker->started;
	own = started && pthread_equal(thread, pthread_self());
	worker->ending = true;
	worker->detached = own;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	if (own) {
		pthread_detach(thread);
		return;
	}
	if (started)
		pthread_join(thread, NULL);
	worker_free(worker);
}
