/* The compiled form of a template, shared by its compiler and its renderer; nobody else looks. */
#pragma once

#include "core/facts.h"
#include "core/template.h"

enum part_kind { PART_TEXT, PART_FACT, PART_PLURAL };

enum { PLURAL_CATEGORIES = 6 };

struct plural_form {
    const char *category; /* static storage of text_plural_categories */
    struct str text;
};

struct template_part {
    enum part_kind kind;
    struct str text; /* PART_TEXT; PART_FACT: the fallback */
    int fact;
    struct plural_form forms[PLURAL_CATEGORIES];
    int form_count;
};

struct template
{
    struct str source;
    const char *language;
    struct template_part *parts;
    int part_count, part_capacity;
};
