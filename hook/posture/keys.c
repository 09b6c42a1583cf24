/*
 * keys.c - access keys that may write: never used, stale, old, weak, in several places, about to
 * expire. A date that Bitbucket did not say is not known, and never a finding.
 */
#include "base/clock.h"
#include "posture/visit.h"
#include "snapshot/names.h"

#define GRACE (7 * CLOCK_DAY) /* a key that was made yesterday was not used yet */
#define WEAK_RSA_BITS 2048    /* below it; NIST SP 800-131A */

struct key {
    struct finder *f;
    uint64_t id;
    const struct key_record *record;
    struct text where;
    uint32_t writes; /* places where it may write */
    int64_t told_ms; /* when the snapshot was taken */
};

static struct text place_name(struct finder *f, const struct key_place *place)
{
    struct snapshot *snapshot = f->inventory.snapshot;
    if (!place->of_project)
        return names_repository(snapshot, place->id, f->arena);
    return visit_text(f, "project %.*s", TEXT_ARG(names_project(snapshot, place->id, f->arena)));
}

static bool may_write(const struct key_place *place)
{
    return permission_on_repository(place->permission) >= PERMISSION_REPO_WRITE;
}

static void add_places(const struct key *key)
{
    struct finder *f = key->f;
    struct snapshot *snapshot = f->inventory.snapshot;
    for (uint32_t i = 0; i < key->record->place_count; i++) {
        struct key_place place = decode_key_place(key->record, i);
        if (may_write(&place) && place.of_project)
            finder_evidence(f, "project/%.*s",
                            TEXT_ARG(names_project(snapshot, place.id, f->arena)));
        else if (may_write(&place))
            finder_evidence(f, "repo/%.*s",
                            TEXT_ARG(names_repository(snapshot, place.id, f->arena)));
    }
}

static bool open_finding(const struct key *key, enum posture_kind_row kind)
{
    if (!finder_open(key->f, kind, key->where))
        return false;
    finder_subject(key->f, "key/%llu", (unsigned long long)key->id);
    finder_anywhere(key->f); /* granted in one more place, it is the same finding */
    finder_evidence(key->f, "key/%llu", (unsigned long long)key->id);
    return true;
}

#define KEY_WORDS "access key %llu (%.*s)"
#define KEY_ARG(key) (unsigned long long)(key)->id, TEXT_ARG((key)->record->label)

static bool has(const struct key *key, uint8_t flag)
{
    return key->record->flags & flag;
}

/* ------------------------------------------------------------------ use and age */

static void check_use(const struct key *key)
{
    struct finder *f = key->f;
    const struct key_record *record = key->record;
    bool old_enough = !has(key, KEY_CREATED_KNOWN) || key->told_ms - record->created_ms >= GRACE;
    if (!has(key, KEY_USE_KNOWN))
        return;
    if (!has(key, KEY_USED)) {
        if (!old_enough || !open_finding(key, POSTURE_WRITE_KEY_NEVER_USED))
            return;
        finder_what(f, KEY_WORDS " was never used", KEY_ARG(key));
    } else {
        if (key->told_ms - record->last_used_ms < f->inquiry->stale_ms ||
            !open_finding(key, POSTURE_WRITE_KEY_STALE))
            return;
        finder_what(f, KEY_WORDS " was last used on %s, %s before the snapshot", KEY_ARG(key),
                    finder_date(f, record->last_used_ms),
                    finder_days(f, key->told_ms - record->last_used_ms));
    }
    if (has(key, KEY_CREATED_KNOWN))
        finder_evidence(f, "created %s", finder_date(f, record->created_ms));
    add_places(key);
    finder_close(f);
}

