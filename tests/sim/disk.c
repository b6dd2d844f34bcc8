/* Every file has two contents: what processes see, and what would be there after a loss of power.
 * They share their pages until one of them is written to, so that a sync and a crash copy pointers.
 * A crash replaces each file by a new one with the second content; open handles keep the old one,
 * which refuses everything. Locks and the shared memory of the write-ahead log live in the file,
 * too, so they are gone with it. */
#include "disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

enum {
    LOCK_SLOTS = 8,
    REGIONS_MAX = 64,
    PATH_BYTES = 256,
    PAGE_BYTES = 4096,
    CHUNK_BYTES = 2 * 1024 * 1024 /* of pages; one piece for the kernel, too */
};

struct page {
    union {
        int64_t users; /* contents that hold it */
        struct page *next_free;
    };
    unsigned char data[PAGE_BYTES];
};

struct bytes {
    struct page **pages; /* NULL: zeros */
    int64_t size;
    int64_t capacity; /* pages */
};

struct handle;

struct file {
    struct file *next;
    char path[PATH_BYTES];
    struct bytes seen, kept;
    /* Pages written and not synced, each once; is_cut: made shorter and not synced. */
    int64_t *written;
    bool *is_written;
    int64_t written_count, written_capacity;
    bool is_cut;
    int handles;
    sqlite3 *connection; /* that opened it last */
    bool is_dead;        /* of before the crash */
    bool is_deleted;     /* goes with its last handle */
    /* locks of the file: how many share it, who has more */
    int shared;
    struct handle *reserved, *pending, *exclusive;
    /* memory of the write-ahead log */
    void *regions[REGIONS_MAX];
    int region_count;
    int slot_shared[LOCK_SLOTS];
    struct handle *slot_exclusive[LOCK_SLOTS];
    int maps;
};

struct disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *before; /* the default before us */
    struct file *files;
    struct page *free_pages;
    void **chunks;
    int chunk_count;
    disk_hook *hook;
    void *context;
};

struct handle {
    sqlite3_file base; /* first */
    struct disk *disk;
    struct file *file;
    int level;
    unsigned slots_shared, slots_exclusive;
    bool is_mapped;
};

/* ---- contents ---- */

static void make_pages(struct disk *disk)
{
    unsigned char *chunk = aligned_alloc(CHUNK_BYTES, CHUNK_BYTES);
    ASSERT(chunk != NULL);
    madvise(chunk, CHUNK_BYTES, MADV_HUGEPAGE);
    disk->chunks =
        realloc((void *)disk->chunks, (size_t)(disk->chunk_count + 1) * sizeof(*disk->chunks));
    ASSERT(disk->chunks != NULL);
    disk->chunks[disk->chunk_count++] = chunk;
    for (size_t i = 0; i < CHUNK_BYTES / sizeof(struct page); i++) {
        struct page *page = (struct page *)(chunk + i * sizeof(struct page));
        page->next_free = disk->free_pages;
        disk->free_pages = page;
    }
}

static struct page *page_new(struct disk *disk)
{
    if (disk->free_pages == NULL) {
        make_pages(disk);
    }
    struct page *page = disk->free_pages;
    disk->free_pages = page->next_free;
    page->users = 1;
    return page;
}

static void page_release(struct disk *disk, struct page *page)
{
    if (page != NULL && --page->users == 0) {
        page->next_free = disk->free_pages;
        disk->free_pages = page;
    }
}

static int64_t pages_of(int64_t size)
{
    return (size + PAGE_BYTES - 1) / PAGE_BYTES;
}

static void bytes_grow(struct bytes *bytes, int64_t size)
{
    int64_t count = pages_of(size);
    if (count > bytes->capacity) {
        int64_t capacity = bytes->capacity == 0 ? 64 : bytes->capacity;
        while (capacity < count) {
            capacity *= 2;
        }
        bytes->pages = realloc((void *)bytes->pages, (size_t)capacity * sizeof(*bytes->pages));
        ASSERT(bytes->pages != NULL);
        memset((void *)(bytes->pages + bytes->capacity), 0,
               (size_t)(capacity - bytes->capacity) * sizeof(*bytes->pages));
        bytes->capacity = capacity;
    }
    bytes->size = size > bytes->size ? size : bytes->size;
}

