"""Vocabulary of prompts: cue words by subject, by attribute and by category (data).

Cues are separated by spaces. A cue of several words is joined by underscores. Any form of a word
matches; a word before ``!`` matches only in this exact form. The longest cue wins, so ``hot_dog``
is food and no animal.

Attributes are what a prompt can claim of an image. Only combinations that are impossible in one
image are listed as conflicts: warm light and cool shadow are possible, night and midday sun are
not. A prompt with a cue of a category covers it, so nothing of the category is added to it.
"""

from shared.contracts.job_catalog import MediaType

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


MEDIA = {
    "photo": """photo photograph photography photographic photorealistic photorealism realistic
        hyperrealistic lens dslr film_still footage bokeh polaroid macro telephoto aperture fisheye
        shot_on raw_photo analog_film analogue_film mm""",
    "anime": "anime manga cel_shaded cel_shading chibi",
    "drawn": """cartoon comic illustration illustrated storybook children_book sketch pencil_sketch
        pencil_drawing ink_drawing charcoal_drawing line_art charcoal doodle drawing! drawings!
        concept_art ink linocut engraving etching coloring_book colouring_book chalk crayon drawn_as
        drawn_in hand_drawn""",
    "watercolour": "watercolour watercolor gouache aquarelle",
    "oil": """oil_painting oil_on_canvas oils! impressionist impressionism acrylic impasto
        renaissance_painting painting! paintings! fresco painterly expressionist cubist surrealist
        tempera in_oil painted_in painted_as""",
    "rendered": """3d_render 3d render rendered cgi voxel low_poly isometric claymation clay_model
        octane papercraft plasticine""",
    "pixel": "pixel_art pixel_style 8_bit 16_bit pixelated pixels",
    "flat": """logo icon vector flat_design sticker emblem infographic pictogram poster screen_print
        clip_art silhouette_art stained_glass mosaic embroidery tapestry woodblock ukiyo_e""",
}
"""Media of an image; each is a style as well."""

