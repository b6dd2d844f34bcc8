/* The bot's texts around e-mails, rendered once for each language. */
#include "cli/mail_site.h"

#include "core/facts.h"

static struct str text_of(struct arena *arena, const struct catalog *catalog, const char *language,
                          const char *key)
{
    const struct facts facts = {.arena = arena, .language = language};
    return arena_str(arena,
                     message_render(arena, catalog_text(catalog, key), catalog, &facts, true));
}

struct mail_site *mail_site_of(struct arena *arena, const struct config *config,
                               const struct catalog *catalog)
{
    int count = 0;
    const char *const *languages = catalog_languages(catalog, &count);
    struct mail_words *words = ARENA_ARRAY(arena, struct mail_words, (size_t)count);
    for (int i = 0; i < count; i++) {
        words[i] = (struct mail_words){
            .language = arena_str(arena, str_of(languages[i])),
            .why = text_of(arena, catalog, languages[i], "mail_why"),
            .unsubscribe = text_of(arena, catalog, languages[i], "mail_unsubscribe"),
            .ask = text_of(arena, catalog, languages[i], "mail_stop_ask"),
            .stop = text_of(arena, catalog, languages[i], "mail_stop"),
            .stopped = text_of(arena, catalog, languages[i], "mail_stopped"),
            .press_ask = text_of(arena, catalog, languages[i], "mail_press_ask"),
            .pressed = text_of(arena, catalog, languages[i], "mail_pressed"),
            .invalid = text_of(arena, catalog, languages[i], "mail_invalid"),
        };
    }
    struct mail_site *site = ARENA_NEW(arena, struct mail_site);
    *site = (struct mail_site){
        .words = words, .word_count = count, .public_url = str_of(config->public_url)};
    return site;
}
