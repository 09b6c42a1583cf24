/*
 * html.h - a posture as one self-contained HTML file.
 *
 * No external request, a strict Content-Security-Policy in a meta tag, everything from outside
 * escaped, charts as inline SVG, no script.
 */
#ifndef REFGATE_POSTURE_HTML_H
#define REFGATE_POSTURE_HTML_H

#include "base/buffer.h"
#include "posture/posture.h"

/* Adds the whole document. The same posture gives the same bytes. Memory failures show in
 * out->failed. */
void posture_html(const struct posture *posture, struct buffer *out);

#endif
