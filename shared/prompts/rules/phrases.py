"""Phrases that are added to a prompt, and the selection of those that fit it.

Each line of a table: labels of the images it fits ``|`` the phrase ``|`` an addition for high
quality. Labels are those of ``vocabulary``, ``image`` and ``video``, and ``scene`` if a place is
the subject; ``a+!b`` means a and not b. The line with the most labels wins; the prompt's hash
decides between equal ones. Phrases that conflict with the prompt are never added, so a line lists
only other exclusions.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from shared.contracts.job_catalog import MediaType, Quality
from shared.prompts.rules.prompt_analysis import Labels, PromptAnalysis, analyze
from shared.prompts.rules.vocabulary import CONFLICTS, MEDIA, NEEDLESS

STYLE = """
image                | editorial photograph | in natural colour
image                | realistic photograph | with natural colour
video                | cinematic footage | with natural colour
person+image         | documentary photograph | with honest colour
person+image         | editorial photograph | with an unposed feel
person+sport+image   | action photograph | caught at the decisive moment
beast+!tame+image    | wildlife photograph | with natural colour
tame+image           | candid photograph | with an everyday feel
insect+image         | nature photograph | with natural colour
food+image           | food magazine photograph | with honest colour
food+image           | cookbook photograph | with honest colour
object+image         | product photograph | with accurate colour
small+image          | product photograph | with accurate colour
machine+image        | cinematic photograph | with restrained colour
building+image       | architectural photograph | with restrained colour
building+image       | travel magazine photograph | with restrained colour
flower+image         | botanical photograph | with natural colour
shore+scene+image    | travel magazine photograph | with restrained colour
nature+scene+image   | nature photograph | with restrained colour
city+scene+image     | urban documentary photograph | with restrained colour
interior+scene+image | interior magazine photograph | with accurate colour
car+image            | automotive photograph | with accurate colour
ride+image           | travel magazine photograph | with natural colour
underwater+image     | marine nature photograph | with natural colour
cosmic+image         | cinematic science-fiction scene | of great scale
fantasy+image        | fantasy concept art | with a matte finish
abstract+image       | contemporary graphic artwork | with confident shapes
person+video         | documentary footage | with natural colour
beast+!tame+video    | nature documentary footage | with natural colour
insect+video         | nature documentary footage | with natural colour
nature+scene+video   | nature documentary footage | with natural colour
underwater+video     | nature documentary footage | with natural colour
edible+video         | commercial food footage | with natural colour
goods+video          | commercial product footage | with accurate colour
building+video       | architectural footage | with accurate colour
interior+scene+video | architectural footage | with accurate colour
cosmic+video         | cinematic science-fiction scene | of great scale
fantasy+video        | cinematic fantasy scene | of great scale
abstract+video       | graphic artwork | with confident shapes
plant+image          | botanical photograph | with natural colour
tree+image           | nature photograph | with natural colour
person+magic+image   | fantasy concept art | with a matte finish
person+magic+video   | cinematic fantasy scene | of great scale
drink+image          | editorial still-life photograph | with honest colour
building+magic+image | fantasy concept art | with a matte finish
building+magic+video | cinematic fantasy scene | of great scale
fantasy+image        | cinematic concept art | with a matte finish
building+magic+image | cinematic concept art | with a matte finish
person+magic+image   | cinematic concept art | with a matte finish
"""

LIGHT = """
!unlit+!rendered                               | soft directional light | shaping every form
!unlit+!weather                                | gentle side light | with gradual shadows
!unlit                                         | diffused daylight | with open shadows
night+!cosmic+!nature+!underwater              | glow of a nearby lamp | with deep shadows
night+city                                     | glow of windows and lamps | under a deep sky
night+outside+!city+!weather                   | silver moonlight | with deep shadows
night+snow                                     | pale moonlight | with long blue shadows
night+rain                                     | lamplight smeared over slick surfaces |
night+indoors                                  | warm lamplight | fading into shadow
dark+!night                                    | low-key side light | with most in shadow
person+!outside+!unlit+!studio+!active+!windowless | soft window light | coming from the left
person+studio                                  | large softbox light | with gentle fill
person+outside+!weather+!unlit+!forest+!noon   | low sunlight | from the side
person+outside+!unlit+!weather                 | even light in open shade |
person+active+!unlit+!weather+!noon            | strong side light | with defined shadows
snow+!night+!indoors                           | soft overcast daylight | with pale blue shadows
rain+!night+!indoors                           | diffuse grey light | with slick highlights
fog+!night+!indoors                            | pale diffused light | fading into the distance
storm+!night+!indoors                          | broken light under heavy cloud | with one pale gap
landscape+scene+!unlit+!weather+!indoors+!noon | golden hour light | raking across the land
landscape+!unlit+!weather+!indoors+!noon       | low side light | with long shadows
sea+scene+!unlit+!weather+!indoors+!noon       | low sun glinting on the water |
water+scene+!unlit+!weather+!indoors+!noon     | early light across the surface | with open shadows
forest+!unlit                                  | shafts of soft light between the trunks |
garden+!unlit+!weather                         | dappled light | through leaves
city+!unlit+!weather                           | late-afternoon light | with long shadows
interior+!unlit+!windowless+!outside           | soft daylight from the left | with gentle falloff
windowless+!night+!cave+!outside               | warm practical lighting | in dark surroundings
cave                                           | faint light from the entrance | catching the rock
edible+!unlit+!outside                         | soft window light | from the far side
botanical+!unlit+!indoors+!snow                | soft backlight | glowing through the edges
insect+!unlit                                  | soft diffused daylight |
goods+!outside+!unlit                          | large softbox light | with one defined highlight
car+!unlit+!indoors+!weather                   | late-afternoon light | along the body
vessel+!unlit+!indoors+!weather                | clear early light | from the side
building+!unlit+!indoors+!weather+!noon        | low side light | bringing out the relief
animal+!indoors+!unlit+!weather+!pet           | early-morning light | from low on the left
animal+indoors+!unlit                          | soft window light | from the side
pet+!outside+!unlit                            | soft window light | from the side
bird+!unlit+!indoors+!weather                  | clear early light | from the side
cosmic                                         | hard rim light | against deep black
underwater+!night                              | soft light filtering down from the surface |
fire+!underwater+!day                          | warm orange glow | with deep shadows
fantasy+!unlit                                 | ethereal backlight | through thin haze
monochrome+!unlit                              | strong side light | with deep blacks
anime+!unlit                                   | clear rim light | over flat shadows
watercolour+!unlit                             | luminous, airy light |
oil+!unlit                                     | rich side light | with deep shadows
rendered+!unlit                                | soft global illumination |
drawn+!unlit                                   | clear top light | with defined shadows
cyberpunk+modern+!day                          | neon glow from signs | with deep shadows
show+!day                                      | coloured spotlights | through smoke
person+!outside+!unlit+!studio+!active+!windowless | soft daylight | from a window on the left
ride+!unlit+!indoors+!weather+!noon            | low side light | with long shadows
noon+!indoors+!weather+!night                  | hard light from high up | with short shadows
night+building                                 | glow of floodlights | against a deep sky
"""


LENS = """
!cosmic+!underwater | 50mm lens | at f/4
!cosmic+!underwater | 35mm lens | at f/5.6
person              | 85mm lens | at f/2
person              | 50mm lens | at f/2.8
person+several      | 35mm lens | at f/5.6
person+active       | 135mm lens | at f/2.8
beast+!tame         | 300mm telephoto lens | at f/4
tame                | 85mm lens | at f/2
insect              | 100mm macro lens | at f/4
flower              | 100mm macro lens | at f/4
plant               | 100mm macro lens | at f/4
small               | 100mm macro lens | at f/8
object              | 70mm lens | at f/8
edible              | 50mm lens | at f/2.8
building            | 24mm tilt-shift lens | with straight verticals
building            | 35mm lens | at f/8
shore+scene         | 24mm wide-angle lens | at f/11
nature+scene        | 35mm lens | at f/8
city+scene          | 35mm lens | at f/5.6
city+scene+night    | 35mm lens | at f/1.8
interior+scene      | 24mm lens | with straight verticals
ride                | 70mm lens | at f/5.6
underwater          | wide-angle lens | behind a dome port
cosmic              | anamorphic lens |
"""

COMPOSITION = """
                                 | balanced composition | with clear space around the subject
