"""Subject vocabulary: cue words by label (data).

Cues are separated by spaces. A cue of several words is joined by underscores. Any form of a word
matches. The longest cue wins, so ``hot_dog`` is food and no animal.
"""

THINGS = {
    "person": """man men woman women person people boy girl child children lady gentleman fisherman
        farmer chef dancer ballerina musician violinist guitarist pianist drummer worker blacksmith
        carpenter potter artist soldier knight king queen prince princess warrior samurai monk nun
        nurse doctor scientist teacher student athlete runner boxer surfer climber skater cyclist
        skier astronaut pilot pirate cowboy couple family bride groom grandmother grandfather mother
        father toddler teenager hiker sailor barista gardener baker viking schoolgirl detective
        diver firefighter shepherd somebody someone human craftsman tailor pedestrian commuter
        friend dancers kid baby schoolboy elder geisha archer clown vendor seller shopkeeper waiter
        guard tourist passenger driver traveller rider crowd audience dj player hands""",
    "animal": """cat kitten dog puppy fox wolf wolves horse pony bear panda lion lioness tiger
        leopard cheetah elephant giraffe zebra deer stag! moose rabbit hare squirrel hedgehog mouse
        mice otter seal whale dolphin shark fish octopus turtle tortoise lizard chameleon snake frog
        monkey gorilla camel llama cow bull sheep goat pig donkey badger raccoon koala kangaroo bat
        animal wildlife creature hippo rhino corgi husky terrier poodle golden_retriever labrador
        jellyfish seahorse crab hamster mole_rat lynx""",
    "bird": """bird owl eagle hawk falcon kingfisher heron swan duck goose geese parrot macaw robin
        sparrow crow raven peacock penguin flamingo hummingbird pelican gull seagull toucan rooster
        hen chicken puffin stork pigeon""",
    "insect": """insect bee bumblebee butterfly butterflies moth ant spider dragonfly ladybird
        ladybug beetle snail wasp grasshopper caterpillar mantis""",
    "food": """food bread loaf cake pie pizza pasta ramen noodle soup salad sushi steak burger
        hot_dog sandwich croissant pancake waffle cheese fruit apple lemon strawberry strawberries
        raspberry cherry cherries blueberry grape pear peach avocado tomato vegetable dessert
        chocolate cupcake cookie biscuit doughnut breakfast dish meal curry stew taco egg honey
        ice_cream oyster macaron cinnamon_roll plate_of bowl_of""",
    "drink": """coffee espresso cappuccino latte tea cocktail wine beer whisky juice lemonade
        smoothie milkshake hot_chocolate glass_of cup_of mug_of""",
    "flower": """flower rose tulip orchid sunflower daisy daisies lily lilies lotus peony poppy
        poppies lavender bouquet blossom cherry_blossom petal wildflower dandelion hydrangea""",
    "plant": "plant leaf leaves mushroom cactus fern moss succulent seedling ivy",
    "tree": "tree oak willow bonsai sapling baobab maple cypress",
    "small": """watch wristwatch ring necklace earring jewel jewellery jewelry gemstone coin key
        brooch pocket_watch pearl die dice thimble pebble seashell dewdrop droplet snowflake""",
    "object": """bottle perfume vase lamp chair armchair stool book teapot cup mug teacup shoe
        sneaker boot bag handbag backpack phone headphone keyboard typewriter camera candle sword
        crown clock toy doll guitar violin piano umbrella lantern teddy_bear sculpture statue
        glasses! sunglasses telescope compass globe suitcase kite balloon balloons ball instrument
        statuette product gadget radio gramophone light_bulb lightbulb""",
    "vehicle": """car sports_car motorcycle motorbike scooter bicycle bike truck lorry van bus tram
        train steam_train locomotive tractor fire_truck race_car taxi convertible""",
    "vessel": """boat ship pirate_ship viking_ship viking_longship longship sailboat sailing_boat
        yacht canoe kayak ferry submarine gondola raft""",
    "aircraft": """plane aeroplane airplane biplane helicopter hot_air_balloon airship zeppelin
        rocket""",
    "building": """castle house cottage lighthouse tower temple church cathedral bridge skyscraper
        windmill ruin pyramid palace barn villa viaduct pagoda shrine mosque building cabin hut
        mansion fortress architecture factory warehouse gas_station petrol_station observatory
        greenhouse treehouse gate pavilion""",
    "machine": "robot android mech automaton cyborg machine engine",
    "fantasy": """dragon unicorn phoenix griffin mermaid elf elves dwarf goblin fairy fairies troll
        orc centaur enchanted wizard witch magical magic spell sorcerer sorceress mythical""",
    "spacecraft": "spaceship spacecraft starship space_station rover satellite probe",
    "abstract": """abstract pattern fractal geometric geometry mandala swirl shape shapes gradient
        wallpaper texture_of star_shape red_star triangle circle square hexagon""",
}
"""Things; the first one that a prompt names is its subject."""

