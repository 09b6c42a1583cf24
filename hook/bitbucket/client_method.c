#include "bitbucket/client_method.h"

#define FILE_TYPE "application/octet-stream" /* the server keeps its bytes as they are */

static const char *const names[] = {
    [CLIENT_GET] = NULL,
    [CLIENT_PUT] = "PUT",
    [CLIENT_POST] = "POST",
    [CLIENT_DELETE] = "DELETE",
};

void method_clear(struct slot *slot)
{
    CURL *easy = slot->easy;
    if (slot->method != CLIENT_GET) {
        (void)curl_easy_setopt(easy, CURLOPT_MIMEPOST, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1);
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 0L);
        (void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); /* the last: the others set a method */
    }
    if (slot->own_headers)
        (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
    curl_mime_free(slot->form);
    handle_free_headers(slot->own_headers);
    slot->form = NULL;
    slot->own_headers = NULL;
    slot->method = CLIENT_GET;
    slot->plain = false;
}

static bool add_part(curl_mime *form, const struct client_part *part)
{
    curl_mimepart *made = curl_mime_addpart(form);
    if (!made || curl_mime_name(made, part->name) != CURLE_OK ||
        curl_mime_data(made, part->content.size ? part->content.at : "", part->content.size) !=
            CURLE_OK)
        return false;
    return !part->file || (curl_mime_filename(made, part->file) == CURLE_OK &&
                           curl_mime_type(made, FILE_TYPE) == CURLE_OK);
}

static bool set_form(struct slot *slot, const struct client_request *request)
{
    slot->form = curl_mime_init(slot->easy);
    if (!slot->form)
        return false;
    for (size_t i = 0; i < request->part_count; i++)
        if (!add_part(slot->form, &request->parts[i]))
            return false;
    return curl_easy_setopt(slot->easy, CURLOPT_MIMEPOST, slot->form) == CURLE_OK;
}

/* Without one, too: the length of nothing is said. */
static bool set_body(CURL *easy, struct text body)
{
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body.size ? body.at : "") == CURLE_OK;
}

static bool set_writing(struct slot *slot, const struct client_request *request)
{
    CURL *easy = slot->easy;
    slot->method = request->method;
    if (request->part_count ? !set_form(slot, request)
                            : request->method != CLIENT_DELETE && !set_body(easy, request->body))
        return false;
    /* libcurl sends again by itself what a kept connection did not answer; never a POST. */
    if (request->method == CLIENT_POST &&
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) != CURLE_OK)
        return false;
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, names[request->method]) == CURLE_OK;
}

static bool good(const struct client_request *request)
{
    bool body = request->body.size > 0, form = request->part_count > 0;
    if (request->method == CLIENT_GET || request->method == CLIENT_DELETE)
        return !body && !form;
    return !(body && form) && (size_t)request->method < sizeof names / sizeof names[0];
}

enum status method_set(struct slot *slot, const struct client_request *request,
                       const struct signer *signer, struct error *err)
{
    struct curl_slist *headers = signer->headers;
    method_clear(slot);
    if (!good(request))
        return error_set(err, STATUS_USAGE, "this request cannot have such a body");
    slot->plain = request->plain;
    if (request->plain || request->method != CLIENT_GET)
        headers = slot->own_headers = handle_request_headers(signer->headers, request);
    if (headers && curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        (request->method == CLIENT_GET || set_writing(slot, request)))
        return STATUS_OK;
    method_clear(slot);
    return error_set(err, STATUS_MEMORY, "out of memory");
}
