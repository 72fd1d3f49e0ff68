"""Enhancement of realistic prompts: categories that must be added, and words that must not."""

import re

import pytest

from shared.contracts.job_catalog import MediaType, Quality
from shared.prompts.rules.rule_enhancer import enhance
from shared.prompts.rules.tokens import estimate_tokens

SUN = r"sun\w*|golden hour|daylight|morning|afternoon|noon"
OPEN_AIR = r"sky|horizon|breeze|clouds?|grass|street|sunlight|golden hour"
CAMERA = r"lens|photo\w*|footage|macro|telephoto|realistic|\d+mm|catchlights?"
COLOUR = r"colou?r\w*|golden|warm|orange|blue|vivid|neon|natural"
MOTION = r"waves?|breeze|ripples?|sways?|rolling"

# Prompt, categories that are added, and a pattern that must not be.
PROMPTS = [
    ("a city street at night", "style light composition lens detail", SUN),
    ("a wolf howling at the moon", "style light composition lens detail", SUN),
    ("campfire under the stars", "style light composition lens detail", SUN),
    ("northern lights over a frozen lake", "style composition lens detail", SUN),
    ("moonlit cemetery, fog", "style composition lens detail", SUN),
    ("macro of a bee on lavender", "light composition detail", r"wide\S*|landscape|24mm|300mm"),
    ("extreme close-up of an eye", "style light detail", r"wide\S*|whole figure|24mm|35mm"),
    ("wide shot of a valley", "style light lens detail", r"macro|close|85mm|telephoto"),
    ("old town square, black and white", "light composition lens detail", COLOUR),
    ("sepia portrait of a soldier", "light lens detail", COLOUR),
    ("a quiet library", "style light composition lens detail", OPEN_AIR),
    ("a bedroom in the morning", "style light composition lens detail", OPEN_AIR),
    ("a cave with a small pool", "style light composition lens detail", OPEN_AIR),
    ("the inside of a cathedral", "style light composition lens detail", OPEN_AIR),
    ("anime girl with an umbrella", "light composition detail", CAMERA),
    ("a fox in snow, watercolour", "light composition detail", CAMERA),
    ("an oil painting of a storm at sea", "light composition detail", CAMERA),
    ("a pencil sketch of a horse", "light composition detail", CAMERA),
    ("pixel art tavern", "composition", CAMERA),
    ("low poly render of a viking longship", "light composition detail", CAMERA),
    ("isometric 3D render of a bakery", "light detail", CAMERA),
    ("logo of a coffee shop", "composition detail", rf"{CAMERA}|light|shadows?"),
    ("minimalist poster of a mountain", "composition", rf"{CAMERA}|intricate|ornament"),
    ("a minimal white vase", "style light composition lens", r"intricate|ornament|rich"),
    ("a lake, windless and glassy", "style light composition lens detail", MOTION),
    ("a woman seen from behind", "style light lens detail", r"eyes|catchlights?|face|expression"),
    ("silhouette of a dancer", "style composition lens detail", r"eyes|catchlights?|clothing"),
    ("an astronaut on mars", "style light composition lens detail", r"eyes|catchlights?"),
    ("skyscraper seen from below", "style light lens detail", r"eye level|from above|overhead"),
    ("a field of sunflowers without people", "style light composition lens detail", r"people"),
    ("a beach, no sunlight", "style composition lens detail", SUN),
    ("a valley, no sun", "style light composition lens detail", SUN),
    ("a beach, no sun", "style light composition lens detail", SUN),
    ("a street market, no bokeh", "light composition detail", r"bokeh|blurred|lens"),
    ("soft focus portrait of a bride", "style light detail", r"crisp|sharp"),
    ("cat asleep on a piano", "style light composition lens detail", r"ears flick|turn\w*|leap\w*"),
    ("kids playing football in the rain", "style light composition lens detail", rf"window|{SUN}"),
    ("coral reef with clownfish", "style light composition lens detail", rf"window|{OPEN_AIR}"),
    ("spaceship near a ringed planet", "style light composition lens detail", rf"{SUN}|window"),
    ("a dragon over a ruined castle", "style light composition detail", r"lens|photo\w*|window"),
    ("black and white cat on a sofa", "style light composition lens detail", r"horizon|outdoors"),
    ("a woman in a light blue dress", "style light composition lens detail", r"light"),
    ("golden retriever in the park", "style light composition lens detail", r"golden|window"),
    ("a light bulb on a desk", "style light composition lens detail", r"light|horizon|breeze"),
    ("red sports car, parked at noon", "style light composition lens detail", r"golden|late|low"),
    ("A chef plates a dessert. Steam rises.", "style light composition lens detail", OPEN_AIR),
    ("(a red fox:1.3), snow, <lora:winter:0.7>", "style light composition lens detail", r"summer"),
    ("hot dog with mustard", "style light composition lens detail", r"fur|wildlife|eye level"),
    ("a man fishing", "style light composition lens detail", r"fur|wildlife|scales"),
    ("1girl, solo, manga, 8k", "light composition", CAMERA),
    ("hyperrealistic portrait of a warrior, intricate, golden hour, bokeh", "", r"minimal"),
    ("a chess board", "style light composition lens detail", r"considered"),
    ("zebra", "style light composition lens detail", r"fur"),
]
OTHER_LANGUAGES = [
    "子供が凧で遊んでいる",
    "дети запускают змея",
    "قط نائم على البيانو",
    "고양이가 뛰어요",
    "धूप में बैठी बिल्ली",
    "Ein Mädchen mit Äpfeln",
    "un chat noir sur un toit",
    "chica joven en la playa",
    "ragazza con il cane nel parco",
    "een hond op het strand",
    "🪁 👧 🌤️",
    "...",
    "",
]


