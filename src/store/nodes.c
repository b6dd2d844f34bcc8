/* Who runs on a store: each serving process says now and then that it lives (sql/nodes.sql). Which
 * of them decides is the lease's business (lease.c). */
#include "store/driver.h"

enum err store_node_beat(struct store *store, const struct node *node, int64_t now_ms,
                         struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_NODE_BEAT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, now_ms);
    bind_int(&binder, node->id);
    bind_text(&binder, str_of(node->host));
    bind_int(&binder, node->pid);
    bind_text(&binder, str_of(node->version));
    return statement_run(&binder, NULL, "say that this node lives", detail);
}

enum err store_node_forget(struct store *store, int64_t id, int64_t now_ms,
                           struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_NODE_FORGET, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, now_ms);
    bind_int(&binder, id);
    return statement_run(&binder, NULL, "forget nodes", detail);
}
