/* Messages as e-mails, and the links in them. One layout, in HTML and in plain text; buttons become
 * links, for a mail cannot be tapped. Links are signed and open without logging in; opening one
 * changes nothing (programs look at links before people do): its page asks, and posting does it.
 * Pure, any thread. */
#pragma once

#include "base/arena.h"
#include "channel/channel.h"

/* The words around a message in one language. */
struct mail_words {
    struct str language;
    struct str why;         /* below every mail */
    struct str unsubscribe; /* the link below it */
    struct str ask;         /* the page of that link */
    struct str stop;        /* its button */
    struct str stopped;
    struct str press_ask; /* the page of a button's link */
    struct str pressed;
    struct str invalid; /* of a link that is none of ours */
};

/* What mails and pages have in common. Not owned. */
struct mail_site {
    const struct mail_words *words; /* the first is for languages that have none */
    int word_count;
    struct str public_url; /* "https://nudge.example.org" */
    struct str secret;     /* signs links; as long as links shall hold */
};
const struct mail_words *mail_words_of(const struct mail_site *site, struct str language);

struct mail {
    struct str subject; /* the first sentence */
    struct str html;
    struct str text;
    struct str unsubscribe_url; /* "": a mail to operators (user_id 0), who cannot */
};
struct mail mail_compose(struct arena *arena, const struct mail_site *site,
                         const struct outgoing *outgoing);
/* A page of the same look: a text, and a form with one button that posts to its own address ("":
 * no form). */
struct str mail_page(struct arena *arena, const struct mail_words *words, struct str text,
                     struct str button);

/* ---- links (mail_link.c) ---- */

enum mail_link_kind { MAIL_LINK_STOP, MAIL_LINK_BUTTON };
struct mail_link {
    enum mail_link_kind kind;
    int64_t user_id;
    struct str language;
    struct str token; /* MAIL_LINK_BUTTON: of the button */
    struct str text;  /* MAIL_LINK_BUTTON: what stands on it */
};
/* The address of the link. */
struct str mail_link_url(struct arena *arena, const struct mail_site *site,
                         const struct mail_link *link);
/* Reads the parameter `token` of such an address; false when it was not made with this secret.
 * Hostile text; compared in constant time. */
bool mail_link_read(struct arena *arena, struct str secret, struct str token,
                    struct mail_link *ret_link);