@pytest.mark.parametrize("quality", ["fast", "high"])
@pytest.mark.parametrize(("prompt", "open_categories", "unfit"), PROMPTS)
def test_what_is_open_is_said_and_nothing_that_does_not_fit(
    prompt: str, open_categories: str, unfit: str, quality: Quality
) -> None:
    enhancement = enhance(prompt, media="image", quality=quality, token_limit=75)

    assert enhancement.added == open_categories.split()
    added = enhancement.text.removeprefix(prompt.rstrip())
    assert re.search(rf"\b(?:{unfit})\b", added, re.IGNORECASE) is None, added
    assert estimate_tokens(enhancement.text) <= 75


@pytest.mark.parametrize(
    ("prompt", "unfit"),
    [
        ("a quiet library", OPEN_AIR),
        ("a lake, windless and glassy", MOTION),
        ("cat asleep on a piano", r"ears flick|turns?|leaps?|runs?"),
        ("harbour, static camera", r"camera \w+s|pan|push\S*|tracks"),
        ("a market, time-lapse", r"slow\w*|unhurried"),
        ("an empty desert", r"traffic|figures|passing"),
        ("anime girl with an umbrella", CAMERA),
    ],
)
def test_a_video_moves_only_as_its_prompt_allows(prompt: str, unfit: str) -> None:
    enhancement = enhance(prompt, media="video", quality="high", token_limit=200)

    assert enhancement.added
    added = enhancement.text.removeprefix(prompt)
    assert re.search(rf"\b(?:{unfit})\b", added, re.IGNORECASE) is None, added


@pytest.mark.parametrize("prompt", ["a red fox in the snow", "portrait of a king", "Tokyo at dusk"])
def test_a_video_gets_movement_before_all_else(prompt: str) -> None:
    enhancement = enhance(prompt, media="video", quality="fast", token_limit=200)

    assert enhancement.added[:2] == ["motion", "camera"]
    assert "motion" not in enhance(prompt, media="image", quality="fast", token_limit=75).added


@pytest.mark.parametrize("media", ["image", "video"])
@pytest.mark.parametrize("prompt", OTHER_LANGUAGES)
def test_what_cannot_be_read_stays_as_it_is(prompt: str, media: MediaType) -> None:
    enhancement = enhance(prompt, media=media, quality="high", token_limit=200)

    assert enhancement == (prompt, [], "rules")


@pytest.mark.parametrize("prompt", ["Katze", "Pikachu", "qwzx", "casa sull'acqua"])
def test_what_may_be_another_language_gets_nothing_that_could_be_wrong(prompt: str) -> None:
    enhancement = enhance(prompt, media="image", quality="high", token_limit=75)

    assert enhancement.text == f"{prompt}, considered light, balanced composition, fine detail"


@pytest.mark.parametrize(
    ("prompt", "fitting"),
    [
        ("a fox, watercolour", "paper texture"),
        ("a castle, oil painting", "brushwork"),
        ("a knight, anime", "line work"),
        ("a city street at night", "35mm lens at f/1.8"),
        ("a cat in the window", "fur"),
        ("an oak on a hill", "bark"),
        ("a red fox in the forest", "wildlife photograph"),
        ("two chefs in a kitchen", "composed in depth"),
        ("a ballerina leaping", "whole figure in frame"),
        ("a wizard in his tower", "concept art"),
    ],
)
def test_the_phrase_that_names_most_of_a_prompt_is_taken(prompt: str, fitting: str) -> None:
    enhancement = enhance(prompt, media="image", quality="high", token_limit=75)

    assert fitting in enhancement.text


def test_a_high_quality_job_gets_more_words_of_the_same() -> None:
    fast = enhance("a lighthouse in a storm", media="image", quality="fast", token_limit=75)
    high = enhance("a lighthouse in a storm", media="image", quality="high", token_limit=75)

    assert fast.added == high.added
    assert len(fast.text) < len(high.text)


def test_additions_follow_a_full_stop() -> None:
    enhancement = enhance("A king sits alone.", media="image", quality="fast", token_limit=75)

    assert re.fullmatch(r"A king sits alone\. [A-Z][^.]+\.", enhancement.text)


def test_what_counts_most_goes_in_where_there_is_little_room() -> None:
    roomy = enhance("portrait of a king", media="image", quality="fast", token_limit=75)
    tight = enhance("portrait of a king", media="image", quality="fast", token_limit=12)

    assert tight.added == roomy.added[: len(tight.added)]
    assert 0 < len(tight.added) < len(roomy.added)


@pytest.mark.parametrize("prompt", ["a red fox in the snow, " * 20, "a red fox" + ", " * 80])
def test_a_prompt_that_is_too_long_stays_as_it_is(prompt: str) -> None:
    assert enhance(prompt, media="image", quality="fast", token_limit=75) == (prompt, [], "rules")