/* The page at the index, for writing: nobody else has it. */
static struct page *own_page(struct disk *disk, struct bytes *bytes, int64_t index)
{
    struct page *page = bytes->pages[index];
    if (page != NULL && page->users == 1) {
        return page;
    }
    struct page *own = page_new(disk);
    if (page == NULL) {
        memset(own->data, 0, PAGE_BYTES);
    } else {
        memcpy(own->data, page->data, PAGE_BYTES);
        page_release(disk, page);
    }
    bytes->pages[index] = own;
    return own;
}

static void bytes_cut(struct disk *disk, struct bytes *bytes, int64_t size)
{
    if (size >= bytes->size) {
        return;
    }
    for (int64_t i = pages_of(size); i < pages_of(bytes->size); i++) {
        page_release(disk, bytes->pages[i]);
        bytes->pages[i] = NULL;
    }
    if (size % PAGE_BYTES != 0 && bytes->pages[size / PAGE_BYTES] != NULL) {
        struct page *last = own_page(disk, bytes, size / PAGE_BYTES);
        memset(last->data + size % PAGE_BYTES, 0, (size_t)(PAGE_BYTES - size % PAGE_BYTES));
    }
    bytes->size = size;
}

static void bytes_free(struct disk *disk, struct bytes *bytes)
{
    bytes_cut(disk, bytes, 0);
    free((void *)bytes->pages);
    *bytes = (struct bytes){0};
}

static void note_written(struct file *file, int64_t index)
{
    if (index >= file->written_capacity) {
        int64_t capacity = file->seen.capacity;
        file->written = realloc(file->written, (size_t)capacity * sizeof(*file->written));
        file->is_written = realloc(file->is_written, (size_t)capacity * sizeof(*file->is_written));
        ASSERT(file->written != NULL && file->is_written != NULL);
        memset(file->is_written + file->written_capacity, 0,
               (size_t)(capacity - file->written_capacity) * sizeof(*file->is_written));
        file->written_capacity = capacity;
    }
    if (!file->is_written[index]) {
        file->is_written[index] = true;
        file->written[file->written_count++] = index;
    }
}

/* The page is there after a loss of power, too. */
static void keep_page(struct disk *disk, struct file *file, int64_t index)
{
    if (index >= pages_of(file->seen.size)) {
        return; /* cut meanwhile */
    }
    int64_t end = (index + 1) * PAGE_BYTES;
    bytes_grow(&file->kept, end < file->seen.size ? end : file->seen.size);
    page_release(disk, file->kept.pages[index]);
    file->kept.pages[index] = file->seen.pages[index];
    if (file->kept.pages[index] != NULL) {
        file->kept.pages[index]->users++;
    }
}

static void file_sync(struct disk *disk, struct file *file)
{
    if (file->is_cut) {
        bytes_cut(disk, &file->kept, file->seen.size);
        file->is_cut = false;
    }
    for (int64_t i = 0; i < file->written_count; i++) {
        keep_page(disk, file, file->written[i]);
        file->is_written[file->written[i]] = false;
    }
    file->written_count = 0;
    bytes_grow(&file->kept, file->seen.size);
}

static void file_free(struct disk *disk, struct file *file)
{
    for (int i = 0; i < file->region_count; i++) {
        free(file->regions[i]);
    }
    bytes_free(disk, &file->seen);
    bytes_free(disk, &file->kept);
    free(file->written);
    free(file->is_written);
    free(file);
}

static struct file *file_find(const struct disk *disk, const char *path)
{
    for (struct file *file = disk->files; file != NULL; file = file->next) {
        if (strcmp(file->path, path) == 0) {
            return file;
        }
    }
    return NULL;
}

static struct file *file_new(const char *path)
{
    struct file *file = calloc(1, sizeof(*file));
    ASSERT(file != NULL && strlen(path) < PATH_BYTES);
    memcpy(file->path, path, strlen(path) + 1);
    return file;
}

static void file_unlink(struct disk *disk, struct file *file)
{
    struct file **at = &disk->files;
    while (*at != file) {
        at = &(*at)->next;
    }
    *at = file->next;
    file->is_deleted = true;
    if (file->handles == 0) {
        file_free(disk, file);
    }
}