!scene                           | rule-of-thirds composition | with open space on the right
person+!active+!walking+!several+!part | framed from the waist up | with space to look into
person+!active+!walking+!several | rule-of-thirds framing | with quiet space on the right
person+active                    | whole figure in frame | with space ahead
person+several                   | composed in depth | with each figure clearly apart
beast                            | seen at eye level | with open space around
insect                           | composed on a diagonal | against a smooth backdrop
flower                           | composed on a diagonal | against a smooth backdrop
edible                           | seen from a three-quarter angle | in a quiet setting
building                         | rule-of-thirds placement | with open space on the right
tree                             | rule-of-thirds placement | with open space on the right
shore+scene                      | layered foreground and distance | leading the eye inward
landscape+scene                  | distant horizon on the upper third | over a strong foreground
sea+scene                        | distant horizon on the upper third | over a strong foreground
nature+scene                     | layered depth | from near to far
city+scene                       | strong leading lines | towards a far point
interior+scene                   | central perspective | squared to the far wall
ride+!aircraft                   | three-quarter view | with space ahead
cosmic                           | composed with a vast sense of scale |
fantasy                          | low-angle composition | with monumental proportions
minimal                          | generous negative space | on every side
abstract                         | balanced asymmetric composition |
flat                             | centred composition | with generous margins
pixel                            | side view | with clear space around
animal+active                    | whole figure in frame | with space ahead
goods                            | three-quarter view | with clear space all round
machine                          | three-quarter view | with clear space all round
aircraft                         | composed against open sky | with space ahead
person+walking                   | whole figure in frame | with space ahead
"""

DETAIL = """
                                               | fine natural texture | throughout
                                               | crisp fine detail | throughout
