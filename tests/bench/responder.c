/*
 * responder - a Bitbucket that answers at once, for the speed of a crawl. --help says what is in it.
 *
 * One thread, one epoll loop, HTTP/1.1 with keep-alive, on the loopback address only. Answers are put
 * together from pieces that were made at the start; everything is reckoned from the numbers of a
 * project, a repository, a user, a group, so that memory does not depend on what is asked for. It
 * knows what a crawl asks for and nothing else; nobody needs to sign in. tests/bitbucket/server is
 * the one that behaves like Bitbucket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: responder [OPTION...]\n"
    "\n"
    "A Bitbucket 9.4.2 with made-up projects PNNNNN, repositories rNNNNNN, users uNNNNN and groups\n"
    "gNNNNN; u00000 is who signs in, whatever the credentials. Prints its URL and serves until its\n"
    "parent ends. /requests tells how many requests there were, besides those for it.\n"
    "\n"
    "  --projects N (50) --repositories N (1000) --users N (100) --groups N (20)\n"
    "  --seed N             who has which grants (1)\n";

enum { PROJECTS, REPOSITORIES, USERS, GROUPS, SEED, NUMBERS };
static uint64_t number[NUMBERS] = {50, 1000, 100, 20, 1};

#define IN_MAX 16384
#define EVENTS 64
#define PAGE_MAX 1000

struct connection {
    int fd;
    char in[IN_MAX];
    size_t got;
    char *out; /* what could not be sent at once */
    size_t out_size, out_sent, out_room;
    bool waiting; /* to be told when there is room */
};

static char **users; /* each as JSON */
static uint64_t requests;
static int poll_fd;
static struct {
    char *at;
    size_t size, room;
} body;