static int refused(const struct handle *handle, enum disk_operation operation)
{
    static const int errors[] = {
        [DISK_READ] = SQLITE_IOERR_READ,
        [DISK_WRITE] = SQLITE_IOERR_WRITE,
        [DISK_SYNC] = SQLITE_IOERR_FSYNC,
    };
    if (handle->file->is_dead) {
        return errors[operation];
    }
    struct disk *disk = handle->disk;
    return disk->hook != NULL ? disk->hook(disk->context, operation) : SQLITE_OK;
}

/* ---- the methods of a file ---- */

static int do_close(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;
    struct file *file = handle->file;
    file->handles--;
    if (file->handles == 0 && (file->is_dead || file->is_deleted)) {
        file_free(handle->disk, file);
    }
    return SQLITE_OK;
}

static int do_read(sqlite3_file *base, void *buffer, int count, sqlite3_int64 from)
{
    struct handle *handle = (struct handle *)base;
    int code = refused(handle, DISK_READ);
    if (code != SQLITE_OK) {
        return code;
    }
    const struct bytes *seen = &handle->file->seen;
    int64_t there = seen->size > from ? seen->size - from : 0;
    there = there < count ? there : count;
    for (int64_t done = 0, part; done < there; done += part) {
        int64_t offset = (from + done) % PAGE_BYTES;
        const struct page *page = seen->pages[(from + done) / PAGE_BYTES];
        part = PAGE_BYTES - offset < there - done ? PAGE_BYTES - offset : there - done;
        if (page != NULL) {
            memcpy((char *)buffer + done, page->data + offset, (size_t)part);
        } else {
            memset((char *)buffer + done, 0, (size_t)part);
        }
    }
    if (there < count) {
        memset((char *)buffer + there, 0, (size_t)(count - there));
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

static int do_write(sqlite3_file *base, const void *data, int count, sqlite3_int64 from)
{
    struct handle *handle = (struct handle *)base;
    int code = refused(handle, DISK_WRITE);
    if (code != SQLITE_OK && code != DISK_DONE_UNTOLD) {
        return code;
    }
    struct bytes *seen = &handle->file->seen;
    bytes_grow(seen, from + count);
    for (int64_t done = 0, part; done < count; done += part) {
        int64_t index = (from + done) / PAGE_BYTES;
        int64_t offset = (from + done) % PAGE_BYTES;
        part = PAGE_BYTES - offset < count - done ? PAGE_BYTES - offset : count - done;
        memcpy(own_page(handle->disk, seen, index)->data + offset, (const char *)data + done,
               (size_t)part);
        note_written(handle->file, index);
    }
    return code == DISK_DONE_UNTOLD ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int do_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = (struct handle *)base;
    int code = refused(handle, DISK_WRITE);
    if (code == SQLITE_OK && size < handle->file->seen.size) {
        bytes_cut(handle->disk, &handle->file->seen, size);
        handle->file->is_cut = true;
    }
    return code;
}

static int do_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct handle *handle = (struct handle *)base;
    struct file *file = handle->file;
    int code = refused(handle, DISK_SYNC);
    if (code != SQLITE_OK && code != DISK_DONE_UNTOLD) {
        return code;
    }
    file_sync(handle->disk, file);
    return code == DISK_DONE_UNTOLD ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int do_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    *ret_size = ((struct handle *)base)->file->seen.size;
    return SQLITE_OK;
}

static int do_lock(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    struct file *file = handle->file;
    if (handle->level >= level) {
        return SQLITE_OK;
    }
    if (level == SQLITE_LOCK_SHARED) {
        if (file->pending != NULL || file->exclusive != NULL) {
            return SQLITE_BUSY;
        }
        file->shared++;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (file->reserved != NULL) {
            return SQLITE_BUSY;
        }
        file->reserved = handle;
    } else {
        if ((file->pending != NULL && file->pending != handle) ||
            (file->reserved != NULL && file->reserved != handle)) {
            return SQLITE_BUSY;
        }
        file->pending = handle;
        handle->level = SQLITE_LOCK_PENDING;
        if (file->shared > 1) {
            return SQLITE_BUSY;
        }
        file->exclusive = handle;
    }
    handle->level = level;
    return SQLITE_OK;
}

static int do_unlock(sqlite3_file *base, int level)
{
    struct handle *handle = (struct handle *)base;
    struct file *file = handle->file;
    if (handle->level <= level) {
        return SQLITE_OK;
    }
    file->reserved = file->reserved == handle ? NULL : file->reserved;
    file->pending = file->pending == handle ? NULL : file->pending;
    file->exclusive = file->exclusive == handle ? NULL : file->exclusive;
    if (level == SQLITE_LOCK_NONE && handle->level >= SQLITE_LOCK_SHARED) {
        file->shared--;
    }
    handle->level = level;
    return SQLITE_OK;
}

static int do_check_reserved(sqlite3_file *base, int *ret_reserved)
{
    *ret_reserved = ((struct handle *)base)->file->reserved != NULL;
    return SQLITE_OK;
}

/* The log is copied back far more often than production asks for: crashes meet that, too. */
static int do_control(sqlite3_file *base, int operation, void *argument)
{
    if (operation == SQLITE_FCNTL_PDB) {
        ((struct handle *)base)->file->connection = *(sqlite3 **)argument;
    }
    if (operation == SQLITE_FCNTL_PRAGMA) {
        char *const *words = argument;
        return strcmp(words[1], "wal_autocheckpoint") == 0 ? SQLITE_OK : SQLITE_NOTFOUND;
    }
    return SQLITE_NOTFOUND;
}

static int do_sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int do_characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- shared memory of the write-ahead log ---- */

static int do_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **ret)
{
    struct handle *handle = (struct handle *)base;
    struct file *file = handle->file;
    ASSERT(region < REGIONS_MAX);
    if (!handle->is_mapped) {
        handle->is_mapped = true;
        file->maps++;
    }
    while (file->region_count <= region) {
        if (!extend) {
            *ret = NULL;
            return SQLITE_OK;
        }
        file->regions[file->region_count] = calloc(1, (size_t)size);
        ASSERT(file->regions[file->region_count] != NULL);
        file->region_count++;
    }
    *ret = file->regions[region];
    return SQLITE_OK;
}

