"""Attributes of an image that a prompt can claim, and mutually exclusive pairs of them (data).

The cues are written as in ``subjects``. Only combinations that are impossible in one image are
listed as conflicts: warm light and cool shadow are possible, night and midday sun are not.
"""

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