static void check_age(const struct key *key)
{
    struct finder *f = key->f;
    int64_t age = key->told_ms - key->record->created_ms;
    if (!has(key, KEY_CREATED_KNOWN) || age < f->inquiry->old_ms ||
        !open_finding(key, POSTURE_WRITE_KEY_OLD))
        return;
    finder_what(f, KEY_WORDS " was created on %s, %s before the snapshot", KEY_ARG(key),
                finder_date(f, key->record->created_ms), finder_days(f, age));
    add_places(key);
    finder_close(f);
}

static void check_expiry(const struct key *key)
{
    struct finder *f = key->f;
    int64_t left = key->record->expires_ms - f->inquiry->now_ms;
    if (!has(key, KEY_EXPIRES) || left >= f->inquiry->expiring_ms ||
        !open_finding(key, POSTURE_WRITE_KEY_EXPIRING))
        return;
    finder_what(f, KEY_WORDS " expires on %s, in %s", KEY_ARG(key),
                finder_date(f, key->record->expires_ms), finder_days(f, left));
    add_places(key);
    finder_close(f);
}

/* ------------------------------------------------------------------ what it is, and where */

static void check_strength(const struct key *key)
{
    struct finder *f = key->f;
    const struct key_record *record = key->record;
    bool dsa = text_equal(record->algorithm, TEXT("DSA"));
    bool rsa = text_equal(record->algorithm, TEXT("RSA")) && record->bits &&
               record->bits < WEAK_RSA_BITS;
    if ((!dsa && !rsa) || !open_finding(key, POSTURE_WRITE_KEY_WEAK))
        return;
    if (dsa)
        finder_what(f, KEY_WORDS " is a DSA key", KEY_ARG(key));
    else
        finder_what(f, KEY_WORDS " is an RSA key of %u bits", KEY_ARG(key), record->bits);
    add_places(key);
    finder_close(f);
}

static void check_shared(const struct key *key)
{
    struct finder *f = key->f;
    if (key->writes < 2 || !open_finding(key, POSTURE_WRITE_KEY_SHARED))
        return;
    finder_what(f, KEY_WORDS " may write in %u places", KEY_ARG(key), key->writes);
    add_places(key);
    finder_close(f);
}

static void check_key(struct key *key)
{
    struct text first = TEXT("");
    for (uint32_t i = 0; i < key->record->place_count; i++) {
        struct key_place place = decode_key_place(key->record, i);
        if (may_write(&place) && !key->writes++)
            first = place_name(key->f, &place);
    }
    bool expired = has(key, KEY_EXPIRES) && key->record->expires_ms <= key->f->inquiry->now_ms;
    if (!key->writes || expired)
        return;
    key->where = key->writes == 1
                     ? first
                     : visit_text(key->f, "access key %llu", (unsigned long long)key->id);
    check_use(key);
    check_age(key);
    check_strength(key);
    check_shared(key);
    check_expiry(key);
}

struct unknown { /* dates that the server does not tell */
    uint64_t created, used;
};

static void note_unknown(struct finder *f, const struct unknown *unknown)
{
    if (unknown->created)
        finder_note(f, "of %llu access keys it is not known how old they are",
                    (unsigned long long)unknown->created);
    if (unknown->used)
        finder_note(f, "of %llu access keys it is not known whether they are used",
                    (unsigned long long)unknown->used);
}

void keys_find(struct finder *f)
{
    const struct inventory *inventory = &f->inventory;
    struct unknown unknown = {0, 0};
    for (uint32_t i = 0; i < inventory->key_count && !f->failed; i++) {
        struct key_record record;
        struct key key = {.f = f,
                          .id = inventory->keys[i].id,
                          .record = &record,
                          .told_ms = snapshot_meta_record(inventory->snapshot)->meta.started_ms};
        if (!decode_key(inventory->keys[i].body, &record))
            continue; /* inventory_read() has seen them all */
        check_key(&key);
        unknown.created += key.writes && !has(&key, KEY_CREATED_KNOWN);
        unknown.used += key.writes && !has(&key, KEY_USE_KNOWN);
    }
    note_unknown(f, &unknown);
}
