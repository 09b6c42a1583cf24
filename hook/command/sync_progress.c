#include "command/sync_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

#define SHOW_US 100000      /* at most ten times a second */
#define RATE_US 500000      /* how often the rate is measured */
#define RATE_HALF_US 5e6    /* half of the average is younger */
#define LEFT_AFTER_MS 3000  /* before, a guess is worth nothing */
#define LEFT_DONE_LEAST 10
#define COLUMNS_DEFAULT 80

/* ------------------------------------------------------------------ texts */

void progress_line(const struct progress_view *view, struct buffer *out)
{
    char left[64];
    if (*view->stage)
        buffer_printf(out, "%s%s", view->stage, *view->phase ? ": " : "");
    buffer_string(out, view->phase);
    if (view->total)
        buffer_printf(out, " %" PRIu64 "/%" PRIu64, view->done, view->total);
    else if (view->done)
        buffer_printf(out, " %" PRIu64, view->done);
    if (view->requests)
        buffer_printf(out, ", %" PRIu64 " requests", view->requests);
    if (view->rate >= 0.05)
        buffer_printf(out, ", %.*f/s", view->rate < 10 ? 1 : 0, view->rate);
    if (view->waiting_ms > 0) {
        buffer_printf(out, ", 429: waiting %" PRId64 "s", (view->waiting_ms + 999) / 1000);
    } else if (view->left_ms >= CLOCK_SECOND) {
        clock_format_duration(view->left_ms, left, sizeof left);
        buffer_printf(out, ", %s left", left);
    }
}

static void add_seconds(struct buffer *out, int64_t ms)
{
    if (ms < 10 * CLOCK_SECOND)
        buffer_printf(out, "%.1f s", (double)ms / 1000);
    else
        buffer_printf(out, "%" PRId64 " s", (ms + 500) / 1000);
}

void progress_summary(const char *phase, uint64_t done, int64_t took_ms, uint64_t requests,
                      struct buffer *out)
{
    buffer_printf(out, "%s: ", phase);
    if (done)
        buffer_printf(out, "%" PRIu64 " in ", done);
    add_seconds(out, took_ms);
    if (requests)
        buffer_printf(out, ", %" PRIu64 " requests", requests);
}

int64_t progress_left_ms(uint64_t done, uint64_t total, int64_t took_ms)
{
    if (done < LEFT_DONE_LEAST || done > total || took_ms < LEFT_AFTER_MS)
        return -1;
    return (int64_t)((double)(total - done) * (double)took_ms / (double)done);
}

double progress_rate(double before, uint64_t requests, int64_t took_us)
{
    if (took_us <= 0)
        return before;
    double now = (double)requests * 1e6 / (double)took_us;
    double weight = (double)took_us / ((double)took_us + RATE_HALF_US);
    return before > 0 ? before * (1 - weight) + now * weight : now;
}

/* ------------------------------------------------------------------ on the screen */

static uint64_t requests_so_far(const struct sync_progress *p)
{
    return p->stats && !*p->stage ? p->stats->requests : 0;
}

static size_t columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

static void measure(struct sync_progress *p, int64_t now_us)
{
    uint64_t requests = requests_so_far(p);
    int64_t took = now_us - p->rate_us;
    if (took < RATE_US)
        return;
    p->rate = progress_rate(p->rate, requests - p->rate_requests, took);
    p->rate_requests = requests;
    p->rate_us = now_us;
}

static void show(struct sync_progress *p, int64_t now_us)
{
    struct buffer line;
    const int64_t until = p->stats && !*p->stage ? p->stats->waiting_until_us : 0;
    const struct progress_view view = {
        .stage = p->stage,
        .phase = p->phase ? p->phase : "",
        .done = p->now.done,
        .total = p->now.total,
        .requests = requests_so_far(p),
        .rate = p->rate,
        .left_ms = progress_left_ms(p->now.done, p->now.total, (now_us - p->phase_us) / 1000),
        .waiting_ms = until > now_us ? (until - now_us) / 1000 + 1 : 0,
    };
    size_t most = columns() - 1; /* a line that is wrapped would not be rewritten */
    buffer_init(&line, SIZE_MAX);
    progress_line(&view, &line);
    if (!line.failed && line.size) {
        int size = (int)(line.size < most ? line.size : most);
        fprintf(stderr, "\r\033[K%.*s", size, line.data);
        fflush(stderr);
        p->shown = true;
    }
    buffer_free(&line);
    p->next_us = now_us + SHOW_US;
}

void sync_progress_clear(struct sync_progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}

static void log_line(const char *name, uint64_t done, int64_t took_us, uint64_t requests)
{
    struct buffer line;
    buffer_init(&line, SIZE_MAX);
    progress_summary(name, done, took_us / 1000, requests, &line);
    fprintf(stderr, "refgate sync: %s\n", line.data ? line.data : "");
    buffer_free(&line);
}

/* The phase that was is over. */
static void end_phase(struct sync_progress *p, int64_t now_us)
{
    if (p->log && p->phase && !*p->stage)
        log_line(p->phase, p->now.done, now_us - p->phase_us,
                 requests_so_far(p) - p->phase_requests);
    p->phase = NULL;
}

static void begin_phase(struct sync_progress *p, const char *phase, int64_t now_us)
{
    p->phase = phase;
    p->phase_us = now_us;
    p->phase_requests = requests_so_far(p);
    p->next_us = now_us;
}

/* ------------------------------------------------------------------ told from outside */

void sync_progress_begin(struct sync_progress *p, bool quiet, bool log_lines)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    int64_t now = clock_monotonic_us();
    *p = (struct sync_progress){
        .terminal = terminal && !quiet,
        .log = !terminal && !quiet && log_lines,
        .stage = "",
        .stage_us = now,
        .rate_us = now,
    };
}

void sync_progress_stage(struct sync_progress *p, const char *stage)
{
    int64_t now = clock_monotonic_us();
    end_phase(p, now);
    if (p->log && *p->stage)
        log_line(p->stage, 0, now - p->stage_us, 0);
    p->stage = stage;
    p->stage_us = now;
    p->now = (struct crawl_progress){0};
    p->rate = 0;
    p->rate_us = now;
    p->rate_requests = requests_so_far(p);
    if (p->terminal && *stage)
        show(p, now);
}

void sync_progress_tick(void *self)
{
    struct sync_progress *p = self;
    int64_t now = clock_monotonic_us();
    if (!p->terminal || !p->phase || now < p->next_us)
        return;
    measure(p, now);
    show(p, now);
}

void sync_progress_crawl(void *self, const struct crawl_progress *progress)
{
    struct sync_progress *p = self;
    const char *phase = crawl_phase_name(progress->phase);
    if (phase != p->phase) {
        int64_t now = clock_monotonic_us();
        end_phase(p, now);
        begin_phase(p, phase, now);
    }
    p->now = *progress;
    sync_progress_tick(p);
}

void sync_progress_end(struct sync_progress *p, bool good)
{
    sync_progress_clear(p);
    if (good)
        sync_progress_stage(p, "");
    p->terminal = p->log = false;
}
