"""Phrases for lens, composition and detail, in the format of ``phrase_tables`` (data)."""

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
