#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/parse.h"

#define EXPIRY_DAYS_MAX 100000
#define BITS_MAX 1000000

/* Servers up to 7.x answer {id, text, label} only; the public key's text says what it is. */
static void algorithm_of_text(struct text key, struct builder_key *out)
{
    static const struct {
        struct text prefix, algorithm;
        uint32_t bits;
    } kinds[] = {
        {TEXT("ssh-rsa "), TEXT("RSA"), 0},
        {TEXT("ssh-dss "), TEXT("DSA"), 0},
        {TEXT("ssh-ed25519 "), TEXT("ED25519"), 256},
        {TEXT("ecdsa-sha2-nistp256 "), TEXT("ECDSA"), 256},
        {TEXT("ecdsa-sha2-nistp384 "), TEXT("ECDSA"), 384},
        {TEXT("ecdsa-sha2-nistp521 "), TEXT("ECDSA"), 521},
        {TEXT("sk-ssh-ed25519@openssh.com "), TEXT("ED25519"), 256},
        {TEXT("sk-ecdsa-sha2-nistp256@openssh.com "), TEXT("ECDSA"), 256},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (text_starts(key, kinds[i].prefix)) {
            out->algorithm = kinds[i].algorithm;
            out->bits = kinds[i].bits;
        }
}

/* A date that is not there means "never" where the server knows dates (createdDate is there), and
 * "unknown" where it does not. */
static void read_dates(struct parse *p, const json_t *key, struct builder_key *out)
{
    struct fields *f = &p->fields;
    bool used, expires;
    out->created_ms =
        (int64_t)field_u64(f, key, "createdDate", OPTIONAL, &out->created_known);
    out->last_used_ms = (int64_t)field_u64(f, key, "lastAuthenticated", OPTIONAL, &used);
    uint64_t days = field_u64(f, key, "expiryDays", OPTIONAL, &expires);
    if (expires && days > EXPIRY_DAYS_MAX)
        field_fail(f, "key.expiryDays", "is too large");
    out->used = used;
    out->use_known = used || out->created_known;
    out->expiry_known = out->created_known;
    out->expires = expires && out->created_known;
    if (out->expires && parse_good(p) && out->created_ms < INT64_MAX / 2)
        out->expires_ms = out->created_ms + (int64_t)days * CLOCK_DAY;
}

void parse_key_itself(struct parse *p, const json_t *key, struct builder_key *out,
                      struct buffer *upper)
{
    struct fields *f = &p->fields;
    *out = (struct builder_key){
        .id = field_u64(f, key, "id", REQUIRED, NULL),
        .label = field_text(f, key, "label", OPTIONAL),
        .fingerprint = field_text(f, key, "fingerprint", OPTIONAL),
    };
    algorithm_of_text(field_text(f, key, "text", OPTIONAL), out);
    struct text algorithm = field_text(f, key, "algorithmType", OPTIONAL);
    for (size_t i = 0; i < algorithm.size; i++) {
        char c = algorithm.at[i];
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        buffer_add(upper, &c, 1);
    }
    if (algorithm.size)
        out->algorithm = buffer_view(upper);
    bool there;
    uint64_t bits = field_u64(f, key, "bitLength", OPTIONAL, &there);
    if (there && bits > BITS_MAX)
        field_fail(f, "key.bitLength", "is too large");
    else if (there)
        out->bits = (uint32_t)bits;
    read_dates(p, key, out);
}

void parse_key(struct parse *p, const json_t *value)
{
    struct fields *f = &p->fields;
    const json_t *key = field_object(f, value, "key", REQUIRED);
    enum permission permission = parse_level(p, value);
    bool of_project = p->target->place.scope == GRANT_PROJECT;
    const json_t *place = field_object(f, value, of_project ? "project" : "repository", OPTIONAL);
    struct builder_key row;
    struct buffer upper;
    if (place)
        parse_check_place(p, value, of_project ? "project.id" : "repository.id");
    if (!parse_good(p))
        return;
    buffer_init(&upper, SIZE_MAX);
    parse_key_itself(p, key, &row, &upper);
    if (parse_good(p))
        parse_did(p, builder_key(p->feed->builder, &row, f->err));
    if (parse_good(p))
        parse_did(p, builder_grant_key(p->feed->builder, p->target->place, row.id, permission,
                                       f->err));
    buffer_free(&upper);
}
