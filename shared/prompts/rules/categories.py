"""Categories that a good prompt covers, and their cue words (data).

The cues are written as in ``subjects``; a word before ``!`` matches only in this exact form. A
prompt with a cue covers the category, so nothing of the category is added to it.
"""

from shared.contracts.job_catalog import MediaType

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
