/* The words that a journey's file uses for the values of enums: one list each, read both ways. */
#include "core/journey_words.h"

#include "core/experiment.h"

#include <stddef.h>

const struct schema_word SET_WORDS[] = {
    {"original", SET_ORIGINAL}, {"optimized", SET_OPTIMIZED}, {"both", SET_BOTH}, {NULL, 0}};

const struct schema_word CLASS_WORDS[] = {{"reply", CLASS_REPLY},
                                          {"onboarding", CLASS_ONBOARDING},
                                          {"followup", CLASS_FOLLOWUP},
                                          {"nudge", CLASS_NUDGE},
                                          {NULL, 0}};

const struct schema_word TRIGGER_WORDS[] = {{"api", TRIGGER_NONE},
                                            {"first_contact", TRIGGER_FIRST_CONTACT},
                                            {"existing_contact", TRIGGER_EXISTING_CONTACT},
                                            {"commitment_made", TRIGGER_COMMITMENT_MADE},
                                            {"commitment_completed", TRIGGER_COMMITMENT_COMPLETED},
                                            {"commitment_missed", TRIGGER_COMMITMENT_MISSED},
                                            {"inactivity", TRIGGER_INACTIVITY},
                                            {"streak", TRIGGER_STREAK},
                                            {NULL, 0}};

const struct schema_word STAGE_WORDS[] = {{"existing_rescue", STAGE_EXISTING_RESCUE},
                                          {"existing_amplification", STAGE_EXISTING_AMPLIFICATION},
                                          {NULL, 0}};

const struct schema_word ANCHOR_WORDS[] = {{"previous", ANCHOR_PREVIOUS},
                                           {"entered", ANCHOR_ENTERED},
                                           {"planned", ANCHOR_PLANNED},
                                           {"joined", ANCHOR_JOINED},
                                           {NULL, 0}};

const struct schema_word ALLOCATION_WORDS[] = {
    {"fixed", ALLOCATION_FIXED}, {"thompson", ALLOCATION_THOMPSON}, {NULL, 0}};

const struct schema_word ENDS_WORDS[] = {{"previous", ANCHOR_PREVIOUS},
                                         {"entered", ANCHOR_ENTERED},
                                         {"planned", ANCHOR_PLANNED},
                                         {NULL, 0}};

const struct schema_word EXPECTS_WORDS[] = {{"nothing", EXPECTS_NOTHING},
                                            {"button", EXPECTS_BUTTON},
                                            {"text", EXPECTS_TEXT},
                                            {"button_or_text", EXPECTS_BUTTON_OR_TEXT},
                                            {NULL, 0}};

const struct schema_word TAKES_WORDS[] = {{"text", TAKES_TEXT},
                                          {"word", TAKES_WORD},
                                          {"action", TAKES_ACTION},
                                          {"plan", TAKES_PLAN},
                                          {NULL, 0}};

const struct schema_word LEAVE_WORDS[] = {{"activity", LEAVE_ON_ACTIVITY},
                                          {"commitment_made", LEAVE_ON_COMMITMENT_MADE},
                                          {"commitment_completed", LEAVE_ON_COMMITMENT_COMPLETED},
                                          {"commitment_ended", LEAVE_ON_COMMITMENT_ENDED},
                                          {"answered", LEAVE_ON_ANSWERED},
                                          {NULL, 0}};

const struct schema_word VERB_WORDS[] = {{"complete", VERB_COMPLETE},
                                         {"overwhelmed", VERB_OVERWHELMED},
                                         {"answer", VERB_ANSWER},
                                         {"commitment_complete", VERB_COMMITMENT_COMPLETE},
                                         {"commitment_halve", VERB_COMMITMENT_HALVE},
                                         {"commitment_postpone", VERB_COMMITMENT_POSTPONE},
                                         {"commitment_drop", VERB_COMMITMENT_DROP},
                                         {"commitment_make", VERB_COMMITMENT_MAKE},
                                         {"size_up", VERB_SIZE_UP},
                                         {"size_same", VERB_SIZE_SAME},
                                         {"store", VERB_STORE},
                                         {"rate_helpful", VERB_RATE_HELPFUL},
                                         {"rate_unhelpful", VERB_RATE_UNHELPFUL},
                                         {"leave", VERB_LEAVE},
                                         {"stay", VERB_STAY},
                                         {NULL, 0}};

const char *journey_word(const struct schema_word *words, int value)
{
    for (int i = 0; words[i].word != NULL; i++) {
        if (words[i].value == value) {
            return words[i].word;
        }
    }
    return "";
}
