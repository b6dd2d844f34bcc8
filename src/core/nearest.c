/* Distance of two names by Damerau and Levenshtein (with neighbours swapped), three rows at a time.
 */
#include "core/nearest.h"

#include <string.h>

enum { NAME_BYTES_MAX = 48 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

int nearest_distance(struct str a, struct str b)
{
    if (a.length > NAME_BYTES_MAX || b.length > NAME_BYTES_MAX) {
        return NEAREST_FAR;
    }
    int rows[3][NAME_BYTES_MAX + 1];
    int *before = rows[0];
    int *above = rows[1];
    int *row = rows[2];
    for (size_t j = 0; j <= b.length; j++) {
        above[j] = (int)j;
    }
    for (size_t i = 1; i <= a.length; i++) {
        row[0] = (int)i;
        for (size_t j = 1; j <= b.length; j++) {
            int replaced = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1] ? 1 : 0);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        int *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b.length];
}

struct nearest nearest_to(struct str name)
{
    return (struct nearest){.name = name, .best = STR_NONE, .distance = NEAREST_FAR};
}

void nearest_offer(struct nearest *nearest, struct str candidate)
{
    int distance = nearest_distance(nearest->name, candidate);
    size_t shorter =
        nearest->name.length < candidate.length ? nearest->name.length : candidate.length;
    int allowed = shorter >= 9 ? 3 : shorter >= 5 ? 2 : 1;
    if (distance <= allowed && distance < nearest->distance) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
