/* Evaluating a compiled condition on a person's facts. The recursion is bounded: by the depth of
 * nesting, and along a chain of "or" or "and" by the length of the source. */
#include "core/condition_tree.h"
#include "core/decide.h"

static struct fact_value operand_value(const struct condition_operand *operand,
                                       const struct facts *facts)
{
    if (operand->fact >= 0) {
        struct fact_value value = facts_read(facts, operand->fact);
        trace_fact(facts->world->trace, operand->fact, &value);
        return value;
    }
    return (struct fact_value){
        .known = true, .number = operand->number, .text = operand->text, .yes = operand->yes};
}

static bool numbers_hold(enum condition_op op, double left, double right)
{
    switch (op) {
    case CONDITION_EQUAL:
        return !(left < right) && !(left > right);
    case CONDITION_DIFFERENT:
        return left < right || left > right;
    case CONDITION_LESS:
        return left < right;
    case CONDITION_AT_MOST:
        return left <= right;
    case CONDITION_MORE:
        return left > right;
    case CONDITION_AT_LEAST:
        return left >= right;
    case CONDITION_OR:
    case CONDITION_AND:
    case CONDITION_NOT:
    case CONDITION_YES:
        break;
    }
    return false;
}

static bool comparison_holds(const struct condition_node *node, const struct facts *facts)
{
    struct fact_value left = operand_value(&node->left_operand, facts);
    if (node->op == CONDITION_YES) {
        return left.known && left.yes;
    }
    struct fact_value right = operand_value(&node->right_operand, facts);
    if (!left.known || !right.known) {
        return false;
    }
    bool equal = false;
    switch (node->left_operand.type) {
    case FACT_NUMBER:
        return numbers_hold(node->op, left.number, right.number);
    case FACT_TEXT:
        equal = str_equal(left.text, right.text);
        break;
    case FACT_BOOL:
        equal = left.yes == right.yes;
        break;
    }
    return node->op == CONDITION_EQUAL ? equal : !equal;
}

static bool node_holds(const struct condition_node *node, const struct facts *facts)
{
    switch (node->op) {
    case CONDITION_OR:
        return node_holds(node->left, facts) || node_holds(node->right, facts);
    case CONDITION_AND:
        return node_holds(node->left, facts) && node_holds(node->right, facts);
    case CONDITION_NOT:
        return !node_holds(node->left, facts);
    case CONDITION_YES:
    case CONDITION_EQUAL:
    case CONDITION_DIFFERENT:
    case CONDITION_LESS:
    case CONDITION_AT_MOST:
    case CONDITION_MORE:
    case CONDITION_AT_LEAST:
        return comparison_holds(node, facts);
    }
    return false;
}

bool condition_holds(const struct condition *condition, const struct facts *facts)
{
    struct trace *trace = facts->world->trace;
    int first = trace_condition_begin(trace);
    bool holds = node_holds(condition->root, facts);
    trace_condition_end(trace, first, condition->source, holds);
    return holds;
}
