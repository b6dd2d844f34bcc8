/* The people and commitments of the reference dataset: the product's figures before the optimized
 * onboarding existed. 18 people, 75 commitments; 5 people made any, three of them 45 (12 of 15
 * completed each), 36 completed in all, 34 of those within a day, 7344 minutes (3.4 h each)
 * together. The names are trees. Times are minutes before the instant of loading. */
#include "bi/reference_data.h"

#include <stddef.h>

static const struct reference_commitment maple[] = {
    {"Read 10 pages", 300, 86210, 52, COMMITMENT_COMPLETED},
    {"Drink a glass of water", 300, 79240, 0, COMMITMENT_MISSED},
    {"Walk around the block", 600, 74845, 204, COMMITMENT_COMPLETED},
    {"Write three lines", 300, 64800, 84, COMMITMENT_COMPLETED},
    {"Tidy the desk", 120, 56160, 174, COMMITMENT_COMPLETED},
    {"Read 10 pages", 300, 47395, 154, COMMITMENT_COMPLETED},
    {"Drink a glass of water", 300, 38755, 1560, COMMITMENT_COMPLETED},
    {"Walk around the block", 600, 30240, 99, COMMITMENT_COMPLETED},
    {"Write three lines", 300, 24520, 0, COMMITMENT_MISSED},
    {"Tidy the desk", 120, 21565, 139, COMMITMENT_COMPLETED},
    {"Read 10 pages", 300, 14400, 36, COMMITMENT_COMPLETED},
    {"Drink a glass of water", 300, 8450, 124, COMMITMENT_COMPLETED},
    {"Walk around the block", 600, 5635, 69, COMMITMENT_COMPLETED},
    {"Write three lines", 300, 2880, 109, COMMITMENT_COMPLETED},
    {"Tidy the desk", 120, 90, 0, COMMITMENT_ACTIVE},
};
static const struct reference_commitment linde[] = {
    {"10 Minuten lesen", 300, 83293, 223, COMMITMENT_COMPLETED},
    {"Fünf Liegestütze", 300, 71928, 62, COMMITMENT_COMPLETED},
    {"Eine Seite Vokabeln", 600, 63243, 114, COMMITMENT_COMPLETED},
    {"Den Tisch abräumen", 300, 59093, 0, COMMITMENT_MISSED},
    {"Eine Runde um den Block", 120, 54558, 143, COMMITMENT_COMPLETED},
    {"10 Minuten lesen", 300, 44568, 163, COMMITMENT_COMPLETED},
    {"Fünf Liegestütze", 300, 37213, 1680, COMMITMENT_COMPLETED},
    {"Eine Seite Vokabeln", 600, 28763, 128, COMMITMENT_COMPLETED},
    {"Den Tisch abräumen", 300, 19933, 94, COMMITMENT_COMPLETED},
    {"Eine Runde um den Block", 120, 15893, 0, COMMITMENT_MISSED},
    {"10 Minuten lesen", 300, 12843, 29, COMMITMENT_COMPLETED},
    {"Fünf Liegestütze", 300, 6973, 78, COMMITMENT_COMPLETED},
    {"Eine Seite Vokabeln", 600, 5688, 44, COMMITMENT_COMPLETED},
    {"Den Tisch abräumen", 300, 4283, 188, COMMITMENT_COMPLETED},
    {"Eine Runde um den Block", 120, 160, 0, COMMITMENT_ACTIVE},
};
static const struct reference_commitment willow[] = {
    {"Stretch for five minutes", 300, 84761, 145, COMMITMENT_COMPLETED},
    {"Call my sister", 300, 76386, 0, COMMITMENT_MISSED},
    {"Practise one song", 600, 68856, 243, COMMITMENT_COMPLETED},
    {"Plan tomorrow", 300, 60281, 71, COMMITMENT_COMPLETED},
    {"Water the plants", 120, 51686, 131, COMMITMENT_COMPLETED},
    {"Stretch for five minutes", 300, 43001, 38, COMMITMENT_COMPLETED},
    {"Call my sister", 300, 34296, 158, COMMITMENT_COMPLETED},
    {"Practise one song", 600, 31746, 0, COMMITMENT_MISSED},
    {"Plan tomorrow", 300, 25721, 101, COMMITMENT_COMPLETED},
    {"Water the plants", 120, 17126, 53, COMMITMENT_COMPLETED},
    {"Stretch for five minutes", 300, 9926, 118, COMMITMENT_COMPLETED},
    {"Call my sister", 300, 4211, 85, COMMITMENT_COMPLETED},
    {"Practise one song", 600, 2771, 273, COMMITMENT_COMPLETED},
    {"Plan tomorrow", 300, 1331, 178, COMMITMENT_COMPLETED},
    {"Water the plants", 120, 230, 0, COMMITMENT_ACTIVE},
};
static const struct reference_commitment rowan[] = {
    {"Go for a run", 1800, 64800, 0, COMMITMENT_MISSED},
    {"Learn Spanish for an hour", 3600, 60734, 0, COMMITMENT_MISSED},
    {"Write the whole report", 5400, 56883, 0, COMMITMENT_MISSED},
    {"Clean the garage", 2700, 52862, 0, COMMITMENT_MISSED},
    {"Go for a run", 1800, 49011, 700, COMMITMENT_DROPPED},
    {"Learn Spanish for an hour", 3600, 45075, 0, COMMITMENT_MISSED},
    {"Write the whole report", 5400, 41054, 0, COMMITMENT_MISSED},
    {"Clean the garage", 2700, 37203, 0, COMMITMENT_MISSED},
    {"Go for a run", 1800, 33267, 0, COMMITMENT_MISSED},
    {"Learn Spanish for an hour", 3600, 29246, 950, COMMITMENT_DROPPED},
    {"Write the whole report", 5400, 25440, 0, COMMITMENT_MISSED},
    {"Clean the garage", 2700, 21504, 0, COMMITMENT_MISSED},
    {"Go for a run", 1800, 17438, 0, COMMITMENT_MISSED},
    {"Learn Spanish for an hour", 3600, 13587, 0, COMMITMENT_MISSED},
    {"Write the whole report", 5400, 9696, 0, COMMITMENT_MISSED},
    {"Clean the garage", 2700, 310, 0, COMMITMENT_ACTIVE},
};
static const struct reference_commitment birke[] = {
    {"Eine Stunde joggen", 1800, 38835, 0, COMMITMENT_MISSED},
    {"Den Keller aufräumen", 3600, 36333, 0, COMMITMENT_MISSED},
    {"Das Buch fertig lesen", 5400, 33740, 0, COMMITMENT_MISSED},
    {"Die Steuer machen", 2700, 31192, 0, COMMITMENT_MISSED},
    {"Eine Stunde joggen", 1800, 28690, 700, COMMITMENT_DROPPED},
    {"Den Keller aufräumen", 3600, 26012, 0, COMMITMENT_MISSED},
    {"Das Buch fertig lesen", 5400, 23594, 0, COMMITMENT_MISSED},
    {"Die Steuer machen", 2700, 20917, 0, COMMITMENT_MISSED},
    {"Eine Stunde joggen", 1800, 18369, 0, COMMITMENT_MISSED},
    {"Den Keller aufräumen", 3600, 15906, 950, COMMITMENT_DROPPED},
    {"Das Buch fertig lesen", 5400, 13359, 0, COMMITMENT_MISSED},
    {"Die Steuer machen", 2700, 10726, 0, COMMITMENT_MISSED},
    {"Eine Stunde joggen", 1800, 8263, 0, COMMITMENT_MISSED},
    {"Den Keller aufräumen", 3600, 505, 0, COMMITMENT_ACTIVE},
};

