"""Phrases for motion and camera of videos, in the format of ``phrase_tables`` (data)."""

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