static int do_shm_lock(sqlite3_file *base, int from, int count, int flags)
{
    struct handle *handle = (struct handle *)base;
    struct file *file = handle->file;
    bool shared = (flags & SQLITE_SHM_SHARED) != 0;
    bool lock = (flags & SQLITE_SHM_LOCK) != 0;
    for (int i = from; lock && i < from + count; i++) {
        unsigned bit = 1u << i;
        bool others_share = file->slot_shared[i] > ((handle->slots_shared & bit) != 0);
        bool other_has = file->slot_exclusive[i] != NULL && file->slot_exclusive[i] != handle;
        if (other_has || (!shared && others_share)) {
            return SQLITE_BUSY;
        }
    }
    for (int i = from; i < from + count; i++) {
        unsigned bit = 1u << i;
        if (shared && lock && (handle->slots_shared & bit) == 0) {
            file->slot_shared[i]++;
            handle->slots_shared |= bit;
        } else if (shared && !lock && (handle->slots_shared & bit) != 0) {
            file->slot_shared[i]--;
            handle->slots_shared &= ~bit;
        } else if (!shared && lock) {
            file->slot_exclusive[i] = handle;
            handle->slots_exclusive |= bit;
        } else if (!shared && (handle->slots_exclusive & bit) != 0) {
            file->slot_exclusive[i] = NULL;
            handle->slots_exclusive &= ~bit;
        }
    }
    return SQLITE_OK;
}

static void do_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int do_shm_unmap(sqlite3_file *base, int delete)
{
    struct handle *handle = (struct handle *)base;
    struct file *file = handle->file;
    (void)delete;
    if (!handle->is_mapped) {
        return SQLITE_OK;
    }
    do_shm_lock(base, 0, LOCK_SLOTS, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
    do_shm_lock(base, 0, LOCK_SLOTS, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
    handle->is_mapped = false;
    file->maps--;
    if (file->maps == 0) { /* the index is made anew from the log */
        for (int i = 0; i < file->region_count; i++) {
            free(file->regions[i]);
        }
        file->region_count = 0;
    }
    return SQLITE_OK;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_reserved,
    .xFileControl = do_control,
    .xSectorSize = do_sector_size,
    .xDeviceCharacteristics = do_characteristics,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

/* ---- the file system ---- */

static int do_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *ret)
{
    struct disk *disk = vfs->pAppData;
    struct handle *handle = (struct handle *)base;
    int code = disk->hook != NULL ? disk->hook(disk->context, DISK_OPEN) : SQLITE_OK;
    *handle = (struct handle){.disk = disk};
    if (code != SQLITE_OK) {
        return code; /* without methods nobody closes it */
    }
    handle->base.pMethods = &METHODS;
    handle->file = path != NULL ? file_find(disk, path) : NULL;
    if (handle->file == NULL) {
        handle->file = file_new(path != NULL ? path : "");
        if (path == NULL || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0) {
            handle->file->is_deleted = true;
        } else {
            handle->file->next = disk->files;
            disk->files = handle->file;
        }
    }
    handle->file->handles++;
    if (ret != NULL) {
        *ret = flags;
    }
    return SQLITE_OK;
}

static int do_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)sync;
    struct disk *disk = vfs->pAppData;
    struct file *file = file_find(disk, path);
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    file_unlink(disk, file);
    return SQLITE_OK;
}

