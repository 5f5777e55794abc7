//! One composition a title. Each draws posters and backdrops alike from its canvas's size: the subject sits low or middle on a poster
//! and in the right half of a backdrop, whose left the launcher needs for words.
mod city;
mod land;
mod paper;
mod sky;
mod stage;
mod water;

use super::canvas::Canvas;

/// Draws a scene.
pub type Scene = fn(&mut Canvas);

/// By the name that the catalog uses.
pub fn find(name: &str) -> Option<Scene> {
    SCENES.iter().find(|(n, _)| *n == name).map(|(_, scene)| *scene)
}

/// All of them.
pub const SCENES: &[(&str, Scene)] = &[
    ("orbit", sky::orbit),
    ("parallax", paper::parallax),
    ("dishes", sky::dishes),
    ("lighthouse", water::lighthouse),
    ("contours", paper::contours),
    ("bridges", water::bridges),
    ("ridges", land::ridges),
    ("waves", water::waves),
    ("petals", land::petals),
    ("umbrellas", stage::umbrellas),
    ("curtain", stage::curtain),
    ("windows", city::windows),
];
