/* Builds the bodies by hand: half the work of a message is here, and a JSON tree would double it.
 */
#include "channel/telegram_body.h"

#include <stdio.h>

#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"
#include "channel/markdown.h"
#include "channel/out.h"
#include "channel/telegram.h"

enum {
    TEXT_UNITS_MAX = 4096,
    CAPTION_UNITS_MAX = 1024,
    TAP_UNITS_MAX = 200,
    ROW_BUTTONS_MAX = 3,
    ROW_CODE_POINTS_MAX = 28 /* what fits side by side on a small phone */
};

/* Addresses are chat ids, numbers; anything else (a @name) goes as text. */
static void put_chat(struct out *out, struct str address)
{
    struct str digits = address;
    if (digits.length > 0 && digits.ptr[0] == '-') {
        digits.ptr++;
        digits.length--;
    }
    int64_t id;
    out_text(out, "{\"chat_id\":");
    if (str_to_int64(digits, &id)) {
        out_bytes(out, address);
    } else {
        out_json(out, address);
    }
}

static bool starts_row(const struct button *buttons, int index, int in_row, size_t *row_points)
{
    size_t points = text_code_points(buttons[index].text);
    bool starts =
        in_row == 0 || in_row == ROW_BUTTONS_MAX || *row_points + points > ROW_CODE_POINTS_MAX;
    *row_points = starts ? points : *row_points + points;
    return starts;
}

static void put_keyboard(struct out *out, const struct button *buttons, int count)
{
    out_text(out, ",\"reply_markup\":{\"inline_keyboard\":[");
    size_t row_points = 0;
    int in_row = 0;
    for (int i = 0; i < count; i++) {
        if (starts_row(buttons, i, in_row, &row_points)) {
            out_text(out, i == 0 ? "[{\"text\":" : "],[{\"text\":");
            in_row = 1;
        } else {
            out_text(out, ",{\"text\":");
            in_row++;
        }
        out_json(out, buttons[i].text);
        bool link = buttons[i].url.length > 0;
        out_text(out, link ? ",\"url\":" : ",\"callback_data\":");
        out_json(out, link ? buttons[i].url : buttons[i].token);
        out_text(out, "}");
    }
    out_text(out, count > 0 ? "]]}" : "]}");
}

static void put_formatted(struct out *out, const char *member, struct markdown_text text,
                          bool is_html)
{
    out_text(out, ",\"");
    out_text(out, member);
    out_text(out, "\":");
    out_json(out, text.text);
    if (is_html) {
        out_text(out, ",\"parse_mode\":\"HTML\"");
    }
}

static struct markdown_text formatted(const struct outgoing *outgoing, struct str markdown,
                                      bool is_html)
{
    return is_html ? markdown_telegram(outgoing->arena, markdown, TEXT_UNITS_MAX)
                   : markdown_plain(outgoing->arena, markdown, TEXT_UNITS_MAX);
}

/* The picture large above the text; none: addresses in the text show nothing either. */
static void put_preview(struct out *out, struct str picture)
{
    out_text(out, ",\"link_preview_options\":{");
    if (picture.length > 0) {
        out_text(out, "\"prefer_large_media\":true,\"show_above_text\":true,\"url\":");
        out_json(out, picture);
    } else {
        out_text(out, "\"is_disabled\":true");
    }
    out_text(out, "}");
}

/* Text to an address of nobody we know. */
static struct telegram_body plain_message_body(const struct outgoing *outgoing, bool is_html)
{
    struct out out;
    out_init(&out, outgoing->arena, outgoing->act.text.length + 512);
    put_chat(&out, outgoing->act.address);
    put_formatted(&out, "text", formatted(outgoing, outgoing->act.text, is_html), is_html);
    put_preview(&out, STR_NONE);
    if (outgoing->act.button_count > 0) {
        put_keyboard(&out, outgoing->act.buttons, outgoing->act.button_count);
    }
    out_text(&out, "}");
    return (struct telegram_body){"sendMessage", out_str(&out), STR_NONE};
}

/* A picture goes as a photo with its caption or, when the text is too long for one, as a large
 * preview above the text. */
static struct telegram_body message_body(const struct outgoing *outgoing, bool is_html,
                                         struct str picture)
{
    struct out out;
    out_init(&out, outgoing->arena, outgoing->text.length + 512);
    struct markdown_text text = formatted(outgoing, outgoing->text, is_html);
    bool photo = picture.length > 0 && text.utf16_units <= CAPTION_UNITS_MAX;
    put_chat(&out, outgoing->address);
    if (photo) {
        out_text(&out, ",\"photo\":");
        out_json(&out, picture);
        put_formatted(&out, "caption", text, is_html);
    } else {
        put_formatted(&out, "text", text, is_html);
        put_preview(&out, picture);
    }
    if (outgoing->button_count > 0) {
        put_keyboard(&out, outgoing->buttons, outgoing->button_count);
    }
    out_text(&out, "}");
    return (struct telegram_body){photo ? "sendPhoto" : "sendMessage", out_str(&out), STR_NONE};
}