static void die(const char *what)
{
    fprintf(stderr, "responder: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void *checked(void *memory)
{
    if (!memory)
        die("memory");
    return memory;
}

/* ------------------------------------------------------------------ pieces of a body */

static void put_bytes(const char *bytes, size_t size)
{
    if (body.room - body.size < size) {
        body.room = (body.room + size) * 2;
        body.at = checked(realloc(body.at, body.room));
    }
    memcpy(body.at + body.size, bytes, size);
    body.size += size;
}

static void put(const char *text)
{
    put_bytes(text, strlen(text));
}

__attribute__((format(printf, 1, 2))) static void putf(const char *format, ...)
{
    char piece[1024];
    va_list list;
    va_start(list, format);
    int size = vsnprintf(piece, sizeof piece, format, list);
    va_end(list);
    if (size < 0 || (size_t)size >= sizeof piece)
        die("a piece that is too long");
    put_bytes(piece, (size_t)size);
}

/* splitmix64: the same for the same seed, kind and number. */
static uint64_t dice(uint64_t kind, uint64_t n, uint64_t sides)
{
    uint64_t z = (number[SEED] << 40) + (kind << 32) + n + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return sides ? (z ^ (z >> 31)) % sides : 0;
}

static void make_users(void)
{
    char text[512];
    users = checked(calloc(number[USERS], sizeof *users));
    for (uint64_t i = 0; i < number[USERS]; i++) {
        snprintf(text, sizeof text,
                 "{\"name\":\"u%05" PRIu64 "\",\"emailAddress\":\"u%05" PRIu64
                 "@example.com\",\"id\":%" PRIu64 ",\"displayName\":\"User %" PRIu64
                 "\",\"active\":true,\"slug\":\"u%05" PRIu64
                 "\",\"type\":\"NORMAL\",\"links\":{\"self\":[{\"href\":"
                 "\"https://bitbucket.example.com/users/u%05" PRIu64 "\"}]}}",
                 i, i, i + 1, i, i, i);
        users[i] = checked(strdup(text));
    }
}

static void put_user(uint64_t i)
{
    put(users[i]);
}

static void put_project(uint64_t i)
{
    putf("{\"key\":\"P%05" PRIu64 "\",\"id\":%" PRIu64 ",\"name\":\"Project %" PRIu64
         "\",\"public\":false,\"type\":\"NORMAL\",\"links\":{\"self\":[{\"href\":"
         "\"https://bitbucket.example.com/projects/P%05" PRIu64 "\"}]}}",
         i, i + 1, i, i);
}

static void put_repository(uint64_t i)
{
    putf("{\"slug\":\"r%06" PRIu64 "\",\"id\":%" PRIu64 ",\"name\":\"r%06" PRIu64
         "\",\"hierarchyId\":\"%016" PRIx64 "\",\"scmId\":\"git\",\"state\":\"AVAILABLE\","
         "\"statusMessage\":\"Available\",\"forkable\":true,\"public\":false,\"archived\":false,"
         "\"project\":",
         i, i + 1, i, dice(1, i, UINT64_MAX));
    put_project(i % number[PROJECTS]);
    putf(",\"links\":{\"clone\":[{\"href\":\"ssh://git@bitbucket.example.com:7999/p/r%06" PRIu64
         ".git\",\"name\":\"ssh\"}]}}",
         i);
}

static void put_group(uint64_t i)
{
    putf("{\"name\":\"g%05" PRIu64 "\",\"deletable\":true}", i);
}

/* ------------------------------------------------------------------ pages */

/* What a list is about: the project, the repository, the group that the URL names. */
struct subject {
    uint64_t project, repository, group;
};

static uint64_t parameter(const char *url, const char *name, uint64_t otherwise)
{
    const char *at = strstr(url, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : otherwise;
}

static void put_page(const char *url, uint64_t total,
                     void (*item)(const struct subject *subject, uint64_t i),
                     const struct subject *subject)
{
    uint64_t start = parameter(url, "start=", 0), limit = parameter(url, "limit=", 25);
    limit = limit < 1 ? 1 : limit > PAGE_MAX ? PAGE_MAX : limit;
    start = start < total ? start : total;
    uint64_t end = total - start < limit ? total : start + limit;
    putf("{\"size\":%" PRIu64 ",\"limit\":%" PRIu64 ",\"start\":%" PRIu64 ",\"values\":[",
         end - start, limit, start);
    for (uint64_t i = start; i < end; i++) {
        if (i > start)
            put(",");
        item(subject, i);
    }
    if (end < total)
        putf("],\"isLastPage\":false,\"nextPageStart\":%" PRIu64 "}", end);
    else
        put("],\"isLastPage\":true}");
}

static void item_user(const struct subject *s, uint64_t i)
{
    (void)s;
    put_user(i);
}
static void item_project(const struct subject *s, uint64_t i)
{
    (void)s;
    put_project(i);
}
static void item_repository(const struct subject *s, uint64_t i)
{
    (void)s;
    put_repository(i);
}
static void item_group(const struct subject *s, uint64_t i)
{
    (void)s;
    put_group(i);
}
static void item_member(const struct subject *s, uint64_t i)
{
    put_user((dice(2, s->group, number[USERS]) + i) % number[USERS]);
}
static void item_global_user(const struct subject *s, uint64_t i)
{
    (void)s;
    put("{\"user\":");
    put_user(i);
    put(",\"permission\":\"ADMIN\"}");
}
static void item_global_group(const struct subject *s, uint64_t i)
{
    (void)s;
    put("{\"group\":");
    put_group(i);
    put(",\"permission\":\"LICENSED_USER\"}");
}
static void item_user_grant(const struct subject *s, uint64_t i)
{
    static const char *const levels[] = {"READ", "WRITE", "ADMIN"};
    bool here = s->repository < number[REPOSITORIES];
    uint64_t of = here ? s->repository : s->project;
    put("{\"user\":");
    put_user((dice(here ? 3 : 4, of, number[USERS]) + i) % number[USERS]);
    putf(",\"permission\":\"%s_%s\"}", here ? "REPO" : "PROJECT", levels[dice(5, of + i, 3)]);
}
static void item_group_grant(const struct subject *s, uint64_t i)
{
    bool here = s->repository < number[REPOSITORIES];
    put("{\"group\":");
    put_group((dice(6, s->project, number[GROUPS]) + i) % number[GROUPS]);
    putf(",\"permission\":\"%s\"}", here ? "REPO_WRITE" : "PROJECT_WRITE");
}

static void put_restriction(bool of_project, uint64_t of, uint64_t id, const char *type,
                            const char *matcher, const char *what)
{
    putf(
        "{\"id\":%" PRIu64 ",\"scope\":{\"type\":\"%s\",\"resourceId\":%" PRIu64
        "},\"type\":\"%s\",\"matcher\":{\"id\":\"%s\",\"displayId\":\"%s\",\"type\":{\"id\":\"%s\","
        "\"name\":\"%s\"},\"active\":true},\"users\":[",
        id, of_project ? "PROJECT" : "REPOSITORY", of + 1, type, what, what, matcher, matcher);
    put_user(dice(7, id, number[USERS]));
    putf("],\"groups\":[\"g%05" PRIu64 "\"],\"accessKeys\":[]}", dice(8, id, number[GROUPS]));
}

/* A repository's list has its project's, too. */
static void item_restriction(const struct subject *s, uint64_t i)
{
    if (i < 2)
        put_restriction(true, s->project, s->project * 2 + i + 1, i ? "no-deletes" : "read-only",
                        "PATTERN", i ? "release/*" : "locked/**");
    else
        put_restriction(false, s->repository, 2 * number[PROJECTS] + s->repository + 1,
                        "pull-request-only", "BRANCH", "refs/heads/main");
}

static void item_key(const struct subject *s, uint64_t i)
{
    (void)i;
    putf("{\"key\":{\"id\":%" PRIu64 ",\"text\":\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%016" PRIx64
         " ci\",\"label\":\"ci-%" PRIu64 "\",\"algorithmType\":\"ED25519\",\"bitLength\":256,"
         "\"fingerprint\":\"%016" PRIx64
         "\",\"createdDate\":1760000000000},\"repository\":{\"id\":%" PRIu64
         "},\"permission\":\"REPO_WRITE\"}",
         s->repository + 1, dice(9, s->repository, UINT64_MAX), s->repository,
         dice(10, s->repository, UINT64_MAX), s->repository + 1);
}

/* ------------------------------------------------------------------ which answer */

static const char model[] =
    "{\"development\":{\"refId\":null,\"useDefault\":true},\"types\":["
    "{\"id\":\"BUGFIX\",\"displayName\":\"Bugfix\",\"enabled\":true,\"prefix\":\"bugfix/\"},"
    "{\"id\":\"FEATURE\",\"displayName\":\"Feature\",\"enabled\":true,\"prefix\":\"feature/\"}],"
    "\"scope\":{\"type\":\"REPOSITORY\",\"resourceId\":1}}";
static const char no_model[] =
    "{\"errors\":[{\"context\":null,\"message\":\"There is no branch model configuration defined\","
    "\"exceptionName\":\"com.atlassian.bitbucket.NoSuchEntityException\"}]}";

/* /projects/KEY/TAIL, /projects/KEY/repos/SLUG/TAIL */
static int answer_place(const char *url, const char *api, const char *tail, const struct subject *s)
{
    bool here = s->repository < number[REPOSITORIES];
    if (!strcmp(api, "branch-utils") && !strcmp(tail, "branchmodel/configuration")) {
        put(here ? model : no_model);
        return here ? 200 : 404;
    }
    if (!strcmp(api, "branch-permissions") && !strcmp(tail, "restrictions"))
        put_page(url, here ? 3 : 2, item_restriction, s);
    else if (!strcmp(api, "keys") && !strcmp(tail, "ssh"))
        put_page(url, here && s->repository % 10 == 0, item_key, s);
    else if (!strcmp(tail, "permissions/users"))
        put_page(url, number[USERS] < 2 ? number[USERS] : 2, item_user_grant, s);
    else if (!strcmp(tail, "permissions/groups"))
        put_page(url, !here, item_group_grant, s);
    else if (!strcmp(tail, "permissions/PROJECT_READ/all"))
        put(s->project % 3 ? "{\"permitted\":false}" : "{\"permitted\":true}");
    else if (!strncmp(tail, "permissions/", 12))
        put("{\"permitted\":false}");
    else if (here && !strcmp(tail, "default-branch"))
        put("{\"id\":\"refs/heads/main\",\"displayId\":\"main\",\"type\":\"BRANCH\"}");
    else
        return 404;
    return 200;
}

static int answer_instance(const char *url, const char *what)
{
    struct subject s = {.group = parameter(url, "context=g", 0)};
    if (!strcmp(what, "application-properties"))
        put("{\"version\":\"9.4.2\",\"buildNumber\":\"9004002\",\"displayName\":\"Bitbucket\"}");
    else if (!strcmp(what, "admin/users"))
        put_page(url, number[USERS], item_user, &s);
    else if (!strcmp(what, "admin/groups"))
        put_page(url, number[GROUPS], item_group, &s);
    else if (!strcmp(what, "admin/groups/more-members"))
        put_page(url, number[USERS] < 50 ? number[USERS] : 50, item_member, &s);
    else if (!strcmp(what, "admin/permissions/users"))
        put_page(url, 1, item_global_user, &s);
    else if (!strcmp(what, "admin/permissions/groups"))
        put_page(url, 1, item_global_group, &s);
    else if (!strcmp(what, "admin/rate-limit/settings"))
        put("{\"enabled\":false}");
    else if (!strcmp(what, "projects"))
        put_page(url, number[PROJECTS], item_project, &s);
    else if (!strcmp(what, "repos"))
        put_page(url, number[REPOSITORIES], item_repository, &s);
    else
        return 404;
    return 200;
}

/* The body of the answer; gives the status. */
static int answer(const char *url)
{
    char api[32], what[128];
    int at = 0;
    struct subject s = {.repository = UINT64_MAX};
    body.size = 0;
    int status = 404;
    if (!strcmp(url, "/requests")) {
        putf("%" PRIu64, requests);
        return 200;
    }
    requests++;
    if (sscanf(url, "/rest/%31[^/]/latest/projects/P%" SCNu64 "%n", api, &s.project, &at) == 2 &&
        s.project < number[PROJECTS]) {
        int more = 0;
        if (sscanf(url + at, "/repos/r%" SCNu64 "%n", &s.repository, &more) == 1)
            at += more;
        if (sscanf(url + at, "/%127[^?]", what) == 1 &&
            (!more || s.repository < number[REPOSITORIES]))
            status = answer_place(url, api, what, &s);
    } else if (sscanf(url, "/rest/api/latest/%127[^?]", what) == 1) {
        status = answer_instance(url, what);
    }
    if (!body.size)
        put("{\"message\":\"HTTP 404 Not Found\",\"status-code\":404,\"sub-code\":-1}");
    return status;
}

/* ------------------------------------------------------------------ HTTP */

static const char *date(void)
{
    static char text[64];
    static time_t last;
    time_t now = time(NULL);
    if (now != last) {
        struct tm tm;
        gmtime_r(&now, &tm);
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        last = now;
    }
    return text;
}

static void forget(struct connection *c)
{
    close(c->fd);
    free(c->out);
    free(c);
}

static void append(struct connection *c, const char *bytes, size_t size)
{
    if (c->out_room - c->out_size < size) {
        c->out_room = (c->out_size + size) * 2;
        c->out = checked(realloc(c->out, c->out_room));
    }
    memcpy(c->out + c->out_size, bytes, size);
    c->out_size += size;
}

static void respond(struct connection *c, const char *url)
{
    char head[512];
    int status = answer(url);
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %d %s\r\nDate: %s\r\nX-AUSERNAME: u00000\r\n"
                        "Cache-Control: private, no-cache\r\n"
                        "Content-Type: application/json;charset=UTF-8\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        status, status == 200 ? "OK" : "Not Found", date(), body.size);
    append(c, head, (size_t)size);
    append(c, body.at, body.size);
}

/* false: the connection is over. */
static bool flush(struct connection *c)
{
    while (c->out_sent < c->out_size) {
        ssize_t sent = send(c->fd, c->out + c->out_sent, c->out_size - c->out_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            return false;
        if (sent < 0)
            break;
        c->out_sent += (size_t)sent;
    }
    bool done = c->out_sent == c->out_size;
    if (done)
        c->out_sent = c->out_size = 0;
    struct epoll_event event = {.events = EPOLLIN | (done ? 0 : EPOLLOUT), .data.ptr = c};
    if (done == !c->waiting)
        return true;
    c->waiting = !done;
    return !epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* All requests that are there. They have no bodies: GET is all there is. */
static bool serve(struct connection *c)
{
    size_t done = 0;
    for (;;) {
        char *start = c->in + done, *end = memmem(start, c->got - done, "\r\n\r\n", 4);
        if (!end)
            break;
        char *url = start + 4, *space = memchr(url, ' ', (size_t)(end - start));
        if (strncmp(start, "GET /", 5) != 0 || !space || space > end)
            return false;
        *space = '\0';
        respond(c, url);
        done = (size_t)(end + 4 - c->in);
    }
    memmove(c->in, c->in + done, c->got - done);
    c->got -= done;
    return c->got < IN_MAX - 1;
}

static bool receive(struct connection *c)
{
    ssize_t got = recv(c->fd, c->in + c->got, IN_MAX - 1 - c->got, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (!got)
        return false;
    c->got += (size_t)got;
    return serve(c);
}

static void greet(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0)
        return;
    struct connection *c = checked(calloc(1, sizeof *c));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event))
        forget(c);
}

static int listen_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 512) ||
        getsockname(fd, (struct sockaddr *)&address, &size))
        die("cannot listen");
    printf("http://127.0.0.1:%d\n", ntohs(address.sin_port));
    if (fflush(stdout))
        die("stdout");
    return fd;
}

