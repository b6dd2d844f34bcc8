/* A link is its content and a signature, both in URL-safe base64:
 *
 *   stop:<user id>:<language>        press:<user id>:<language>:<length of token>:<token><text>
 *
 * signed by HMAC-SHA256 over "mail:" and the content, cut to 16 bytes. It does not end: a link to
 * unsubscribe has to work in an old mail too, and a button that is over says so by itself. */
#include "base/digest.h"
#include "base/limits.h"
#include "channel/mail.h"
#include "channel/out.h"

enum { MAC_BYTES = 16, LINK_TEXT_MAX = 1024 };

static struct str sign(struct arena *arena, struct str secret, struct str content)
{
    unsigned char mac[DIGEST_SHA256_BYTES];
    struct out signed_text; /* byte for byte: hostile content can hold a NUL */
    out_init(&signed_text, arena, content.length + sizeof("mail:"));
    out_text(&signed_text, "mail:");
    out_bytes(&signed_text, content);
    digest_hmac_sha256(secret, out_str(&signed_text), mac);
    return digest_base64url(arena, (struct str){(const char *)mac, MAC_BYTES});
}

struct str mail_link_url(struct arena *arena, const struct mail_site *site,
                         const struct mail_link *link)
{
    bool stops = link->kind == MAIL_LINK_STOP;
    struct str content =
        stops ? arena_printf(arena, "stop:%lld:%.*s", (long long)link->user_id,
                             STR_ARG(link->language))
              : arena_printf(arena, "press:%lld:%.*s:%zu:%.*s%.*s", (long long)link->user_id,
                             STR_ARG(link->language), link->token.length, STR_ARG(link->token),
                             STR_ARG(link->text));
    struct str mac = sign(arena, site->secret, content);
    return arena_printf(arena, "%.*s/%s?token=%.*s.%.*s", STR_ARG(site->public_url),
                        stops ? "unsubscribe" : "mail/button",
                        STR_ARG(digest_base64url(arena, content)), STR_ARG(mac));
}

static struct str decode(struct arena *arena, struct str text)
{
    char *standard = arena_alloc(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        standard[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    return digest_base64_decode(arena, (struct str){standard, text.length});
}

bool mail_link_read(struct arena *arena, struct str secret, struct str token,
                    struct mail_link *ret_link)
{
    if (secret.length == 0 || token.length > LINK_TEXT_MAX) {
        return false;
    }
    struct str mac;
    struct str content = decode(arena, str_split(token, '.', &mac));
    if (content.ptr == NULL || !digest_equal_secret(mac, sign(arena, secret, content))) {
        return false;
    }
    struct str rest = content;
    struct str word = str_split(rest, ':', &rest);
    struct mail_link link = {.kind = str_is(word, "stop") ? MAIL_LINK_STOP : MAIL_LINK_BUTTON};
    struct str id = str_split(rest, ':', &rest);
    if (!str_to_int64(id, &link.user_id)) {
        return false;
    }
    link.language = str_split(rest, ':', &rest);
    if (link.kind == MAIL_LINK_BUTTON) {
        int64_t length = 0;
        if (!str_to_int64(str_split(rest, ':', &rest), &length) || length < 0 ||
            length > LIMIT_CALLBACK_BYTES || (size_t)length > rest.length) {
            return false;
        }
        link.token = (struct str){rest.ptr, (size_t)length};
        link.text = (struct str){rest.ptr + length, rest.length - (size_t)length};
    }
    *ret_link = link;
    return true;
}
