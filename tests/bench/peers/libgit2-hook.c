/*
 * libgit2-hook - the policy of the benchmark, in C, linked dynamically to the distribution's libgit2 and
 * jansson: as it would be written first.
 *
 * usage: libgit2-hook POLICY.json        (a pre-receive hook)
 *
 * Built by tests/bench/part-peers.sh. libgit2 is initialised when history is asked for. Exit codes: 0
 * accepted, 1 rejected, 2 trouble.
 */
#include <fnmatch.h>
#include <git2.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char zeros[] = "0000000000000000000000000000000000000000";

static bool exempt(const json_t *restriction, const char *user)
{
    size_t i;
    const json_t *name;
    json_array_foreach(json_object_get(restriction, "users"), i, name)
        if (json_is_string(name) && !strcmp(json_string_value(name), user))
            return true;
    return false;
}

/* 1 yes, 0 no, -1 cannot tell. */
static int descends(git_repository **repository, const char *old, const char *new)
{
    git_oid from, to;
    const char *path = getenv("GIT_DIR");
    if (!*repository &&
        (git_libgit2_init() < 0 || git_repository_open_ext(repository, path ? path : ".", 0, NULL)))
        return -1;
    if (!getenv("GIT_QUARANTINE_PATH") || git_oid_fromstr(&from, old) || git_oid_fromstr(&to, new))
        return -1;
    git_odb *objects;
    if (git_repository_odb(&objects, *repository) ||
        git_odb_add_disk_alternate(objects, getenv("GIT_QUARANTINE_PATH")))
        return -1;
    git_odb_free(objects);
    int answer = git_graph_descendant_of(*repository, &to, &from);
    return answer < 0 ? -1 : answer;
}

/* As exit codes. */
static int judge(const json_t *restriction, git_repository **repository, const char *old,
                 const char *new, const char *ref)
{
    const char *type = json_string_value(json_object_get(restriction, "type"));
    const char *pattern = json_string_value(json_object_get(restriction, "ref"));
    char full[4096];
    if (!type || !pattern || snprintf(full, sizeof full, "refs/*/%s", pattern) >= (int)sizeof full)
        return 2;
    if (fnmatch(full, ref, 0))
        return 0;
    if (!strcmp(type, "read-only")) {
        printf("%s is read-only\n", ref);
        return 1;
    }
    if (strcmp(type, "fast-forward-only") || !strcmp(old, zeros) || !strcmp(new, zeros))
        return 0;
    int answer = descends(repository, old, new);
    if (answer < 0)
        return 2;
    if (!answer)
        printf("%s takes fast-forwards only\n", ref);
    return answer ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *user = getenv("BB_USER_NAME");
    json_error_t why;
    json_t *policy = argc == 2 && user ? json_load_file(argv[1], 0, &why) : NULL;
    if (!policy)
        return 2;
    git_repository *repository = NULL;
    char old[41], new[41], ref[4096];
    int status = 0, fields;
    while ((fields = scanf("%40s %40s %4095s", old, new, ref)) == 3) {
        size_t i;
        const json_t *restriction;
        json_array_foreach(json_object_get(policy, "restrictions"), i, restriction)
        {
            int one = exempt(restriction, user) ? 0 : judge(restriction, &repository, old, new, ref);
            status = one > status ? one : status;
        }
    }
    return fields == EOF ? status : 2;
}