static const struct reference_person people[] = {
    {"Maple", "en", "friend", 119575, maple, 15},  {"Linde", "de", "blog", 102295, linde, 15},
    {"Willow", "en", "friend", 92215, willow, 15}, {"Rowan", "en", "blog", 67735, rowan, 16},
    {"Birke", "de", "search", 41815, birke, 14},   {"Ash", "en", "friend", 112179, NULL, 0},
    {"Elm", "en", "search", 99219, NULL, 0},       {"Fichte", "de", "blog", 87678, NULL, 0},
    {"Cedar", "en", "search", 79045, NULL, 0},     {"Aspen", "en", "friend", 63205, NULL, 0},
    {"Erle", "de", "search", 54572, NULL, 0},      {"Laurel", "en", "blog", 44478, NULL, 0},
    {"Juniper", "en", "search", 34391, NULL, 0},   {"Buche", "de", "friend", 27205, NULL, 0},
    {"Alder", "en", "search", 17125, NULL, 0},     {"Kiefer", "de", "blog", 12798, NULL, 0},
    {"Olive", "en", "search", 7045, NULL, 0},      {"Eibe", "de", "friend", 2732, NULL, 0},
};

const struct reference_person *reference_people(int *ret_count)
{
    *ret_count = sizeof(people) / sizeof(people[0]);
    return people;
}
