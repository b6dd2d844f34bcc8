/* Recognising overwhelm and crisis with the shipped words: sentences that mean it, and sentences
 * that only look like it. */
#include "core/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
    struct arena *arena;
    struct catalog *catalog;
};

static int set_up(void **state)
{
    struct fixture *fixture = test_calloc(1, sizeof(*fixture));
    struct mistakes mistakes;
    /* The catalog lives on without what it was built with, as when it is applied to a server. */
    struct arena *building = arena_new(64 * 1024);
    assert_int_equal(catalog_build_embedded(building, &fixture->catalog, &mistakes), OK);
    arena_free(building);
    fixture->arena = arena_new(64 * 1024);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    catalog_free(fixture->catalog);
    arena_free(fixture->arena);
    test_free(fixture);
    return 0;
}

static void assert_all(const struct fixture *fixture, const char *const *texts, size_t count,
                       const char *language, enum recognised expected)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        enum recognised found =
            catalog_recognise(fixture->catalog, fixture->arena, str_of(texts[i]), language);
        if (found != expected) {
            print_error("\"%s\" gives %d, expected %d\n", texts[i], (int)found, (int)expected);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- English ------------------------------------------------------------------------------------
 */

static const char *const OVERWHELM_EN[] = {
    "I'm overwhelmed",
    "i feel so OVERWHELMED right now",
    "This is overwhelming.",
    "it overwhelms me",
    "too much",
    "Sorry, that's too much for me today",
    "It is all just too much!!!",
    "too hard",
    "this is way too hard for me",
    "that's too difficult",
    "feels too big",
    "too stressful at the moment",
    "I'm stressed out",
    "im so stressed",
    "I am stressed",
    "I can\xe2\x80\x99t do this",
    "i cant do it",
    "I cannot do this",
    "I can't do that now",
    "I can't do anything anymore",
    "can't cope",
    "i cannot cope with everything",
    "I'm struggling",
    "I can't handle this",
    "cant handle it",
    "I can't manage it",
    "I can't keep up",
    "I can't face it",
    "I can't deal with this",
    "i can't take it anymore",
    "I can't take any more",
    "I just can't anymore",
    "can't think straight",
    "I give up",
    "I'm giving up, sorry",
    "no energy",
    "I have no strength left",
    "I don't have the energy",
    "exhausted",
    "I am completely exhausted",
    "mentally drained",
    "totally burned out",
    "burnout",
    "I'm panicking",
    "having a panic attack",
    "I'm freaking out",
    "everything is falling apart",
    "I don't know where to start",
    "in over my head",
    "swamped with work",
    "so much pressure on me",
    "please leave me alone",
    "not too much, no wait, it IS too much",
    "too much coffee and now everything is too much",
};

static const char *const NO_OVERWHELM_EN[] = {
    "I can't wait",
    "can't wait to do this!",
    "I'm not overwhelmed",
    "not really overwhelmed",
    "less overwhelmed",
    "no longer overwhelmed",
    "overwhelmed with joy",
    "It is not overwhelming",
    "that isn't overwhelming at all",
    "not too much",
    "Five minutes is never too much",
    "that wasn't too much",
    "not really too much",
    "nothing is too much for me",
    "that was too much fun",
    "I ate too much",
    "drank too much last night",
    "I slept too much",
    "too much coffee",
    "love you too much",
    "not too hard",
    "that isn't too hard",
    "it wasn't too hard",
    "laughed too hard",
    "not too difficult",
    "not too big",
    "it's never too big for me",
    "not stressed out",
    "less stressed out than before",
    "not so stressed",
    "I can't do it without you",
    "can't do this without music",
    "I can't do it tomorrow, today is better",
    "I never give up",
    "I won't give up",
    "don't give up",
    "I give up smoking",
    "I'm giving up sugar",
    "takes no energy at all",
    "it costs no energy",
    "not exhausted",
    "happily exhausted",
    "not burned out",
    "avoid burnout",
    "not panicking",
    "freaking out with joy",
    "breaking down the task into steps",
    "no longer swamped",
    "please don't leave me alone",
    "much too tool",
    "excited",
    "thank you so much",
    "too",
    "much",
    "",
    "Calm",
    "done",
    "stretch at 7:30",
    "pushing too muchly",
};

static const char *const CRISIS_EN[] = {
    "I want to kill myself",
    "i'm thinking of killing myself",
    "kms",
    "I will end my life",
    "I just want to end it all",
    "I could take my own life",
    "thoughts of suicide",
    "I feel suicidal",
    "I want to die",
    "i wanna die",
    "I wish I was dead",
    "I wish I were dead",
    "everyone is better off without me",
    "I'd rather be dead",
    "I don't want to live anymore",
    "i dont want to live like this",
    "I do not want to live",
    "I don't want to be here anymore",
    "I don't want to exist",
    "I don't want to wake up",
    "no reason to live",
    "I have nothing to live for",
    "my life is not worth living",
    "I'm tired of living",
    "I can't go on living",
    "self-harm",
    "I hurt myself again",
    "I want to hurt myself",
    "I cut myself last night",
    "I've been cutting myself",
    "I took an overdose",
    "I will hang myself",
    "jump off a bridge",
    "This is too much, I want to die",
    "I CAN\xe2\x80\x99T DO THIS I WANT TO DIE",
    "unalive myself",
    "I don't want to die laughing, I want to die",
};

static const char *const NO_CRISIS_EN[] = {
    "this deadline is killing me",
    "I could kill for a coffee",
    "killing it today",
    "kill two birds with one stone",
    "just killing time",
    "I was killing myself laughing",
    "want to die laughing",
    "I want to die of embarrassment",
    "I don't want to die",
    "never want to die",
    "my phone died",
    "watched Suicide Squad",
    "reading about suicide prevention",
    "I'm not suicidal",
    "I don't want to live here",
    "don't want to live in this city",
    "I don't want to live with my ex",
    "don't want to live without music",
    "I don't want to wake up early",
    "I don't want to wake up at 6",
    "tired of living out of a suitcase",
    "I hurt myself at the gym",
    "hurt myself while running",
    "stretch so I don't hurt myself",
    "I cut myself shaving",
    "cut myself a slice of bread",
    "cut myself some slack",
    "caffeine overdose",
    "an overdose of cuteness",
    "shoot myself in the foot",
    "the plant is dead",
    "dead tired",
    "end my workday at five",
    "end of my life story book",
    "take my life jacket",
    "the harm in myself-doubt",
};

static void english_words_are_recognised(void **state)
{
    const struct fixture *fixture = *state;
    assert_true(COUNT(OVERWHELM_EN) >= 40 && COUNT(NO_OVERWHELM_EN) >= 40);
    assert_all(fixture, OVERWHELM_EN, COUNT(OVERWHELM_EN), "en", RECOGNISED_OVERWHELM);
    assert_all(fixture, NO_OVERWHELM_EN, COUNT(NO_OVERWHELM_EN), "en", RECOGNISED_NOTHING);
    assert_all(fixture, CRISIS_EN, COUNT(CRISIS_EN), "en", RECOGNISED_CRISIS);
    assert_all(fixture, NO_CRISIS_EN, COUNT(NO_CRISIS_EN), "en", RECOGNISED_NOTHING);
}

/* ---- German -------------------------------------------------------------------------------------
 */

static const char *const OVERWHELM_DE[] = {
    "Ich bin überfordert",
    "ich bin gerade total ÜBERFORDERT",
    "bin ueberfordert",
    "das ist überfordernd",
    "reine Überforderung",
    "zu viel",
    "Das ist mir zu viel",
    "mir ist gerade alles zuviel!!",
    "zu schwer",
    "das ist mir zu schwierig",
    "zu groß für mich",
    "ZU GROSS",
    "viel zu anstrengend",
    "zu stressig heute",
    "ich bin gestresst",
    "so viel Stress",
    "das schaffe ich nicht",
    "schaff ich nicht",
    "Ich schaffe das nicht",
    "ich schaff das nicht",
    "ich schaffe es nicht",
    "ich schaff's nicht",
    "ich schaffe das alles nicht",
    "ich schaffe gar nichts",
    "Ich kann nicht mehr",
    "ich kann das nicht",
    "ich kann das gerade nicht",
    "ich pack das nicht",
    "ich packe es nicht",
    "ich krieg das nicht hin",
    "ich bekomme das nicht hin",
    "ich komme nicht hinterher",
    "keine Kraft",
    "ich habe keine Energie",
    "dafür habe ich keinen Nerv",
    "bin total fertig",
    "fix und fertig",
    "ich bin am Ende",
    "am Limit",
    "ich bin am Anschlag",
    "völlig erschöpft",
    "ausgelaugt",
    "ausgebrannt",
    "Burnout",
    "mir wächst alles über den Kopf",
    "ich gebe auf",
    "ich geb auf",
    "ich weiß nicht wo ich anfangen soll",
    "Ich weiss nicht, wo ich anfangen soll",
    "ich habe Panik",
    "ich bin verzweifelt",
    "ich halte das nicht aus",
    "ich breche zusammen",
    "lass mich in Ruhe",
    "nicht zu viel? Doch, zu viel!",
};

static const char *const NO_OVERWHELM_DE[] = {
    "Ich kann's kaum erwarten",
    "ich kann es kaum erwarten",
    "nicht überfordert",
    "bin gar nicht überfordert",
    "nicht mehr überfordert",
    "weniger überfordert",
    "nicht zu viel",
    "das ist gar nicht zu viel",
    "fünf Minuten sind nie zu viel",
    "nicht wirklich zu viel",
    "zu viel gegessen",
    "gestern zu viel getrunken",
    "zu viel Kaffee",
    "zu viel Spaß gehabt",
    "zu viel des Guten",
    "nicht zu schwer",
    "das ist gar nicht zu schwer",
    "nicht zu schwierig",
    "nicht zu groß",
    "nicht zu anstrengend",
    "nicht zu stressig",
    "nicht gestresst",
    "weniger gestresst",
    "kein bisschen gestresst",
    "ich schaffe es nicht vor acht",
    "ich schaffe es nicht bis heute Abend",
    "ich schaffe das",
    "das schaffe ich",
    "ich kann nicht mehr warten",
    "ich kann nicht mehr aufhören",
    "ich kann nicht mehr klagen",
    "ich kann nicht mehr ohne Musik",
    "ich kann das nicht lesen",
    "ich kann das nicht oft genug sagen",
    "hat keine Kraft gekostet",
    "kostet keine Energie",
    "total fertig mit der Arbeit",
    "bin am Ende der Straße",
    "bin am Ende doch gegangen",
    "nicht erschöpft",
    "angenehm erschöpft",
    "erschöpft aber glücklich",
    "nicht ausgebrannt",
    "Mütze über den Kopf gezogen",
    "ich gebe nicht auf",
    "ich gebe auf mich acht",
    "ich gebe auf keinen Fall auf",
    "nicht verzweifelt",
    "ich halte es nicht aus vor Freude",
    "keine Panik",
    "ruhig",
    "viel zu gut gelaunt",
    "zu",
    "viel",
    "morgen um acht dehnen",
    "fertig",
    "kraftvoll",
};

static const char *const CRISIS_DE[] = {
    "Ich will mich umbringen",
    "ich bringe mich um",
    "ich bring mich um",
    "ich denke daran, mich umzubringen",
    "ich will mich töten",
    "ich will mir das Leben nehmen",
    "ich nehme mir das Leben",
    "ich will mein Leben beenden",
    "meinem Leben ein Ende setzen",
    "ich denke an Selbstmord",
    "Suizid",
    "ich habe Suizidgedanken",
    "bin suizidal",
    "ich will sterben",
    "ich möchte sterben",
    "dass ich sterben will",
    "ich will nicht mehr leben",
    "ich mag nicht mehr leben",
    "ich will nicht weiterleben",
    "ich will nicht mehr da sein",
    "ich will nicht mehr aufwachen",
    "ich wäre lieber tot",
    "ich wünschte, ich wäre tot",
    "ohne mich wären alle besser dran ohne mich",
    "keinen Grund zu leben",
    "mein Leben hat keinen Sinn",
    "ich bin lebensmüde",
    "ich ritze mich",
    "ich habe mich geritzt",
    "ich will mich selbst verletzen",
    "ich könnte mir etwas antun",
    "ich habe Angst, mir was anzutun",
    "ich will mich aufhängen",
    "von der Brücke springen",
    "ich gehe vor den Zug",
    "mir ist alles zu viel, ich will nicht mehr leben",
};

static const char *const NO_CRISIS_DE[] = {
    "das bringt mich um den Schlaf",
    "das bringt mich noch um",
    "sterben vor Lachen",
    "ich will nicht sterben",
    "dass ich nicht sterben will",
    "ohne Kaffee kann ich ohne ihn nicht mehr leben",
    "ich will hier nicht mehr leben",
    "ich will nicht mehr leben wie früher",
    "so früh nicht mehr aufwachen",
    "ich möchte nachts nicht mehr aufwachen",
    "bin doch nicht lebensmüde",
    "keine Suizidgedanken",
    "eine Überdosis Schokolade",
    "Überdosis Kaffee heute",
    "durch die Ritzen zieht es",
    "ich habe mich beim Kochen selbst verletzt",
    "todmüde",
    "die Pflanze ist tot",
    "das Leben genießen",
    "ich bringe mich in Form",
    "ich nehme mir das Buch",
    "mir etwas Gutes tun",
    "um mich herum",
    "der Selbstmordkommandofilm",
    "ein Zug nach Berlin",
    "die Brücke springt ins Auge",
    "leben und leben lassen",
};

static void german_words_are_recognised(void **state)
{
    const struct fixture *fixture = *state;
    assert_true(COUNT(OVERWHELM_DE) >= 40 && COUNT(NO_OVERWHELM_DE) >= 40);
    assert_all(fixture, OVERWHELM_DE, COUNT(OVERWHELM_DE), "de", RECOGNISED_OVERWHELM);
    assert_all(fixture, NO_OVERWHELM_DE, COUNT(NO_OVERWHELM_DE), "de", RECOGNISED_NOTHING);
    assert_all(fixture, CRISIS_DE, COUNT(CRISIS_DE), "de", RECOGNISED_CRISIS);
    assert_all(fixture, NO_CRISIS_DE, COUNT(NO_CRISIS_DE), "de", RECOGNISED_NOTHING);
}

/* ---- both ---------------------------------------------------------------------------------------
 */

static void the_other_language_is_tried_too(void **state)
{
    const struct fixture *fixture = *state;
    assert_all(fixture, OVERWHELM_DE, COUNT(OVERWHELM_DE), "en", RECOGNISED_OVERWHELM);
    assert_all(fixture, CRISIS_EN, COUNT(CRISIS_EN), "de", RECOGNISED_CRISIS);
    assert_all(fixture, CRISIS_DE, COUNT(CRISIS_DE), "pt", RECOGNISED_CRISIS);
}

static void long_and_broken_texts_do_no_harm(void **state)
{
    const struct fixture *fixture = *state;
    enum { LENGTH = 32 * 1024 };
    char *text = test_malloc(LENGTH);
    for (size_t i = 0; i < LENGTH; i++) {
        text[i] = "too muc "[i % 8];
    }
    struct str view = {text, LENGTH};
    assert_int_equal(catalog_recognise(fixture->catalog, fixture->arena, view, "en"),
                     RECOGNISED_NOTHING);
    memcpy(text, "too much ", 9);
    assert_int_equal(catalog_recognise(fixture->catalog, fixture->arena, view, "en"),
                     RECOGNISED_OVERWHELM);
    memset(text, 0xff, LENGTH);
    assert_int_equal(catalog_recognise(fixture->catalog, fixture->arena, view, "en"),
                     RECOGNISED_NOTHING);
    assert_int_equal(catalog_recognise(fixture->catalog, fixture->arena, STR_NONE, "en"),
                     RECOGNISED_NOTHING);
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_words_are_recognised),
        cmocka_unit_test(german_words_are_recognised),
        cmocka_unit_test(the_other_language_is_tried_too),
        cmocka_unit_test(long_and_broken_texts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