CLAIMS = {
    "night": """night nighttime midnight moonlit moonlight moon starry starlit starlight nocturnal
        milky_way under_the_stars northern_light aurora fireworks night_sky moonbeam""",
    "day": """sunlight sunlit sunny daylight midday noon golden_hour sunset sunrise blue_sky sunbeam
        sunray sunshine sun daytime afternoon morning low_sun early_morning late_afternoon harsh_sun
        blazing_sun overhead_sun clear_blue_sky bright_sunshine""",
    "low_sun": "golden_hour sunset sunrise low_sun late_afternoon early_morning",
    "noon": "midday noon harsh_sun blazing_sun overhead_sun",
    "dusk": "dusk twilight blue_hour nightfall gloaming dawn",
    "morning": "morning dawn sunrise daybreak",
    "evening": "evening sunset dusk late_afternoon nightfall",
    "clear": "cloudless clear_sky clear_blue_sky bright_sunshine sunny",
    "overcast": "overcast storm_cloud thunderstorm rainy downpour blizzard heavy_cloud foggy",
    "inside": """indoors indoor interior room kitchen bedroom bathroom living_room office library
        museum gallery hallway corridor classroom attic cellar window_light lamplight ballroom
        concert_hall throne_room inside_of laboratory cave dungeon windowless tavern workshop""",
    "horizon": "horizon open_sky distant_hills rolling_hills",
    "studio": "studio softbox seamless_backdrop studio_backdrop",
    "underwater": "underwater coral_reef seabed scuba ocean_floor deep_sea",
    "macro": "macro extreme_close_up microscopic micro",
    "wide": """wide_angle wide_shot panorama panoramic aerial birds_eye bird_eye vista
        establishing_shot drone_shot drone_view fisheye 24mm wide_view sweeping_view""",
    "full_figure": "full_body full_length head_to_toe whole_figure full_figure",
    "tight": "head_and_shoulders headshot head_shot waist_up close_up closeup extreme_close_up",
    "telephoto": "telephoto 200mm 300mm 400mm 600mm",
    "shallow": "shallow bokeh blurred_background out_of_focus_background background_blur",
    "deep": "deep_focus front_to_back everything_in_focus sharp_from_foreground",
    "sharp": "sharp tack_sharp crisp razor_sharp",
    "unsharp": "soft_focus blurry blurred out_of_focus hazy dreamy defocused",
    "long_exposure": "long_exposure light_trail motion_blur",
    "frozen": "frozen_motion high_shutter fast_shutter high_speed_photography freeze_frame",
    "monochrome": """black_and_white monochrome greyscale grayscale sepia b_w charcoal
        pencil_drawing pencil_sketch film_noir""",
    "colourful": """colour color colourful colorful vivid vibrant saturated golden rainbow neon
        pastel teal turquoise multicoloured blue_hour amber warm""",
    "muted": "muted desaturated washed_out faded",
    "vivid": "vivid vibrant saturated neon bold_colour",
    "low_key": "low_key chiaroscuro dimly_lit pitch_dark",
    "high_key": "high_key bright_and_airy overexposed",
    "minimal": "minimal minimalist minimalistic minimalism simple plain",
    "intricate": """intricate ornate elaborate cluttered maximalist busy highly_detailed
        richly_detailed ultra_detailed rich_detail lavish""",
    "symmetric": "symmetrical symmetric symmetry centred centered",
    "offset": "rule_of_thirds off_centre off_center asymmetric asymmetrical",
    "low_angle": "low_angle worms_eye worm_eye from_below",
    "overhead": "overhead top_down flat_lay birds_eye bird_eye from_above aerial high_angle",
    "eye_level": "eye_level",
    "deserted": "deserted! ghost_town abandoned empty uninhabited desolate",
    "crowded": "crowd crowded passers_by bustling busy_street",
    "winter": "winter snow snowy blizzard snowfall",
    "summer": "summer summery",
    "windless": "windless still_water glassy mirror_like dead_calm motionless",
    "windy": "wind windy breeze breezy gale ripple billowing",
    "asleep": "asleep sleeping sleeps napping dozing motionless statue",
    "awake": "eyes_open running leaping jumping dancing gestures ears_flick strides turning",
    "face_hidden": """from_behind back_view rear_view silhouette silhouetted masked helmet hooded
        faceless back_turned""",
    "face_seen": "catchlight smile smiling gaze expression looks_at_the_camera eyes",
    "still_camera": """static_camera static_shot locked_off tripod fixed_camera still_camera
        stationary_camera camera_still camera_holds static_view""",
    "moving_camera": """camera_pan camera_tilt dolly tracking_shot camera_tracks camera_moves
        camera_glides camera_pushes camera_circles camera_rises camera_drifts camera_follows
        camera_orbits push_in pull_back handheld slow_pan crane_shot flyover camera_floats
        follow_shot orbit_shot steadicam gimbal zoom camera_descends camera_sways camera_push""",
    "slow": "slow_motion slowly slow leisurely",
    "fast": "time_lapse timelapse hyperlapse fast_motion sped_up rapid fast_paced",
}

_EXCLUSIVE = """
night day, night low_sun, night noon, dusk noon, morning evening, low_sun noon, noon morning,
noon evening, night clear, clear overcast, night morning,
inside horizon, inside windy, studio horizon, underwater horizon,
underwater windy, underwater day, studio overcast,
macro wide, macro full_figure, tight full_figure, wide tight, telephoto wide, telephoto macro,
shallow deep, shallow wide, sharp unsharp, long_exposure frozen,
monochrome colourful, monochrome vivid, muted vivid, low_key high_key, night high_key,
minimal intricate, symmetric offset, low_angle overhead, low_angle eye_level,
overhead eye_level, deserted crowded, winter summer, windless windy,
asleep awake, face_hidden face_seen, still_camera moving_camera, slow fast,
photo anime, photo drawn, photo watercolour, photo oil, photo rendered, photo pixel, photo flat,
anime watercolour, anime oil, anime rendered, anime pixel, drawn oil, drawn rendered,
drawn pixel, watercolour oil, watercolour rendered, watercolour pixel,
oil rendered, oil pixel, oil flat, rendered pixel, rendered flat
"""
CONFLICTS = frozenset(frozenset(pair.split()) for pair in _EXCLUSIVE.split(","))
"""Pairs of claims that exclude each other in one image."""


ORDER: dict[MediaType, tuple[str, ...]] = {
    "image": ("style", "light", "composition", "lens", "detail"),
    "video": ("motion", "camera", "style", "light", "composition", "lens", "detail"),
}
"""Categories to add, in order of their importance for the model."""

