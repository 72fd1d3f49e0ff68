"""Phrases for style and light that are added to a prompt without them (data).

Each line: labels of the images it fits ``|`` the phrase ``|`` an addition for high quality. Labels
are those of ``subjects`` and ``attributes``, ``image`` and ``video``, and ``scene`` if a place is
the subject; ``a+!b`` means a and not b. The line with the most labels wins; the prompt's hash
decides between equal ones. Phrases that conflict with the prompt by ``attributes`` are never added,
so a line lists only other exclusions.
"""

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
