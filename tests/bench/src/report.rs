//! What was measured, written into a page.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::contest::{Runs, Spread};
use crate::plot;

/// The page that figures are written into, and the folder of its pictures.
const PAGE: &str = "docs/PERFORMANCE.md";
const PICTURES: &str = "docs/performance";

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// How many digits behind the point are told.
    pub(crate) digits: usize,
}

/// One part of the page.
#[derive(Debug)]
pub(crate) struct Report {
    section: String,
    root: PathBuf,
    text: String,
}

impl Report {
    /// Begins one that says how it was made.
    pub(crate) fn begin(part: &str, arguments: &str) -> Result<Self, Box<dyn Error>> {
        let root = said("git", &["rev-parse", "--show-toplevel"])?;
        let mut text = String::new();
        writeln!(text, "| | |\n| --- | --- |")?;
        let day = said("date", &["-u", "+%F"])?;
        let commit = said("git", &["describe", "--always", "--dirty", "--abbrev=12"])?;
        let command = format!("deploy/bench {part} {arguments}");
        let command = command.trim_end();
        writeln!(text, "| day, commit | {day}, {commit} |")?;
        writeln!(text, "| command | `{command}` |")?;
        writeln!(text, "| machine | {} |", machine()?)?;
        Ok(Self {
            section: part.to_owned(),
            root: root.into(),
            text,
        })
    }

    /// Goes to this section, where a part has several.
    pub(crate) fn in_section(self, section: String) -> Self {
        Self { section, ..self }
    }

    /// Adds a line to the table of what was used.
    pub(crate) fn fact(&mut self, name: &str, what: &str) {
        self.text.push_str(&format!("| {name} | {what} |\n"));
    }

    /// Adds a table of these runs: the middle of each column, with the least and the most.
    pub(crate) fn table(&mut self, title: &str, columns: &[Column], runs: &[Runs]) {
        let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
        let rules = vec!["---"; columns.len()];
        self.text.push_str(&format!(
            "\n| {title} | {} |\n| --- | {} |\n",
            titles.join(" | "),
            rules.join(" | ")
        ));
        for runs in runs {
            let cells: Vec<String> = columns
                .iter()
                .enumerate()
                .map(|(place, column)| cell(runs.figures(place), column.digits))
                .collect();
            let line = format!("| {} | {} |\n", runs.name, cells.join(" | "));
            self.text.push_str(&line);
        }
    }

    /// Adds a picture of one column.
    pub(crate) fn picture(
        &mut self,
        name: &str,
        title: &str,
        unit: &str,
        runs: &[Runs],
        column: usize,
    ) -> Result<(), Box<dyn Error>> {
        let folder = self.root.join(PICTURES);
        fs::create_dir_all(&folder)?;
        let svg = plot::bars(title, unit, runs, column)?;
        File::create(folder.join(name).with_extension("svg"))?.write_all(svg.as_bytes())?;
        self.text
            .push_str(&format!("\n![{title}, {unit}](performance/{name}.svg)\n"));
        Ok(())
    }

    /// Adds a table of what was to be reached: each with its bound, the figure, and whether it holds.
    pub(crate) fn targets(&mut self, targets: &[Target]) {
        self.text
            .push_str("\n| target | bound | measured | |\n| --- | --- | --- | --- |\n");
        for target in targets {
            self.text.push_str(&target.row());
        }
    }

    /// Writes it between its marks in the page.
    pub(crate) fn write(self) -> Result<(), Box<dyn Error>> {
        let path = self.root.join(PAGE);
        let page = fs::read_to_string(&path)?;
        let (begin, end) = (
            format!("<!-- {} -->\n", self.section),
            format!("<!-- end of {} -->", self.section),
        );
        let unmarked = || format!("{PAGE} has no place for {}", self.section);
        let (before, rest) = page.split_once(&begin).ok_or_else(unmarked)?;
        let (_, after) = rest.split_once(&end).ok_or_else(unmarked)?;
        let page = format!("{before}{begin}{}{end}{after}", self.text);
        put(&path, &page)
    }
}

/// Whole under its name, or as it was.
fn put(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    let new = path.with_extension("new");
    File::create(&new)?.write_all(text.as_bytes())?;
    Ok(fs::rename(new, path)?)
}

/// What a figure was to be.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) bound: Bound,
    pub(crate) measured: f64,
}

/// On which side of a number a figure is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    fn row(&self) -> String {
        let (words, bound, holds) = match self.bound {
            Bound::AtMost(bound) => ("at most", bound, self.measured <= bound),
            Bound::AtLeast(bound) => ("at least", bound, self.measured >= bound),
        };
        let verdict = if holds { "holds" } else { "**missed**" };
        format!(
            "| {} | {words} {bound} | {:.2} | {verdict} |\n",
            self.what, self.measured
        )
    }
}

fn cell(figures: &[f64], digits: usize) -> String {
    match Spread::of(figures) {
        None => String::new(),
        Some(Spread {
            least,
            middle,
            most,
        }) => {
            let told = |figure: f64| format!("{figure:.digits$}");
            let (least, middle, most) = (told(least), told(middle), told(most));
            if least == most {
                return format!("**{middle}**");
            }
            format!("**{middle}** ({least} – {most})")
        }
    }
}

/// What a program says first.
pub(crate) fn said(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_default().trim();
    if !output.status.success() || line.is_empty() {
        return Err(format!("{program} says nothing").into());
    }
    Ok(line.to_owned())
}

fn machine() -> Result<String, Box<dyn Error>> {
    let field = |file: &str, name: &str| -> Result<String, Box<dyn Error>> {
        let text = fs::read_to_string(file)?;
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':'));
        Ok(value.map_or("", |(_, value)| value).trim().to_owned())
    };
    let cores = std::thread::available_parallelism()?;
    let processor = field("/proc/cpuinfo", "model name")?;
    let memory = field("/proc/meminfo", "MemTotal")?;
    let kibibytes: f64 = memory.trim_end_matches(" kB").parse()?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!(
        "{cores} cores of {processor}, {:.0} GiB of memory; load {load} before it began",
        kibibytes / 1_048_576.0
    ))
}
