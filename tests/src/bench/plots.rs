//! The results as pictures: throughput against the number of callers, and cost against the size of the school.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use super::Outcome;
use super::options::Part;
use super::reads::READS;
use super::results::Figure;
use super::writes::RANDOM_STUDENTS;

const SIZE: (u32, u32) = (800, 500);
/// Strokes that differ in print as well as on a screen.
const COLOURS: [RGBColor; 6] = [BLUE, RED, BLACK, GREEN, MAGENTA, CYAN];

/// A name, and its points.
type Lines = BTreeMap<String, Vec<(f64, f64)>>;

/// Draws what there is to be drawn into `folder`.
///
/// # Errors
/// When a file cannot be written.
pub fn draw(figures: &[Figure], folder: &Path) -> Outcome {
    let smallest = figures.iter().map(|figure| figure.subject.students).min().unwrap_or(0);
    for (part, work, name) in [(Part::Reads, READS, "reads"), (Part::Writes, RANDOM_STUDENTS, "writes")] {
        let of_work = |figure: &&Figure| figure.subject.part == part && figure.subject.what == work;
        let figures: Vec<&Figure> = figures.iter().filter(of_work).collect();
        let mut by_callers = Lines::new();
        for figure in figures.iter().filter(|figure| figure.subject.students == smallest) {
            let database = figure.subject.database;
            push(&mut by_callers, format!("Tally, {database}"), figure.subject.load, figure.tally);
            if let Some(bare) = figure.bare {
                push(&mut by_callers, format!("bare, {database}"), figure.subject.load, bare);
            }
        }
        let title = format!("{name} a second, {smallest} students");
        chart(&folder.join(format!("{name}.svg")), &title, "callers at a time", &by_callers)?;

        let mut by_size = Lines::new();
        let most = figures.iter().map(|figure| figure.subject.load).max().unwrap_or(0);
        for figure in figures.iter().filter(|figure| figure.subject.load == most) {
            push(
                &mut by_size,
                figure.subject.database.to_string(),
                figure.subject.students,
                1e6 / figure.tally,
            );
        }
        if by_size.values().any(|points| points.len() > 1) {
            let title = format!("cost of {name} in µs, {most} callers at a time");
            chart(&folder.join(format!("{name}_by_size.svg")), &title, "students", &by_size)?;
        }
    }
    Ok(())
}

fn push(lines: &mut Lines, name: String, x: usize, y: f64) {
    #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
    lines.entry(name).or_default().push((x as f64, y));
}

/// A chart of some lines, if there are any: `x` by its logarithm, `y` from nothing.
fn chart(file: &Path, title: &str, x: &str, lines: &Lines) -> Outcome {
    let points = || lines.values().flatten();
    let Some((across, up)) = extent(points().map(|point| point.0), points().map(|point| point.1)) else {
        return Ok(());
    };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(undrawn)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(70)
            .build_cartesian_2d(across.log_scale().base(2.0), up)
            .map_err(undrawn)?;
        let whole = |value: &f64| format!("{value:.0}");
        chart
            .configure_mesh()
            .x_label_formatter(&whole)
            .y_label_formatter(&whole)
            .x_desc(x)
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(undrawn)?;
        for ((name, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
            let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(4);
            let key = |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2));
            chart.draw_series(line).map_err(undrawn)?.label(name).legend(key);
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .border_style(BLACK)
            .background_style(WHITE)
            .draw()
            .map_err(undrawn)?;
        area.present().map_err(undrawn)?;
    }
    Ok(fs::write(file, svg)?)
}

/// How far the axes reach.
fn extent(xs: impl Iterator<Item = f64>, ys: impl Iterator<Item = f64>) -> Option<(Range<f64>, Range<f64>)> {
    let (least, most) = xs.fold((f64::INFINITY, 0.0), |(least, most), x| (x.min(least), x.max(most)));
    let top = ys.filter(|y| y.is_finite()).fold(0.0, f64::max);
    (most > 0.0 && top > 0.0).then_some((least * 0.9..most * 1.1, 0.0..top * 1.1))
}

fn undrawn(error: impl Display) -> String {
    format!("a plot cannot be drawn: {error}")
}