PLACES = {
    "landscape": """landscape mountain valley hill field meadow desert dune canyon cliff glacier
        island countryside vineyard prairie volcano savanna savannah steppe tundra moor moorland
        plateau fjord mars road highway trail path dirt_road village farmland summit
        rice_terrace""",
    "forest": "forest woods woodland jungle rainforest grove pine_trees birch_trees undergrowth",
    "sea": """sea ocean beach coast shore seaside harbour harbor bay wave waves surf! pier lagoon
        seashore coastline""",
    "water": "lake frozen_lake river waterfall pond stream canal brook creek fountain reservoir",
    "city": """city cities street alley alleyway market town skyline downtown plaza rooftop
        crossing boulevard avenue promenade cityscape metropolis sidewalk pavement traffic_light
        busy_street ghost_town town_square market_square market_stall tokyo paris london venice
        new_york kyoto""",
    "interior": """room kitchen bedroom bathroom living_room studio office library cafe café
        restaurant museum gallery hallway corridor workshop classroom bar pub attic cellar indoors
        interior ballroom theatre theater stage laboratory lab hospital bookshop bakery shop
        fireplace sofa couch desk concert_hall throne_room train_station railway_station airport
        garage inside_of gym tavern lobby subway metro""",
    "windowless": """bar pub cellar theatre theater stage concert_hall subway metro gym tavern
        nightclub disco cave cavern tunnel dungeon catacomb bunker""",
    "cave": "cave cavern tunnel dungeon catacomb bunker",
    "garden": "garden park orchard courtyard backyard lawn patio",
    "underwater": "underwater coral_reef coral seabed ocean_floor deep_sea kelp scuba",
    "space": """outer_space galaxy galaxies nebula orbit planet cosmos moon_surface on_the_moon
        asteroid black_hole supernova lunar saturn jupiter in_space""",
    "sky": "sky clouds cloud",
}
"""Places; a prompt may name several."""

CIRCUMSTANCES = {
    "snow": "snow snowy snowfall blizzard frost frosty icy ice frozen_lake snowflake winter",
    "rain": "rain rainy downpour drizzle puddle puddles wet raining monsoon",
    "fog": "fog foggy mist misty haze hazy smoke smoky steam_filled",
    "storm": "storm stormy storm_cloud thunderstorm lightning tornado hurricane gale tempest",
    "fire": "fire campfire bonfire flame flames burning torch candlelight candlelit candle lava",
    "hot": """steaming hot_soup coffee espresso cappuccino tea ramen soup stew hot_chocolate
        freshly_baked""",
    "active": """running runs run jumping jumps leaping leaps leap dancing dances riding rides ride
        climbing climbs skating surfing! surfs! skiing racing races chasing chases swimming swims
        flying flies sprinting sprints galloping gallops playing_football playing_tennis
        playing_soccer playing_basketball diving dives cycling dancer ballerina surfer skier skater
        runner boxer cyclist climber spinning throwing""",
    "furry": """cat kitten dog puppy fox wolf wolves bear panda lion tiger leopard cheetah rabbit
        hare squirrel otter horse pony koala raccoon badger lynx corgi husky terrier poodle llama
        golden_retriever labrador sheep goat monkey gorilla hamster deer camel""",
    "pet": """cat kitten dog puppy hamster corgi husky terrier poodle golden_retriever labrador
        parrot goldfish""",
    "open_air": """outside outdoors moon tree grass road path bicycle picnic tent campsite farm
        castle lighthouse bridge windmill barn ruin pyramid viaduct mountain horse market_stall
        terrace railway track playground stadium harbour waterfall roof riverbank harvest parade""",
    "sport": """runner boxer surfer skier skater cyclist climber sprinting racing surfing!
        skiing skating climbing jumping playing_football playing_tennis playing_soccer
        playing_basketball""",
    "raining": "rain rainy downpour drizzle raining monsoon",
    "old": "castle ruin barn cottage windmill lighthouse abandoned medieval ancient derelict old",
    "walking": "walking walks walk strolling strolls hiking marching wandering",
    "tame": """cat kitten dog puppy hamster corgi husky terrier poodle golden_retriever labrador
        parrot goldfish cow bull sheep goat pig donkey llama horse pony camel rooster hen chicken
        duck goose""",
    "suited": "astronaut diver helmet masked samurai visor firefighter",
    "part": "hand hands feet foot",
    "magic": "fantasy magic magical spell enchanted dragon elf wizard witch mythical fairy",
    "cyberpunk": "cyberpunk dystopian",
    "show": "concert festival gig stage concert_hall nightclub disco dj",
    "several": """couple family children people crowd audience men! women! boys! girls! friends!
        dancers! band orchestra team soldiers! kids! students! workers! schoolgirls! two three four
        five group""",
    "silhouetted": "silhouette silhouetted",
    "parked": "parked! leaning rusty derelict wrecked",
    "car": "car sports_car race_car taxi convertible truck lorry van bus motorcycle motorbike",
    "modern": "modern contemporary glass futuristic sci_fi science_fiction cyberpunk skyscraper",
    "calm": "calm serene peaceful tranquil quiet cosy cozy gentle sleepy",
    "dark": "dark gloomy shadowy horror eerie sinister noir dim dimly haunted",
    "bright": "bright airy cheerful luminous",
    "warm": "warm candlelit firelight sunlit cosy cozy amber",
    "cool": "cold icy frosty chilly bluish",
    "nothing": """light_blue light_green light_brown light_grey light_pink dark_hair dark_brown
        dark_blue dark_green dark_red still_life night_stand black_and_white_cat black_and_white_dog
        black_and_white_cow after_rain after_the_rain oak_floor oak_table tree_house horse_drawn
        light_rail star_shaped""",
}
"""Other labels that decide which phrases fit. ``nothing`` marks cues without a meaning."""

GROUPS = {
    "outside": "open_air landscape forest sea water city garden sky snow rain fog storm",
    "indoors": "inside interior studio",
    "weather": "rain snow fog storm overcast",
    "unlit": "night dark fire space spacecraft underwater",
    "shore": "landscape sea water",
    "nature": "landscape sea water forest garden sky cave",
    "beast": "animal bird",
    "botanical": "flower plant tree",
    "edible": "food drink",
    "goods": "object small",
    "ride": "vehicle vessel aircraft",
    "cosmic": "space spacecraft",
}
"""Labels that are implied by any of the listed labels."""
