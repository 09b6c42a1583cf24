#include "command/wrapped.h"

#include <stdio.h>

#include "base/text.h"

void wrapped_print(const char *text, unsigned indent, unsigned width)
{
    struct text rest = text_of(text), word;
    size_t column = 0;
    while (text_next_field(&rest, ' ', &word)) {
        bool fits = indent + column + 1 + word.size <= width;
        if (column && fits) {
            column += (size_t)printf(" ");
        } else if (column) {
            printf("\n%*s", (int)indent, "");
            column = 0;
        }
        printf("%.*s", TEXT_ARG(word));
        column += word.size;
    }
    printf("\n");
}
