//! Bars with a point for each run, as SVG.

use std::error::Error;

use plotters::prelude::*;

use crate::contest::Runs;

/// The width of a picture, and the height of one of its bars, in pixels.
const WIDTH: u32 = 860;
const BAR: u32 = 34;
/// What is left for names, and above and below.
const NAMES: u32 = 320;
const EDGES: u32 = 90;

const FILL: RGBColor = RGBColor(126, 163, 204);
const OURS: RGBColor = RGBColor(46, 125, 90);
const POINT: RGBColor = RGBColor(40, 40, 40);

/// Draws one column of these runs: the middle as a bar, and every run as a point.
///
/// The bars of those whose names begin with `ours` have another colour.
pub(crate) fn bars(
    title: &str,
    unit: &str,
    runs: &[Runs],
    column: usize,
) -> Result<String, Box<dyn Error>> {
    let count = u32::try_from(runs.len())?;
    let most = runs
        .iter()
        .flat_map(|runs| runs.figures(column))
        .fold(0.0_f64, |most, figure| most.max(*figure));
    let mut text = String::new();
    {
        let height = count.saturating_mul(BAR).saturating_add(EDGES);
        let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        let last = count.saturating_sub(1);
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .caption(title, ("sans-serif", 16))
            .x_label_area_size(40)
            .y_label_area_size(NAMES)
            .build_cartesian_2d(0.0..most * 1.05, (0..last).into_segmented())?;
        // The first is on top.
        let named = |place: &SegmentValue<u32>| match place {
            SegmentValue::CenterOf(place) | SegmentValue::Exact(place) => {
                let from_top = last
                    .checked_sub(*place)
                    .and_then(|top| usize::try_from(top).ok());
                let runs = from_top.and_then(|top| runs.get(top));
                runs.map_or_else(String::new, |runs| runs.name.clone())
            }
            SegmentValue::Last => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .light_line_style(WHITE)
            .x_desc(unit)
            .y_labels(runs.len())
            .y_label_formatter(&named)
            .label_style(("sans-serif", 13))
            .draw()?;
        for (place, runs) in (0..count).rev().zip(runs) {
            let colour = if runs.name.starts_with("ours") {
                OURS
            } else {
                FILL
            };
            let next = place.saturating_add(1);
            let mut bar = Rectangle::new(
                [
                    (0.0, SegmentValue::Exact(place)),
                    (runs.middle(column), SegmentValue::Exact(next)),
                ],
                colour.filled(),
            );
            bar.set_margin(7, 7, 0, 0);
            chart.draw_series([bar])?;
            let points = runs.figures(column).iter();
            chart.draw_series(points.map(|figure| {
                Circle::new((*figure, SegmentValue::CenterOf(place)), 3, POINT.filled())
            }))?;
        }
        area.present()?;
    }
    Ok(text)
}
