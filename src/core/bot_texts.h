/* Keys of the bot's own texts that the code asks the catalog for. catalog_build compares them with
 * journeys/bot/: a key without its text is a mistake there, and so is a text that no code uses. Who
 * uses a new key adds its line to bot_texts.c. Static storage, any thread. */
#pragma once

/* The keys in alphabetical order; *ret_count of them. */
const char *const *bot_text_keys(int *ret_count);