/* What `begin` has opened is closed here. */
static struct str tap_json(struct arena *arena, const struct act *act, const char *begin)
{
    struct out out;
    out_init(&out, arena, 256);
    out_text(&out, begin);
    out_text(&out, "\"callback_query_id\":");
    out_json(&out, act->callback_id);
    if (act->text.length > 0) {
        out_text(&out, ",\"text\":");
        out_json(&out, markdown_plain(arena, act->text, TAP_UNITS_MAX).text);
    }
    out_text(&out, "}");
    return out_str(&out);
}

static struct telegram_body tap_body(const struct outgoing *outgoing)
{
    struct str json = tap_json(outgoing->arena, &outgoing->act, "{");
    return (struct telegram_body){"answerCallbackQuery", json, STR_NONE};
}

struct str telegram_tap_answer(struct arena *arena, const struct act *act)
{
    return tap_json(arena, act, "{\"method\":\"answerCallbackQuery\",");
}

/* A picture has a caption instead of a text. One that would become too long stays as it is; its
 * buttons change all the same. */
static struct telegram_body edit_body(const struct outgoing *outgoing, bool is_html,
                                      struct str preview)
{
    const struct act *act = &outgoing->act;
    const char *method = "editMessageReplyMarkup";
    struct markdown_text text = formatted(outgoing, act->text, is_html);
    struct out out;
    out_init(&out, outgoing->arena, act->text.length + 512);
    put_chat(&out, act->address);
    out_text(&out, ",\"message_id\":");
    int64_t id;
    if (str_to_int64(act->message_id, &id)) {
        out_int(&out, id);
    } else {
        out_json(&out, act->message_id);
    }
    if (!act->is_captioned) {
        method = "editMessageText";
        put_formatted(&out, "text", text, is_html);
        put_preview(&out, preview);
    } else if (text.utf16_units <= CAPTION_UNITS_MAX) {
        method = "editMessageCaption";
        put_formatted(&out, "caption", text, is_html);
    }
    put_keyboard(&out, act->buttons, act->button_count);
    out_text(&out, "}");
    return (struct telegram_body){method, out_str(&out), STR_NONE};
}

static void put_part(struct out *out, struct str boundary, const char *head, struct str content)
{
    out_text(out, "--");
    out_bytes(out, boundary);
    out_text(out, "\r\nContent-Disposition: form-data; ");
    out_text(out, head);
    out_text(out, "\r\n\r\n");
    out_bytes(out, content);
    out_text(out, "\r\n");
}

/* Letters that are safe in a header; everything else becomes '_'. */
static struct str safe_file_name(struct arena *arena, struct str name)
{
    char *copy = arena_alloc(arena, 65);
    size_t length = name.length < 64 ? name.length : 64;
    for (size_t i = 0; i < length; i++) {
        char c = name.ptr[i];
        bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '-';
        copy[i] = safe ? c : '_';
    }
    return length > 0 ? (struct str){copy, length} : STR("file");
}

/* The boundary is the content's own hash, which the content cannot hold. */
static struct telegram_body file_body(const struct outgoing *outgoing)
{
    const struct act *act = &outgoing->act;
    struct arena *arena = outgoing->arena;
    char hex[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex(act->text, hex);
    struct str boundary = str_of(hex);
    struct str name = safe_file_name(arena, act->file_name);
    struct str head = arena_printf(arena,
                                   "name=\"document\"; filename=\"%.*s\"\r\n"
                                   "Content-Type: application/octet-stream",
                                   STR_ARG(name));
    struct out out;
    out_init(&out, arena, act->text.length + 1024);
    put_part(&out, boundary, "name=\"chat_id\"", act->address);
    put_part(&out, boundary, head.ptr, act->text);
    out_text(&out, "--");
    out_bytes(&out, boundary);
    out_text(&out, "--\r\n");
    struct str type = arena_printf(arena, "multipart/form-data; boundary=%s", hex);
    return (struct telegram_body){"sendDocument", out_str(&out), type};
}

struct telegram_body telegram_body_of(const struct outgoing *outgoing, unsigned without)
{
    bool is_html = (without & TELEGRAM_WITHOUT_MARKUP) == 0;
    bool with_picture = (without & TELEGRAM_WITHOUT_PICTURE) == 0;
    if (outgoing->delivery_id != 0) {
        return message_body(outgoing, is_html, with_picture ? outgoing->picture : STR_NONE);
    }
    switch (outgoing->act.kind) {
    case ACT_ANSWER_TAP:
        return tap_body(outgoing);
    case ACT_EDIT_MESSAGE:
        return edit_body(outgoing, is_html, with_picture ? outgoing->act.preview : STR_NONE);
    case ACT_SEND_TEXT:
        return plain_message_body(outgoing, is_html);
    case ACT_SEND_FILE:
        break;
    }
    return file_body(outgoing);
}
