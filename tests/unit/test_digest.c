/* Digests and encodings against the vectors of FIPS 180, RFC 4231 and RFC 4648. */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void sha256_matches_the_standard(void **state)
{
    (void)state;
    char hex[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex(STR("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256_hex(STR_NONE, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hmac_matches_rfc_4231(void **state)
{
    (void)state;
    char hex[DIGEST_HEX_BYTES + 1];
    digest_hmac_sha256_hex(STR("Jefe"), STR("what do ya want for nothing?"), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    char key[131];
    memset(key, 0xaa, sizeof(key));
    digest_hmac_sha256_hex((struct str){key, sizeof(key)},
                           STR("Test Using Larger Than Block-Size Key - Hash Key First"), hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    digest_hmac_sha256_hex(STR_NONE, STR_NONE, hex);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void secrets_are_compared_whole(void **state)
{
    (void)state;
    assert_true(digest_equal_secret(STR("secret"), STR("secret")));
    assert_false(digest_equal_secret(STR("secre"), STR("secret")));
    assert_false(digest_equal_secret(STR("secret"), STR("secreT")));
    assert_false(digest_equal_secret(STR_NONE, STR("secret")));
    assert_false(digest_equal_secret(STR_NONE, STR_NONE));
    assert_false(digest_equal_secret(STR(""), STR("")));
}

static void random_bytes_differ(void **state)
{
    (void)state;
    unsigned char a[600] = {0};
    unsigned char b[600] = {0};
    digest_random(a, sizeof(a));
    digest_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    assert_memory_not_equal(a + 568, b + 568, 32);
}

static void base64_goes_both_ways(void **state)
{
    (void)state;
    static const struct {
        struct str bytes;
        const char *text;
        const char *url;
    } cases[] = {
        {{NULL, 0}, "", ""},
        {{"f", 1}, "Zg==", "Zg"},
        {{"fo", 2}, "Zm8=", "Zm8"},
        {{"foo", 3}, "Zm9v", "Zm9v"},
        {{"foob", 4}, "Zm9vYg==", "Zm9vYg"},
        {{"\xfb\xff\0", 3}, "+/8A", "-_8A"},
    };
    struct arena *arena = arena_new(256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(digest_base64(arena, cases[i].bytes).ptr, cases[i].text);
        assert_string_equal(digest_base64url(arena, cases[i].bytes).ptr, cases[i].url);
        struct str back = digest_base64_decode(arena, str_of(cases[i].text));
        assert_non_null(back.ptr);
        assert_true(str_equal(back, cases[i].bytes));
    }
    assert_true(str_is(digest_base64_decode(arena, STR("Zm9vYg")), "foob"));
    arena_free(arena);
}

static void invalid_base64_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"A",    "====", "Zg===", "Zm 9v", "Zm9v\n",
                                        "Zg=a", "-_8A", "Zm9vY", " Zm9v"};
    struct arena *arena = arena_new(256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(digest_base64_decode(arena, str_of(cases[i])).ptr);
    }
    assert_null(digest_base64_decode(arena, (struct str){"Zg\0A", 4}).ptr);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_matches_the_standard), cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(secrets_are_compared_whole),  cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(base64_goes_both_ways),       cmocka_unit_test(invalid_base64_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
