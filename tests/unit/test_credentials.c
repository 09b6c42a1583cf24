/* bitbucket/credentials.h: from a file, a pipe, the environment; never seen again. */
#include "tsv.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "bitbucket/credentials.h"

static char directory[PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    scratch_make(directory, sizeof directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(directory);
    return 0;
}

static const char *write_file(const char *name, const char *bytes, size_t size, mode_t mode)
{
    const char *path = scratch_path(directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static struct credentials untouched(void)
{
    struct credentials c;
    memset(&c, 'u', sizeof c);
    return c;
}

static void good_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *token, *user, *password;
    } rows[] = {
        {"token = MDM0MjM5\n", "MDM0MjM5", "", ""},
        {"token=MDM0MjM5", "MDM0MjM5", "", ""},
        {"# sync\n\n  token\t=\t abc \t\n", "abc", "", ""},
        {"user = svc\npassword = geheim\n", "", "svc", "geheim"},
        {"password = a\nuser = b\ntoken = c\n", "c", "b", "a"},
        {"user = jane doe\npassword = # ; = a  b \" ' \\n\n", "", "jane doe",
         "# ; = a  b \" ' \\n"},
        {"user = j\xc3\xb6rg@example.com\npassword = p\xc3\xa4ss:w\xc3\xb6rt\n", "",
         "j\xc3\xb6rg@example.com", "p\xc3\xa4ss:w\xc3\xb6rt"},
        {"token = a=b==\n#user = x\n", "a=b==", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct credentials c = untouched();
        struct error err = {0};
        const char *path = write_file("good", rows[i].text, strlen(rows[i].text), 0600);
        if (credentials_read_file(path, &c, &err) != STATUS_OK)
            fail_msg("row %zu: %s", i, err.text);
        assert_string_equal(c.token, rows[i].token);
        assert_string_equal(c.user, rows[i].user);
        assert_string_equal(c.password, rows[i].password);
    }
}

#define LONG_64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG_1024                                                                           \
    LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 LONG_64 \
        LONG_64 LONG_64 LONG_64 LONG_64 LONG_64

static void bad_files(void **state)
{
    (void)state;
    static const struct {
        struct text text;
        const char *says;
    } rows[] = {
        {TEXT(""), "neither a token nor"},
        {TEXT("# nothing\n\n"), "neither a token nor"},
        {TEXT("user = hunter2\n"), "a user is set without a password"},
        {TEXT("password = hunter2\n"), "a password is set without a user"},
        {TEXT("token = x\nuser = hunter2\n"), "a user is set without a password"},
        {TEXT("hunter2\n"), "line 1 is none of"},
        {TEXT("\nToken = hunter2\n"), "line 2 is none of"},
        {TEXT("token : hunter2\n"), "line 1 is none of"},
        {TEXT("= hunter2\n"), "line 1 is none of"},
        {TEXT("[bitbucket]\ntoken = hunter2\n"), "line 1 is none of"},
        {TEXT("\xef\xbb\xbftoken = hunter2\n"), "line 1 is none of"},
        {TEXT("token =\n"), "line 1: the token is empty"},
        {TEXT("user = u\npassword = \t \n"), "line 2: the password is empty"},
        {TEXT("token = hunter2\ntoken = hunter2\n"), "line 2: a second token"},
        {TEXT("token = hunter2\r\n"), "line 1: the token holds a control character"},
        {TEXT("user = u\npassword = hunt\ter2\n"),
         "line 2: the password holds a control character"},
        {TEXT("user = u\npassword = hunt\0er2\n"),
         "line 2: the password holds a control character"},
        {TEXT("user = u\npassword = hunter2\x7f\n"),
         "line 2: the password holds a control character"},
        {TEXT("token = hunter2 hunter2\n"), "line 1: the token holds what no token holds"},
        {TEXT("token = hunter2\xc3\xa4\n"), "line 1: the token holds what no token holds"},
        {TEXT("user = u\npassword = hunter2\xe4\n"), "line 2: the password is not UTF-8"},
        {TEXT("user = hunter2:x\npassword = y\n"), "line 1: the user holds a colon"},
        {TEXT("token = " LONG_1024 "\n"), "line 1: the token is too long"},
        {TEXT("user = x\npassword = hunter2\n\ntoken\n"), "line 4 is none of"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct credentials c = untouched(), same = untouched();
        struct error err = {0};
        const char *path = write_file("bad", rows[i].text.at, rows[i].text.size, 0600);
        assert_int_equal(credentials_read_file(path, &c, &err), STATUS_FORMAT);
        if (!strstr(err.text, rows[i].says) || !strstr(err.text, path))
            fail_msg("row %zu: %s", i, err.text);
        if (strstr(err.text, "hunter") || strstr(err.text, "xxxx"))
            fail_msg("row %zu tells the secret: %s", i, err.text);
        assert_memory_equal(&c, &same, sizeof c);
    }
}

static void a_value_of_the_most_bytes(void **state)
{
    (void)state;
    char text[] = "token = " LONG_1024 "\n";
    text[sizeof text - 3] = ' '; /* one less */
    struct credentials c;
    struct error err = {0};
    const char *path = write_file("most", text, sizeof text - 1, 0600);
    assert_int_equal(credentials_read_file(path, &c, &err), STATUS_OK);
    assert_int_equal(strlen(c.token), CREDENTIAL_MAX - 1);
}

static void a_file_of_the_most_bytes(void **state)
{
    (void)state;
    static char text[16 * 1024 + 1];
    memset(text, ' ', sizeof text);
    memcpy(text, "token = x\n#", 11);
    struct credentials c;
    struct error err = {0};
    const char *path = write_file("full", text, sizeof text - 1, 0600);
    assert_int_equal(credentials_read_file(path, &c, &err), STATUS_OK);
    path = write_file("full", text, sizeof text, 0600);
    assert_int_equal(credentials_read_file(path, &c, &err), STATUS_FORMAT);
    assert_non_null(strstr(err.text, "16384"));
}

static void who_may_read_it(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        enum status status;
    } rows[] = {
        {0400, STATUS_OK},    {0600, STATUS_OK},    {0640, STATUS_OK},    {0644, STATUS_TRUST},
        {0604, STATUS_TRUST}, {0660, STATUS_TRUST}, {0602, STATUS_TRUST}, {0601, STATUS_TRUST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct credentials c;
        struct error err = {0};
        const char *path = write_file("mode", "token = hunter2\n", 16, 0600);
        assert_int_equal(chmod(path, rows[i].mode), 0);
        enum status status = credentials_read_file(path, &c, &err);
        if (status != rows[i].status)
            fail_msg("mode %04o: %d %s", (unsigned)rows[i].mode, status, err.text);
        if (status != STATUS_OK)
            assert_non_null(strstr(err.text, path));
        assert_int_equal(unlink(path), 0);
    }
}

static void no_file(void **state)
{
    (void)state;
    struct credentials c;
    struct error err = {0};
    assert_int_equal(credentials_read_file(scratch_path(directory, "none"), &c, &err),
                     STATUS_NOT_FOUND);
    assert_int_equal(credentials_read_file(directory, &c, &err), STATUS_TRUST);
    assert_int_equal(credentials_read_fd(-1, &c, &err), STATUS_IO);
}

static void from_a_pipe(void **state)
{
    (void)state;
    int ends[2];
    struct credentials c;
    struct error err = {0};
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "user = a\npass", 13), 13);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) { /* the rest later, in pieces */
        bool good = write(ends[1], "word", 4) == 4 && write(ends[1], " = b", 4) == 4;
        _exit(good ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(credentials_read_fd(ends[0], &c, &err), STATUS_OK);
    close(ends[0]);
    assert_string_equal(c.user, "a");
    assert_string_equal(c.password, "b");
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
}

static void environment(const char *token, const char *user, const char *password)
{
    const char *const names[] = {"REFGATE_TOKEN", "REFGATE_USER", "REFGATE_PASSWORD"};
    const char *const values[] = {token, user, password};
    for (size_t i = 0; i < 3; i++)
        if (values[i])
            setenv(names[i], values[i], 1);
        else
            unsetenv(names[i]);
}

static void from_the_environment(void **state)
{
    (void)state;
    static const struct {
        const char *token, *user, *password;
        enum status status;
        const char *says;
    } rows[] = {
        {"hunter2", NULL, NULL, STATUS_OK, ""},
        {NULL, "svc", "hunter2", STATUS_OK, ""},
        {"hunter2", "svc", " hunter2 ", STATUS_OK, ""},
        {"hunter2", "", "", STATUS_OK, ""}, /* empty is not set */
        {NULL, NULL, NULL, STATUS_NOT_FOUND, "REFGATE_TOKEN is not set"},
        {"", "", "", STATUS_NOT_FOUND, "REFGATE_TOKEN is not set"},
        {NULL, "svc", NULL, STATUS_FORMAT, "a user is set without a password"},
        {NULL, NULL, "hunter2", STATUS_FORMAT, "a password is set without a user"},
        {"hunter2\n", NULL, NULL, STATUS_FORMAT, "REFGATE_TOKEN holds a control character"},
        {"hunter2", "s:c", "hunter2", STATUS_FORMAT, "REFGATE_USER holds a colon"},
        {LONG_1024, NULL, NULL, STATUS_FORMAT, "REFGATE_TOKEN is too long"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct credentials c = untouched(), same = untouched();
        struct error err = {0};
        environment(rows[i].token, rows[i].user, rows[i].password);
        enum status status = credentials_read_environment(&c, &err);
        if (status != rows[i].status || !strstr(err.text, rows[i].says) ||
            strstr(err.text, "hunter"))
            fail_msg("row %zu: %d %s", i, status, err.text);
        assert_null(getenv("REFGATE_TOKEN"));
        assert_null(getenv("REFGATE_USER"));
        assert_null(getenv("REFGATE_PASSWORD"));
        if (status != STATUS_OK) {
            assert_memory_equal(&c, &same, sizeof c);
            continue;
        }
        assert_string_equal(c.token, rows[i].token ? rows[i].token : "");
        assert_string_equal(c.user, rows[i].user ? rows[i].user : "");
        assert_string_equal(c.password, rows[i].password ? rows[i].password : "");
    }
}

/* /proc/PID/environ shows the memory that the values lie in. */
static void the_environment_is_wiped(void **state)
{
    (void)state;
    char token[] = "REFGATE_TOKEN=hunter2", user[] = "REFGATE_USER=us:er",
         password[] = "REFGATE_PASSWORD=pass";
    struct credentials c;
    struct error err = {0};
    putenv(token);
    putenv(user); /* no good: the others are wiped all the same */
    putenv(password);
    assert_int_equal(credentials_read_environment(&c, &err), STATUS_FORMAT);
    assert_memory_equal(token, "REFGATE_TOKEN=\0\0\0\0\0\0\0", sizeof token);
    assert_memory_equal(user, "REFGATE_USER=\0\0\0\0\0", sizeof user);
    assert_memory_equal(password, "REFGATE_PASSWORD=\0\0\0\0", sizeof password);
}

static void wiping(void **state)
{
    (void)state;
    struct credentials c = untouched(), zero;
    memset(&zero, 0, sizeof zero);
    credentials_wipe(&c);
    assert_memory_equal(&c, &zero, sizeof c);
}

static void no_core(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct rlimit limit = {1, 1};
        credentials_protect_process();
        bool good = !getrlimit(RLIMIT_CORE, &limit) && limit.rlim_cur == 0 && limit.rlim_max == 0 &&
                    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
        _exit(good ? 0 : 1);
    }
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"files are read as they are written", good_files, 0, 0, 0},
        {"what is no good is named by its line, never by its value", bad_files, 0, 0, 0},
        {"a value of the most bytes is taken", a_value_of_the_most_bytes, 0, 0, 0},
        {"a file of more than 16 KiB is refused", a_file_of_the_most_bytes, 0, 0, 0},
        {"the file's group may read it, others may not", who_may_read_it, 0, 0, 0},
        {"a missing file is not found, a directory is none", no_file, 0, 0, 0},
        {"a pipe is read to its end", from_a_pipe, 0, 0, 0},
        {"the environment gives the same, and forgets it", from_the_environment, 0, 0, 0},
        {"the environment's memory is wiped", the_environment_is_wiped, 0, 0, 0},
        {"credentials are wiped", wiping, 0, 0, 0},
        {"who knows a secret leaves no core file", no_core, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("credentials", tests, set_up, tear_down);
}