person+!silhouetted+!sport                     | fine texture in clothing | down to the seams
person+!active+!walking+!several+!part+!suited | catchlights in the eyes | and fine fabric texture
animal                                         | fine surface texture | throughout
animal+furry                                   | fine texture in the fur | down to single hairs
bird                                           | crisp feather texture | down to the barbs
insect                                         | tiny surface details in sharp focus |
edible                                         | appetising texture | with a slight sheen
goods                                          | fine material texture | with clean edges
building+old                                   | weathered texture | in every surface
building+modern                                | crisp material texture | with clean edges
flower                                         | delicate vein texture |
plant                                          | delicate vein texture |
tree                                           | fine bark texture |
nature+scene                                   | fine natural texture | from near to far
sea+scene                                      | fine texture in the water |
water+scene                                    | fine texture in the water |
snow                                           | crystalline texture | on every surface
city+scene                                     | tactile surface texture | in every material
interior+scene                                 | tactile surface texture | in every material
ride                                           | crisp surface texture | with clean edges
spacecraft                                     | crisp surface texture | with small signs of wear
fantasy                                        | intricate ornament | on every surface
minimal                                        | clean edges |
flat                                           | clean edges |
abstract                                       | clean edges |
watercolour                                    | visible paper texture | with soft bleeding edges
oil                                            | visible brushwork | with thick ridges of pigment
anime                                          | clean line work | of varied weight
drawn                                          | clean line work | of varied weight
rendered                                       | crisp material texture | with clean edges
machine                                        | fine material texture | with clean edges
building                                       | fine surface texture | down to the joints
"""


MOTION = """
                       | slow natural movement | throughout the scene
person+!part+!active   | small natural movements | in posture and gaze
person+asleep          | slow, even breathing |
animal+asleep          | slow, even breathing |
person+several+!active | small natural movements | as they shift their weight
animal+furry+!asleep   | ears flick and breath moves the fur |
animal                 | unhurried natural movement |
bird                   | head turns in quick natural movements |
insect                 | wings and legs make tiny movements |
landscape+scene        | clouds drift across the sky | at an even pace
landscape+scene+!snow  | grass sways in a faint breeze |
sea+scene              | waves come rolling in at a steady rhythm | and foam spreads over the shore
water+scene            | the surface ripples and flows gently |
city+scene+night       | signs flicker and reflections shift |
city+scene+!deserted   | passing traffic and figures move through the scene |
forest+scene           | leaves stir in a faint breeze |
snow+winter+scene      | flakes drift down | in still air
raining+outside        | falling drops in steady streaks | and splashes on the ground
fire                   | the flame flickers and sways |
hot+!flat              | steam rises in slow curls |
edible                 | highlights move over the surface |
goods                  | highlights move over the surface |
flower                 | petals and leaves tremble in a faint breeze |
plant                  | leaves tremble in a faint breeze |
tree                   | branches sway in a faint breeze |
ride+!parked+!indoors  | moving forward at a steady speed |
parked                 | reflections slide along the body |
building+!indoors       | clouds drift behind | over the roofline
cosmic                 | dust drifts slowly past |
underwater             | fronds sway in the current | as bubbles rise
interior+scene         | dust motes drift through the air |
fantasy                | slow, weighty movement | with drifting particles
abstract               | shapes flow smoothly into one another |
machine                | joints turn in small precise movements |
hot+!flat              | vapour drifts upward |
storm+outside          | clouds and rain move past |
person+active          | strong, continuous movement | from start to finish
"""

CAMERA = """
                                       | slow, steady camera push-in |
                                       | the camera slides gently sideways |
