#include "fuzz/fakes.h"

#include <string.h>

/* The linker's names. */
enum status __wrap_client_get(struct client *, const struct client_request *,
                              struct client_answer *, struct error *);
const char *__wrap_client_account(const struct client *, bool);
enum status __real_client_get(struct client *, const struct client_request *,
                              struct client_answer *, struct error *);
const char *__real_client_account(const struct client *, bool);
enum status __wrap_object_store_new(const struct location *, struct object_store **);
void __wrap_object_store_free(struct object_store *);
enum status __wrap_object_store_open(struct object_store *, const char **);
enum status __wrap_object_store_read(struct object_store *, const struct object_id *, bool,
                                     struct stored_object *);
void __wrap_stored_object_release(struct stored_object *);
bool __wrap_object_store_has_quarantine(const struct object_store *);
enum status __wrap_object_store_is_incoming(struct object_store *, const struct object_id *,
                                            bool *);
enum status __wrap_object_store_is_held(struct object_store *, const struct object_id *, bool *);
enum status __wrap_object_store_ref(struct object_store *, struct text, struct object_id *);
typedef bool each_ref(void *, struct text, const struct object_id *);
enum status __wrap_object_store_refs(struct object_store *, each_ref *, void *);
enum status __real_object_store_new(const struct location *, struct object_store **);
void __real_object_store_free(struct object_store *);
enum status __real_object_store_open(struct object_store *, const char **);
enum status __real_object_store_read(struct object_store *, const struct object_id *, bool,
                                     struct stored_object *);
void __real_stored_object_release(struct stored_object *);
bool __real_object_store_has_quarantine(const struct object_store *);
enum status __real_object_store_is_incoming(struct object_store *, const struct object_id *,
                                            bool *);
enum status __real_object_store_is_held(struct object_store *, const struct object_id *, bool *);
enum status __real_object_store_ref(struct object_store *, struct text, struct object_id *);
enum status __real_object_store_refs(struct object_store *, each_ref *, void *);

/* ------------------------------------------------------------------ the server */

struct fake_server *fake_server;

enum status __wrap_client_get(struct client *client, const struct client_request *request,
                              struct client_answer *out, struct error *err)
{
    static const int statuses[] = {200, 201, 204, 307, 400, 401, 403, 404, 409, 422};
    if (!fake_server)
        return __real_client_get(client, request, out, err);
    REQUIRE(!strncmp(request->url, "/rest/", 6));
    fuzz_require_plain(text_of(request->url), false, true);
    if (!fake_server->in.left || ++fake_server->asked > 200)
        return error_set(err, STATUS_IO, "the network is gone");
    int status = statuses[input_byte(&fake_server->in) % 10];
    struct text body = input_section(&fake_server->in);
    *out = (struct client_answer){.status = status, .raw = body};
    if (!request->plain)
        out->body = json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES, NULL);
    if (status == 307)
        out->location = strdup("/rest/api/latest/projects/NEW/repos/new");
    return STATUS_OK;
}

const char *__wrap_client_account(const struct client *client, bool token)
{
    return fake_server ? "admin" : __real_client_account(client, token);
}

/* ------------------------------------------------------------------ the object store */

struct fake_store *fake_store;

struct object_id fake_id(unsigned number)
{
    struct object_id id;
    memset(id.bytes, (int)number + 1, sizeof id.bytes);
    return id;
}

static struct fake_object *find(const struct object_id *id)
{
    unsigned number = id->bytes[0] - 1U;
    struct object_id same = fake_id(number);
    if (!id->bytes[0] || number >= fake_store->count || memcmp(&same, id, sizeof same) != 0)
        return NULL;
    return &fake_store->objects[number];
}

enum status __wrap_object_store_new(const struct location *location, struct object_store **out)
{
    static char nothing;
    if (!fake_store)
        return __real_object_store_new(location, out);
    *out = (struct object_store *)(void *)&nothing;
    return STATUS_OK;
}

void __wrap_object_store_free(struct object_store *store)
{
    if (!fake_store)
        __real_object_store_free(store);
}

enum status __wrap_object_store_open(struct object_store *store, const char **why)
{
    if (!fake_store)
        return __real_object_store_open(store, why);
    if (fake_store->open)
        *why = "the repository cannot be opened";
    return fake_store->open;
}

enum status __wrap_object_store_read(struct object_store *store, const struct object_id *id,
                                     bool incoming_only, struct stored_object *out)
{
    if (!fake_store)
        return __real_object_store_read(store, id, incoming_only, out);
    struct fake_object *object = find(id);
    if (!object || (incoming_only ? !object->incoming : !object->incoming && !object->held))
        return STATUS_NOT_FOUND;
    fake_store->reads++;
    if (object->status)
        return object->status;
    fake_store->kept++;
    *out = (struct stored_object){object->type,
                                  object->type == OBJECT_OTHER ? TEXT("") : object->bytes, object};
    return STATUS_OK;
}

void __wrap_stored_object_release(struct stored_object *object)
{
    if (!fake_store) {
        __real_stored_object_release(object);
        return;
    }
    fake_store->kept -= object->handle != NULL;
    object->handle = NULL;
}

bool __wrap_object_store_has_quarantine(const struct object_store *store)
{
    return fake_store ? fake_store->quarantine : __real_object_store_has_quarantine(store);
}

enum status __wrap_object_store_is_incoming(struct object_store *store, const struct object_id *id,
                                            bool *incoming)
{
    if (!fake_store)
        return __real_object_store_is_incoming(store, id, incoming);
    const struct fake_object *object = find(id);
    *incoming = object && object->incoming;
    return STATUS_OK;
}

enum status __wrap_object_store_is_held(struct object_store *store, const struct object_id *id,
                                        bool *held)
{
    if (!fake_store)
        return __real_object_store_is_held(store, id, held);
    const struct fake_object *object = find(id);
    *held = object && object->held;
    return STATUS_OK;
}

enum status __wrap_object_store_ref(struct object_store *store, struct text name,
                                    struct object_id *id)
{
    if (!fake_store)
        return __real_object_store_ref(store, name, id);
    for (size_t i = 0; i < fake_store->ref_count; i++)
        if (text_equal(fake_store->refs[i].name, name)) {
            *id = fake_id(fake_store->refs[i].object);
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

enum status __wrap_object_store_refs(struct object_store *store, each_ref *each, void *context)
{
    if (!fake_store)
        return __real_object_store_refs(store, each, context);
    for (size_t i = 0; i < fake_store->ref_count; i++) {
        struct object_id id = fake_id(fake_store->refs[i].object);
        if (!each(context, fake_store->refs[i].name, &id))
            break;
    }
    return STATUS_OK;
}