static void loop(int listener)
{
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.ptr = NULL};
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (poll_fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event))
        die("epoll");
    for (;;) {
        int count = epoll_wait(poll_fd, events, EVENTS, -1);
        if (count < 0 && errno != EINTR)
            die("epoll");
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c)
                greet(listener);
            else if (((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !receive(c)) ||
                     !flush(c))
                forget(c);
        }
    }
}

static void read_options(int argc, char **argv)
{
    static const struct option options[] = {
        {"projects", required_argument, NULL, PROJECTS},
        {"repositories", required_argument, NULL, REPOSITORIES},
        {"users", required_argument, NULL, USERS},
        {"groups", required_argument, NULL, GROUPS},
        {"seed", required_argument, NULL, SEED},
        {"help", no_argument, NULL, NUMBERS},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option < 0 || option > NUMBERS)
            exit(2);
        if (option == NUMBERS) {
            fputs(help, stdout);
            exit(0);
        }
        number[option] = strtoull(optarg, NULL, 10);
    }
    if (!number[PROJECTS] || !number[USERS] || !number[GROUPS]) {
        fputs("responder: at least one project, one user and one group\n", stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    pid_t parent = getppid();
    read_options(argc, argv);
    /* Nothing outlives the benchmark, however that ends. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
        exit(2);
    make_users();
    loop(listen_loopback());
}