person+!several+!active+!walking+!part | the camera pushes in slowly | towards the face
person+several+!active                 | the camera circles gently | around the group
person+active                          | the camera tracks alongside | at the same pace
beast+!active                          | the camera holds still at a distance |
insect                                 | the camera holds still up close |
landscape+scene                        | the camera glides forward | over the land
sea+scene                              | the camera glides forward | over the water
shore+scene                            | slow pan from left to right |
city+scene                             | the camera moves forward at street level |
interior+scene                         | the camera glides slowly inward | at chest height
nature+scene                           | the camera drifts forward | at a steady height
edible                                 | the camera circles slowly | through ninety degrees
goods                                  | the camera circles slowly | through ninety degrees
building                               | the camera rises slowly | along its height
tree                                   | the camera rises slowly | along its height
ride+!parked                           | the camera tracks alongside | at the same speed
underwater                             | the camera floats forward |
cosmic                                 | the camera drifts past | in a wide arc
animal+active                          | the camera tracks alongside | at the same pace
bird+active                            | the camera follows from a distance |
person+walking+!several                | the camera tracks alongside | at the same pace
"""


TABLES = {
    "style": STYLE,
    "light": LIGHT,
    "lens": LENS,
    "composition": COMPOSITION,
    "detail": DETAIL,
    "motion": MOTION,
    "camera": CAMERA,
}

_MEDIUM_COUNTS_MORE = 2
"""Extra weight of a medium: for a watercolour of a fox, the watercolour matters most."""


class Phrase(NamedTuple):
    """One line of a phrase table."""

    needs: Labels
    excludes: Labels
    short: str
    full: str

    def rank(self, labels: Labels) -> int | None:
        """Return how many labels it names, with a medium counted three times; None if unfit."""
        if not self.needs <= labels or self.excludes & labels:
            return None
        return len(self.needs) + _MEDIUM_COUNTS_MORE * len(self.needs & MEDIA.keys())


def select_phrases(
    category: str, prompt: str, so_far: str, media: MediaType, quality: Quality
) -> list[str]:
    """Return the phrases of a category that fit, the best first.

    Args:
        category: A category of ``vocabulary.ORDER``.
        prompt: The original prompt; its hash decides between phrases of equal rank.
        so_far: The prompt with the phrases added so far.
        media: The kind of output.
        quality: For ``high``, the long forms of the phrases come first.
    """
    analysis = analyze(so_far)
    if category in analysis.categories or any(
        category in NEEDLESS.get(label, ()) for label in analysis.labels
    ):
        return []
    ranked = [
        (rank, _hash(prompt, phrase.short), phrase)
        for phrase in table(category)
        if (rank := phrase.rank(analysis.labels | {media})) is not None
    ]
    ranked.sort(key=lambda entry: (-entry[0], entry[1]))
    return [
        text
        for _, _, phrase in ranked
        for text in ([phrase.full, phrase.short] if quality == "high" else [phrase.short])
        if is_compatible(text, analysis)
    ]


def is_compatible(text: str, analysis: PromptAnalysis) -> bool:
    """Return whether a phrase repeats, contradicts or brings back nothing of the prompt."""
    added = analyze(text)
    labels = analysis.labels | added.labels
    return (
        added.stems.isdisjoint(analysis.stems)
        and added.labels.isdisjoint(analysis.negated)
        and not any(pair <= labels and not pair <= analysis.labels for pair in CONFLICTS)
    )


@lru_cache
def table(category: str) -> tuple[Phrase, ...]:
    """Return the phrases of a category."""
    return tuple(_lines(TABLES[category]))


def _lines(text: str) -> Iterator[Phrase]:
    for line in text.strip("\n").splitlines():
        fits, short, more = (part.strip() for part in line.split("|"))
        labels = [part for part in fits.split("+") if part]
        yield Phrase(
            needs=frozenset(label for label in labels if not label.startswith("!")),
            excludes=frozenset(label[1:] for label in labels if label.startswith("!")),
            short=short,
            full=f"{short} {more}".strip(),
        )


def _hash(prompt: str, phrase: str) -> bytes:
    """Return a hash that is the same in every process, unlike ``hash``."""
    text = f"{' '.join(prompt.casefold().split())}\n{phrase}"
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
