/*
 * A recording as a source: threads read and parse ahead, while the crawler works on the answers
 * before. Answers are given in the order of the questions, whichever was ready first: the same each
 * time.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitbucket/json_slab.h"
#include "bitbucket/recording_index.h"

#define QUESTIONS 64 /* under way at once */
#define AHEAD 32     /* answers that wait for the crawler: more would only fill caches and memory */
/* Who sleeps is woken when there is so much to do; to wake somebody costs as much as an answer. */
#define WORTH_WAKING 16
#define THREADS 4 /* parsing takes twice the time of all the rest: more would wait for the crawler */

struct job {
    size_t slot;
    struct buffer url;
    struct question question; /* its URL is in `url` */
    bool done; /* under the lock */
    struct response answer;
    enum status status;
    struct error err;
};

struct reading_thread {
    struct recording_worker *worker;
    struct recording_reader reader;
    pthread_t thread;
};

struct recording_worker {
    const struct recording *recording;
    struct reading_thread threads[THREADS];
    size_t thread_count;
    struct job ring[QUESTIONS]; /* job n is ring[n % QUESTIONS] */
    pthread_mutex_t lock; /* of all below; a job is a thread's from `taken` until its `done` */
    pthread_cond_t work, ready;
    size_t asked, taken, given; /* counts: given <= taken <= given + AHEAD, taken <= asked */
    size_t idle;                /* threads that wait for work */
    bool waiting, stop;         /* waiting: the crawler, for the next answer */
};

/* ------------------------------------------------------------------ the thread */

static void answer(const struct recording_worker *w, struct recording_reader *reader,
                   struct job *job)
{
    json_slab_open();
    job->answer = (struct response){0};
    job->status = recording_read(w->recording, reader, &job->question, &job->answer, &job->err);
    if (job->status == STATUS_NOT_FOUND) {
        job->answer.missing = true;
        job->status = STATUS_OK;
    }
    json_slab_close(job->answer.body);
}

static bool has_work(const struct recording_worker *w)
{
    return w->taken < w->asked && w->taken - w->given < AHEAD;
}

/* The next answer is there, and enough after it, or all that can be for now. */
static bool worth_going_on(const struct recording_worker *w)
{
    size_t most = w->asked - w->given;
    size_t wanted = most < WORTH_WAKING ? most : WORTH_WAKING;
    size_t ready = 0;
    while (ready < wanted && w->ring[(w->given + ready) % QUESTIONS].done)
        ready++;
    return ready == wanted;
}

static void *work(void *self)
{
    struct reading_thread *thread = self;
    struct recording_worker *w = thread->worker;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        w->idle++;
        while (!w->stop && !has_work(w))
            pthread_cond_wait(&w->work, &w->lock);
        w->idle--;
        if (w->stop)
            break;
        struct job *job = &w->ring[w->taken++ % QUESTIONS];
        pthread_mutex_unlock(&w->lock);
        answer(w, &thread->reader, job);
        pthread_mutex_lock(&w->lock);
        job->done = true;
        if (w->waiting && worth_going_on(w))
            pthread_cond_signal(&w->ready);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are for the thread that asks. */
static int start_thread(struct recording_worker *w)
{
    struct reading_thread *thread = &w->threads[w->thread_count];
    sigset_t all, before;
    thread->worker = w;
    recording_reader_init(&thread->reader);
    sigfillset(&all);
    int failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (failed)
        return failed;
    failed = pthread_create(&thread->thread, NULL, work, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed)
        w->thread_count++;
    return failed;
}

/* As many as there are processors: the crawler sleeps while they are behind. */
static size_t threads_wanted(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > THREADS ? THREADS : (size_t)processors;
}

static enum status start(struct recording *r, struct error *err)
{
    struct recording_worker *w = calloc(1, sizeof *w);
    if (!w)
        return error_set(err, STATUS_MEMORY, "out of memory");
    w->recording = r;
    for (size_t i = 0; i < QUESTIONS; i++)
        buffer_init(&w->ring[i].url, SIZE_MAX);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->ready, NULL);
    int failed = start_thread(w);
    while (!failed && w->thread_count < threads_wanted() && !start_thread(w))
        continue; /* one is enough */
    if (failed) {
        free(w);
        return error_errno(err, STATUS_IO, failed, "cannot start a thread");
    }
    r->worker = w;
    return STATUS_OK;
}

void recording_stop(struct recording *r)
{
    struct recording_worker *w = r->worker;
    if (!w)
        return;
    r->worker = NULL;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->thread_count; i++) {
        pthread_join(w->threads[i].thread, NULL);
        recording_reader_free(&w->threads[i].reader);
    }
    for (size_t i = w->given; i < w->taken; i++)
        recording_release(&w->ring[i % QUESTIONS].answer);
    for (size_t i = 0; i < QUESTIONS; i++)
        buffer_free(&w->ring[i].url);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->ready);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* ------------------------------------------------------------------ the source */

static void wake_threads(struct recording_worker *w)
{
    if (w->idle && w->asked - w->taken >= WORTH_WAKING &&
        w->taken - w->given <= AHEAD - WORTH_WAKING)
        pthread_cond_broadcast(&w->work);
}

static enum status ask(void *self, size_t slot, const struct question *question, struct error *err)
{
    struct recording *r = self;
    enum status status = r->worker ? STATUS_OK : start(r, err);
    if (status != STATUS_OK)
        return status;
    struct recording_worker *w = r->worker;
    struct job *job = &w->ring[w->asked % QUESTIONS]; /* `asked` is changed by nobody else */
    if (w->asked - w->given == QUESTIONS)
        return error_set(err, STATUS_USAGE, "more than %d questions at once", QUESTIONS);
    job->slot = slot;
    job->done = false;
    job->question = *question;
    job->url.size = 0;
    buffer_string(&job->url, question->url);
    if (job->url.failed)
        return error_set(err, STATUS_MEMORY, "out of memory");
    job->question.url = job->url.data;
    pthread_mutex_lock(&w->lock);
    w->asked++;
    wake_threads(w);
    pthread_mutex_unlock(&w->lock);
    return STATUS_OK;
}

static enum status wait_one(void *self, size_t *slot, struct response *out, struct error *err)
{
    const struct recording *r = self;
    struct recording_worker *w = r->worker;
    if (!w || w->given == w->asked)
        return error_set(err, STATUS_USAGE, "nothing was asked of the recording");
    pthread_mutex_lock(&w->lock);
    struct job *job = &w->ring[w->given % QUESTIONS];
    if (!job->done) {
        if (w->idle)
            pthread_cond_broadcast(&w->work);
        w->waiting = true;
        while (!job->done)
            pthread_cond_wait(&w->ready, &w->lock);
        w->waiting = false;
    }
    w->given++;
    wake_threads(w);
    pthread_mutex_unlock(&w->lock);
    if (job->status != STATUS_OK)
        return error_set(err, job->status, "%s", job->err.text);
    *slot = job->slot;
    *out = job->answer;
    return STATUS_OK;
}

static void release(void *self, struct response *response)
{
    (void)self;
    recording_release(response);
}

struct answer_source recording_source(struct recording *recording)
{
    recording_stop(recording); /* one that was left in the middle */
    return (struct answer_source){QUESTIONS, ask, wait_one, release, recording};
}