static int do_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    (void)flags;
    const struct file *file = file_find(vfs->pAppData, path);
    *ret = file != NULL && file->seen.size > 0;
    return SQLITE_OK;
}

static int do_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret)
{
    (void)vfs;
    ASSERT((int)strlen(path) < size);
    memcpy(ret, path, strlen(path) + 1);
    return SQLITE_OK;
}

struct disk *disk_new(void)
{
    struct disk *disk = calloc(1, sizeof(*disk));
    ASSERT(disk != NULL);
    /* Refused, without harm, after the first use. */
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    disk->before = sqlite3_vfs_find(NULL);
    disk->vfs = *disk->before;
    disk->vfs.pNext = NULL;
    disk->vfs.zName = "simulated";
    disk->vfs.szOsFile = (int)sizeof(struct handle);
    disk->vfs.mxPathname = PATH_BYTES;
    disk->vfs.pAppData = disk;
    disk->vfs.xOpen = do_open;
    disk->vfs.xDelete = do_delete;
    disk->vfs.xAccess = do_access;
    disk->vfs.xFullPathname = do_full_path;
    ASSERT(sqlite3_vfs_register(&disk->vfs, 1) == SQLITE_OK);
    return disk;
}

void disk_free(struct disk *disk)
{
    sqlite3_vfs_unregister(&disk->vfs);
    sqlite3_vfs_register(disk->before, 1);
    while (disk->files != NULL) {
        struct file *file = disk->files;
        ASSERT(file->handles == 0);
        disk->files = file->next;
        file_free(disk, file);
    }
    for (int i = 0; i < disk->chunk_count; i++) {
        free(disk->chunks[i]);
    }
    free((void *)disk->chunks);
    free(disk);
}

void disk_set_hook(struct disk *disk, disk_hook *hook, void *context)
{
    disk->hook = hook;
    disk->context = context;
}

struct sqlite3 *disk_connection(const struct disk *disk, const char *path)
{
    const struct file *file = file_find(disk, path);
    return file != NULL ? file->connection : NULL;
}

/* The file as the next process finds it. */
static struct file *survivor(struct disk *disk, struct file *file, struct dice *dice,
                             int64_t survive_permyriad)
{
    struct file *next = file_new(file->path);
    if (file->is_cut && dice_chance(dice, survive_permyriad)) {
        bytes_cut(disk, &file->kept, file->seen.size);
    }
    for (int64_t i = 0; i < file->written_count; i++) {
        if (dice_chance(dice, survive_permyriad)) {
            keep_page(disk, file, file->written[i]);
        }
    }
    next->kept = file->kept;
    file->kept = (struct bytes){0};
    bytes_grow(&next->seen, next->kept.size);
    for (int64_t i = 0; i < pages_of(next->kept.size); i++) {
        next->seen.pages[i] = next->kept.pages[i];
        if (next->seen.pages[i] != NULL) {
            next->seen.pages[i]->users++;
        }
    }
    return next;
}

void disk_crash(struct disk *disk, struct dice *dice, int64_t survive_permyriad)
{
    struct file *old = disk->files;
    disk->files = NULL;
    while (old != NULL) {
        struct file *file = old;
        old = file->next;
        struct file *next = survivor(disk, file, dice, survive_permyriad);
        next->next = disk->files;
        disk->files = next;
        file->is_dead = true;
        if (file->handles == 0) {
            file_free(disk, file);
        }
    }
}
