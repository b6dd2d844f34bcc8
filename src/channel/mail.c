/* The layout of mails and of the pages their links lead to. Colours follow the reader's light or
 * dark mode; programs that drop the style sheet still show a readable column of text. */
#include "channel/mail.h"

#include <string.h>

#include "base/text.h"
#include "channel/markdown.h"
#include "channel/markdown_html.h"
#include "channel/out.h"

enum { SUBJECT_GRAPHEMES = 70, TEXT_UNITS_MAX = 24 * 1024, MAIL_BYTES = 8192 };

static const char STYLE[] =
    "<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, "
    "initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><style>"
    ":root{color-scheme:light dark}"
    "body{margin:0;padding:24px 12px;background:#f4f4f1;color:#1d1d1b;"
    "font:17px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "main{max-width:560px;margin:0 auto;padding:24px;background:#fff;border-radius:12px}"
    "img{max-width:100%;height:auto;border-radius:8px}"
    "a{color:#0b5c43}"
    ".button{display:block;box-sizing:border-box;width:100%;margin:10px 0;padding:12px 16px;"
    "border:0;border-radius:8px;background:#0b5c43;color:#fff;font:inherit;font-weight:600;"
    "text-align:center;text-decoration:none;cursor:pointer}"
    "footer{max-width:560px;margin:16px auto 0;padding:0 24px;color:#5b5b57;font-size:14px}"
    "footer a{color:inherit}"
    "@media (prefers-color-scheme:dark){body{background:#161615;color:#ededea}"
    "main{background:#232321}a{color:#7fd6b5}.button{background:#7fd6b5;color:#10231c}"
    "footer{color:#b3b3ad}}"
    "</style>";

const struct mail_words *mail_words_of(const struct mail_site *site, struct str language)
{
    for (int i = 0; i < site->word_count; i++) {
        if (str_equal(site->words[i].language, language)) {
            return &site->words[i];
        }
    }
    return &site->words[0];
}

static void open_page(struct out *out, const struct mail_words *words, struct str title)
{
    out_text(out, "<!doctype html><html lang=\"");
    out_html(out, words->language);
    out_text(out, "\"><head>");
    out_text(out, STYLE);
    out_text(out, "<title>");
    out_html(out, title);
    out_text(out, "</title></head><body><main>");
}

struct str mail_page(struct arena *arena, const struct mail_words *words, struct str text,
                     struct str button)
{
    struct out out;
    out_init(&out, arena, MAIL_BYTES);
    open_page(&out, words, text);
    out_text(&out, "<p>");
    out_html(&out, text);
    out_text(&out, "</p>");
    if (button.length > 0) {
        out_text(&out, "<form method=\"post\"><button class=\"button\">");
        out_html(&out, button);
        out_text(&out, "</button></form>");
    }
    out_text(&out, "</main></body></html>\n");
    return out_str(&out);
}

/* The first sentence, without what only ends it. */
static struct str subject_of(struct arena *arena, struct str plain)
{
    struct str rest;
    struct str line = str_trim(str_split(str_trim(plain), '\n', &rest));
    for (size_t i = 0; i + 1 < line.length; i++) {
        if (strchr(".!?", line.ptr[i]) != NULL && line.ptr[i + 1] == ' ') {
            line.length = line.ptr[i] == '.' ? i : i + 1;
            break;
        }
    }
    if (line.length > 1 && line.ptr[line.length - 1] == '.' && line.ptr[line.length - 2] != '.') {
        line.length--;
    }
    return line.length > 0 ? text_cut(arena, line, SUBJECT_GRAPHEMES) : STR("nudge");
}

static struct str button_url(struct arena *arena, const struct mail_site *site,
                             const struct outgoing *outgoing, const struct button *button)
{
    if (button->url.length > 0) {
        return button->url;
    }
    const struct mail_link link = {.kind = MAIL_LINK_BUTTON,
                                   .user_id = outgoing->user_id,
                                   .language = mail_words_of(site, outgoing->language)->language,
                                   .token = button->token,
                                   .text = button->text};
    return mail_link_url(arena, site, &link);
}

static void put_link(struct out *out, const char *attributes, struct str url, struct str text)
{
    out_text(out, "<a");
    out_text(out, attributes);
    out_text(out, " href=\"");
    out_html(out, url);
    out_text(out, "\">");
    out_html(out, text);
    out_text(out, "</a>");
}

static struct str html_of(struct arena *arena, const struct mail_words *words,
                          const struct outgoing *outgoing, const struct str *urls,
                          const struct mail *mail)
{
    struct out out;
    out_init(&out, arena, MAIL_BYTES);
    open_page(&out, words, mail->subject);
    if (outgoing->picture.length > 0) {
        out_text(&out, "<p><img src=\"");
        out_html(&out, outgoing->picture);
        out_text(&out, "\" alt=\"");
        out_html(&out, outgoing->picture_alt);
        out_text(&out, "\"></p>");
    }
    out_bytes(&out, markdown_html(arena, outgoing->text));
    for (int i = 0; i < outgoing->button_count; i++) {
        put_link(&out, " class=\"button\"", urls[i], outgoing->buttons[i].text);
    }
    out_text(&out, "</main>");
    if (mail->unsubscribe_url.length > 0) {
        out_text(&out, "<footer><p>");
        out_html(&out, words->why);
        out_text(&out, " ");
        put_link(&out, "", mail->unsubscribe_url, words->unsubscribe);
        out_text(&out, "</p></footer>");
    }
    out_text(&out, "</body></html>\n");
    return out_str(&out);
}

static struct str text_of(struct arena *arena, const struct mail_words *words,
                          const struct outgoing *outgoing, const struct str *urls,
                          const struct mail *mail, struct str plain)
{
    struct out out;
    out_init(&out, arena, MAIL_BYTES / 4);
    out_bytes(&out, plain);
    out_text(&out, "\n");
    for (int i = 0; i < outgoing->button_count; i++) {
        out_text(&out, "\n");
        out_bytes(&out, outgoing->buttons[i].text);
        out_text(&out, ":\n");
        out_bytes(&out, urls[i]);
        out_text(&out, "\n");
    }
    if (mail->unsubscribe_url.length > 0) {
        out_text(&out, "\n-- \n");
        out_bytes(&out, words->why);
        out_text(&out, "\n");
        out_bytes(&out, words->unsubscribe);
        out_text(&out, ": ");
        out_bytes(&out, mail->unsubscribe_url);
        out_text(&out, "\n");
    }
    return out_str(&out);
}

struct mail mail_compose(struct arena *arena, const struct mail_site *site,
                         const struct outgoing *outgoing)
{
    const struct mail_words *words = mail_words_of(site, outgoing->language);
    const struct mail_link stop = {
        .kind = MAIL_LINK_STOP, .user_id = outgoing->user_id, .language = words->language};
    struct str *urls = ARENA_ARRAY(arena, struct str, (size_t)outgoing->button_count + 1);
    for (int i = 0; i < outgoing->button_count; i++) {
        urls[i] = button_url(arena, site, outgoing, &outgoing->buttons[i]);
    }
    struct str plain = markdown_plain(arena, outgoing->text, TEXT_UNITS_MAX).text;
    struct mail mail = {.subject = subject_of(arena, plain), .unsubscribe_url = STR_NONE};
    if (outgoing->user_id != 0) {
        mail.unsubscribe_url = mail_link_url(arena, site, &stop);
    }
    mail.html = html_of(arena, words, outgoing, urls, &mail);
    mail.text = text_of(arena, words, outgoing, urls, &mail, plain);
    return mail;
}
