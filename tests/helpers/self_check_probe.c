/*
 * self_check_probe - the self-check of a sync on its own: a snapshot that is there against a Bitbucket
 * that has changed since.
 *
 * usage: self_check_probe URL AUTH-FILE SNAPSHOT REPOSITORIES SEED
 *
 * Prints the counts, one a line, then the differences.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bitbucket/self_check.h"
#include "snapshot/reader.h"

static int fail(const struct error *err)
{
    fprintf(stderr, "self_check_probe: %s\n", err->text);
    return 2;
}

static int check(struct client *client, struct snapshot *snapshot, char **argv)
{
    struct self_check got;
    struct error err = {STATUS_OK, ""};
    if (self_check_run(client, snapshot, strtoul(argv[4], NULL, 10), strtoull(argv[5], NULL, 10),
                       &got, &err) != STATUS_OK)
        return fail(&err);
    printf("repositories %llu\npairs %llu\nundecided %llu\ntoo_much %llu\ntoo_little %llu\n"
           "unsupported %d\n%s",
           (unsigned long long)got.repositories, (unsigned long long)got.pairs,
           (unsigned long long)got.undecided, (unsigned long long)got.too_much,
           (unsigned long long)got.too_little, got.unsupported,
           got.lines.data ? got.lines.data : "");
    buffer_free(&got.lines);
    return 0;
}

int main(int argc, char **argv)
{
    struct credentials credentials;
    struct client_options options = {.credentials = &credentials, .slots = 1, .attempts = 1};
    struct client *client = NULL;
    struct snapshot *snapshot = NULL;
    struct error err = {STATUS_OK, ""};
    if (argc != 6) {
        fputs("usage: self_check_probe URL AUTH-FILE SNAPSHOT REPOSITORIES SEED\n", stderr);
        return 2;
    }
    options.base_url = argv[1];
    enum status status = credentials_read_file(argv[2], &credentials, &err);
    if (status == STATUS_OK)
        status = client_new(&options, &client, &err);
    credentials_wipe(&credentials);
    if (status == STATUS_OK)
        status = snapshot_open_mode(argv[3], NULL, 0, SNAPSHOT_MAPPED, &snapshot, &err);
    int result = status == STATUS_OK ? check(client, snapshot, argv) : fail(&err);
    snapshot_close(snapshot);
    client_free(client);
    return result;
}
