/* Feeds every file of a folder to one fuzz target, so that plain builds, the sanitizers and
 * valgrind repeat what fuzzing once found. One TAP case for each file; a finding ends the program.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_BYTES_MAX = 1 << 20 };

/* Reads the file into a block of exactly its size, so that a read past the end is seen. */
static uint8_t *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    struct stat status;
    uint8_t *data = NULL;
    if (fstat(fileno(file), &status) == 0 && status.st_size <= SEED_BYTES_MAX) {
        size_t size = (size_t)status.st_size;
        data = malloc(size > 0 ? size : 1);
        if (data != NULL && fread(data, 1, size, file) != size) {
            free(data);
            data = NULL;
        }
        *ret_size = size;
    }
    fclose(file);
    return data;
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    struct dirent **entries;
    int count = scandir(argv[1], &entries, is_seed, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no seeds in %s\n", argv[0], argv[1]);
        return 1;
    }
    printf("1..%d\n", count);
    int failed = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
        size_t size = 0;
        uint8_t *data = read_file(path, &size);
        if (data == NULL) {
            printf("not ok %d - cannot read %s\n", i + 1, entries[i]->d_name);
            failed = 1;
        } else {
            LLVMFuzzerTestOneInput(data, size);
            printf("ok %d - %s\n", i + 1, entries[i]->d_name);
        }
        fflush(stdout);
        free(data);
        free(entries[i]);
    }
    free(entries);
    return failed;
}