CATEGORIES = {
    "style": """cinematic style styled stylised stylized aesthetic art artwork artistic abstract_art
        vaporwave steampunk art_deco art_nouveau bauhaus pop_art editorial documentary movie
        film_scene film_still fashion_shot motion_graphics surrealism wildlife_film product_film
        in_the_style_of realism origami noir graffiti glitch commercial cel_shaded""",
    "light": """light lit lighting glow glowing shadow backlight backlit rim_light sunlight
        moonlight daylight candlelight lamplight lamplit firelight starlight golden_hour blue_hour
        sunset sunrise dusk dawn twilight neon overcast sunbeam sunray sunny sunlit moonlit
        candlelit chiaroscuro low_key high_key spotlight softbox torchlight volumetric lantern_light
        silhouette gleam illuminated illumination flash god_ray shade luminous aurora northern_light
        fireworks bioluminescent low_sun harsh_sun blazing_sun overhead_sun early_morning
        late_afternoon""",
    "composition": """composition composed framing framed portrait close_up closeup wide_shot
        medium_shot long_shot full_body full_length whole_figure half_body waist_up rule_of_thirds
        upper_third off_centre off_center centred centered symmetrical symmetric symmetry asymmetric
        low_angle high_angle overhead top_down birds_eye bird_eye aerial panorama panoramic
        negative_space leading_line foreground background backdrop flat_lay isometric side_view
        front_view back_view top_view profile headshot head_and_shoulders eye_level point_of_view
        pov from_above from_below from_behind viewed seen_from seen_at three_quarter perspective
        vista mid_shot cropped in_frame diagonal cowboy_shot layered establishing_shot dutch_angle
        clear_space sense_of_scale""",
    "lens": """lens mm aperture bokeh depth_of_field focal telephoto macro wide_angle fisheye
        shot_on anamorphic tilt_shift shallow deep_focus soft_focus long_exposure drone drone_shot
        dslr polaroid pinhole motion_blur light_trail microscopic aerial""",
    "detail": """detail detailed texture textured sharp crisp intricate ornate grain grainy 4k 8k
        16k hd uhd hdr high_resolution high_res hyperdetailed ultra_detailed brushwork brush_stroke
        brushstroke impasto line_work hatching fine_line freckle wrinkle weathered embroidered
        high_quality best_quality masterpiece pores minimal minimalist clean_edge clean_line
        catchlight ornament grain_of worn distinct crystalline""",
    "camera": """camera_pan camera_tilt camera_move camera_movement camera_glides camera_pushes
        camera_circles camera_rises camera_drifts camera_follows camera_tracks camera_orbits
        camera_holds camera_floats camera_slow camera_zoom camera_static camera_still camera_sways
        camera_descends camera_fixed camera_slides camera_push panning_shot dolly tracking_shot
        push_in pull_back zoom handheld slow_pan crane_shot static_shot static_camera locked_off
        tripod fixed_camera still_camera stationary_camera flyover follow_shot orbit_shot steadicam
        gimbal drone_shot drone_footage pov static_view first_person fpv one_take""",
    "motion": """motion movement moving! moves running runs run walking walks walk dancing dances
        dance jumping jumps leaping leaps flying flies soars soaring flight drifting drifts drift
        flowing flows flow falling! falls! swaying sways sway swimming swims riding rides galloping
        rolling! rolls! rising! rises spinning spins turning! turns waving blowing crashing crash
        splashing splash pouring pours stirring stirs stir flickering flickers flicker shimmering
        shimmer trembling trembles tremble slides slide gliding glides sailing sails racing races
        chasing chases climbing! climbs skating surfing playing! plays playing_football
        playing_tennis playing_soccer playing_basketball throwing opening! opens! closing! blooming
        blooms exploding explodes melting melts burning! time_lapse timelapse hyperlapse slow_motion
        driving drives swinging swings bouncing breathing! streak! billowing rippling ripple
        marching wagging chewing eating eats drinking! cooking! writing! typing! sprinting diving
        cycling circling! approaching passing! erupts erupting bubble! growing! grows shift!
        raining! snowing! fluttering flutters paces! crawling""",
}

IMPLIED = {
    **dict.fromkeys(
        ("photo", "anime", "drawn", "watercolour", "oil", "rendered", "pixel", "flat"), "style"
    ),
    "monochrome": "style",
    "macro": "lens",
    "still_camera": "camera",
    "moving_camera": "camera",
    "fast": "motion",
}
"""Claims that cover a category by themselves."""

NEEDLESS = {
    "flat": frozenset({"light", "lens"}),
    "pixel": frozenset({"light", "lens", "detail"}),
    "abstract": frozenset({"lens"}),
}
"""Categories that do not apply to such an image."""
