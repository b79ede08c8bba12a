//! The chart of what starts are made of: a bar to each, as long as all others, cut into its parts.

use super::chart::{Area, INK, WIDTH, label};
use super::figures::Figures;
use super::phases::{ORDER, Part, REST};
use crate::failure::Failure;
use crate::text;
use plotters::prelude::*;
use std::time::Duration;

const ROW: i32 = 58;
const LEGEND_ROW: i32 = 24;
const LEGEND_COLUMNS: usize = 4;
const RIGHT: i32 = 120;
/// Parts that take less of every start are drawn as one.
const LEAST: f64 = 0.01;
const OTHER: &str = "everything below 1 %";

/// Told apart by lightness as well, and readable on light and dark paper.
const PALETTE: [RGBColor; 14] = [
    RGBColor(0x4E, 0x79, 0xA7),
    RGBColor(0xF2, 0x8E, 0x2B),
    RGBColor(0x59, 0xA1, 0x4F),
    RGBColor(0xE1, 0x57, 0x59),
    RGBColor(0x76, 0xB7, 0xB2),
    RGBColor(0xED, 0xC9, 0x48),
    RGBColor(0xB0, 0x7A, 0xA1),
    RGBColor(0xFF, 0x9D, 0xA7),
    RGBColor(0x9C, 0x75, 0x5F),
    RGBColor(0x6B, 0x8E, 0x23),
    RGBColor(0x1B, 0x4F, 0x9C),
    RGBColor(0xA6, 0x3D, 0x40),
    RGBColor(0x2A, 0x9D, 0x8F),
    RGBColor(0x7B, 0x2C, 0xBF),
];
const OTHER_COLOUR: RGBColor = RGBColor(0xA9, 0xA9, 0xA9);
const REST_COLOUR: RGBColor = RGBColor(0xC8, 0xCC, 0xD2);

/// One contender's bar.
struct Bar<'f> {
    name: &'f str,
    total: Duration,
    parts: Vec<Part>,
}

/// An SVG element, to be put into a page.
pub(super) fn svg(figures: &Figures) -> Result<String, Failure> {
    let bars: Vec<Bar<'_>> = figures
        .measured()
        .map(|one| Bar { name: one.contender.name(), total: one.summary().median, parts: one.parts() })
        .filter(|bar| !bar.parts.is_empty())
        .collect();
    let shown = shown(&bars);
    let legend_rows = (shown.len() + 1).div_ceil(LEGEND_COLUMNS) as i32;
    let height = ROW * bars.len() as i32 + LEGEND_ROW * legend_rows + 16;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height as u32)).into_drawing_area();
        draw(&area, &bars, &shown).map_err(|error| Failure::new("failed to draw the chart").because(&*error))?;
    }
    Ok(svg)
}

/// The names of the parts that are worth a colour, in their order.
fn shown<'b>(bars: &'b [Bar<'_>]) -> Vec<&'b str> {
    let mut names: Vec<&str> = bars
        .iter()
        .flat_map(|bar| bar.parts.iter().filter(|part| share(part, bar) >= LEAST).map(|part| part.name.as_str()))
        .collect();
    names.sort_by_key(|name| (ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()), *name));
    names.dedup();
    names
}

fn share(part: &Part, bar: &Bar<'_>) -> f64 {
    part.time.as_secs_f64() / bar.total.as_secs_f64().max(1e-9)
}

fn colour(name: &str, shown: &[&str]) -> RGBColor {
    match shown.iter().position(|other| *other == name) {
        _ if name == REST => REST_COLOUR,
        Some(at) => PALETTE[at % PALETTE.len()],
        None => OTHER_COLOUR,
    }
}

fn draw(area: &Area<'_>, bars: &[Bar<'_>], shown: &[&str]) -> Result<(), Box<dyn std::error::Error>> {
    let width = f64::from(WIDTH as i32 - RIGHT);
    for (row, bar) in bars.iter().enumerate() {
        let top = row as i32 * ROW;
        label(area, (4, top + 6), 0, bar.name)?;
        let mut at = 0.0;
        let (mut large, mut small) = (Vec::new(), 0.0);
        for part in &bar.parts {
            if shown.contains(&part.name.as_str()) && share(part, bar) > 0.0 {
                large.push((share(part, bar), colour(&part.name, shown)));
            } else {
                small += share(part, bar);
            }
        }
        // The last part is what comes after the first instruction: the small ones belong before it.
        large.insert(large.len().saturating_sub(1), (small, OTHER_COLOUR));
        for (share, colour) in large {
            let next = (at + share * width).min(width);
            let corners = [(4 + at.round() as i32, top + 26), (4 + next.round() as i32, top + 48)];
            if corners[1].0 > corners[0].0 {
                area.draw(&Rectangle::new(corners, colour.filled()))?;
            }
            at = next;
        }
        label(area, (4 + width as i32, top + 30), 8, &text::time(bar.total))?;
    }
    let top = bars.len() as i32 * ROW + 8;
    for (index, name) in shown.iter().copied().chain([OTHER]).enumerate() {
        let x = 4 + (index % LEGEND_COLUMNS) as i32 * (WIDTH as i32 / LEGEND_COLUMNS as i32);
        let y = top + (index / LEGEND_COLUMNS) as i32 * LEGEND_ROW;
        area.draw(&Rectangle::new([(x, y), (x + 12, y + 12)], colour(name, shown).filled()))?;
        // Beside a quarter of the width there is no room for all of its words.
        label(area, (x, y - 1), 18, if name == REST { "guest; process" } else { name })?;
    }
    // As if nothing was drawn, an area without this says on being dropped that it failed.
    area.draw(&PathElement::new(vec![(0, 0), (0, 0)], INK))?;
    area.present()?;
    Ok(())
}
