/* The compiled form of a condition, shared by its compiler and its evaluator; nobody else looks. */
#pragma once

#include "core/condition.h"
#include "core/facts.h"

enum condition_op {
    CONDITION_OR,
    CONDITION_AND,
    CONDITION_NOT, /* of left */
    CONDITION_YES, /* left_operand, a yes/no */
    CONDITION_EQUAL,
    CONDITION_DIFFERENT,
    CONDITION_LESS,
    CONDITION_AT_MOST,
    CONDITION_MORE,
    CONDITION_AT_LEAST
};

struct condition_operand {
    enum fact_type type;
    int fact; /* index, or -1: the literal below */
    double number;
    struct str text;
    bool yes;
    size_t at; /* byte in the source */
};

struct condition_node {
    enum condition_op op;
    struct condition_node *left, *right;                  /* or, and, not */
    struct condition_operand left_operand, right_operand; /* all else */
};

struct condition {
    struct str source;
    struct condition_node *root;
};
