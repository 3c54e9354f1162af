//! Draws what is shown: a list, what is in its selected line beside it, and what keys there are.

use super::app::{App, Mode};
use super::facts::facts;
use super::rows::{Row, count, number};
use super::views::{Columns, Known, View};
use crate::snapshot::NodeId;
use mangrove::printable;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Padding, Paragraph, Wrap};

/// With fewer columns there is the list alone.
const SIDE_BY_SIDE: u16 = 90;
/// The least that is left to a line's text before columns of numbers are left out.
const TEXT: u16 = 24;
const TABS: [&str; 4] = ["1 Stacks", "2 Roots", "3 Types", "4 Suspects"];

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const CHOSEN: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Draws everything. The visible part of the list is moved to the selected line.
pub fn draw(frame: &mut Frame<'_>, app: &mut App<'_>) {
    let area = frame.area();
    let rows = [1, 1, 0, 1, 1].map(|height| match height {
        0 => Constraint::Fill(1),
        height => Constraint::Length(height),
    });
    // In a low window the list is what stays.
    let [title, tabs, main, message, keys] = match area.height {
        ..=2 => [Rect::ZERO, Rect::ZERO, area, Rect::ZERO, Rect::ZERO],
        3..=5 => {
            let [title, main, message] = Layout::vertical([rows[0], rows[2], rows[3]]).areas(area);
            [title, Rect::ZERO, main, message, Rect::ZERO]
        }
        _ => Layout::vertical(rows).areas(area),
    };
    frame.render_widget(Line::from(heading(app)).style(CHOSEN), title);
    frame.render_widget(tab_line(app), tabs);
    frame.render_widget(status(app), message);
    frame.render_widget(Line::from(keys_line(keys.width)).style(DIM), keys);
    let (list, beside) = match main.width {
        ..SIDE_BY_SIDE => (main, Rect::ZERO),
        _ => {
            let [list, beside] =
                Layout::horizontal([Constraint::Percentage(58), Constraint::Fill(1)]).areas(main);
            (list, beside)
        }
    };
    draw_list(frame, app, list);
    if !beside.is_empty() {
        draw_beside(frame, app, beside);
    }
    if *app.mode() == Mode::Help {
        draw_help(frame, area);
    }
}

/// Which moment of what is shown.
fn heading(app: &App<'_>) -> String {
    let Some(snapshot) = app.snapshot() else {
        return " mangrove roots".to_owned();
    };
    let about = snapshot.about();
    let (shown, all) = app.history().place();
    let (continuations, objects) = app.counts();
    let moment = printable(&about.moment);
    let program = printable(&about.program);
    format!(
        " {program}  {moment} ({shown} of {all})  {}  {}",
        count(continuations, "continuation"),
        count(objects, "object"),
    )
}

fn tab_line(app: &App<'_>) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for (index, tab) in TABS.iter().enumerate() {
        let style = if index == app.tab() { BOLD } else { DIM };
        spans.push(Span::styled(*tab, style));
        spans.push(Span::raw("  "));
    }
    if let (Some(known), [_, opened @ ..]) = (app.known(), app.panes()) {
        let deep = opened.len();
        // The last of a long way in.
        for pane in &opened[deep.saturating_sub(3)..] {
            spans.push(Span::styled(" › ", DIM));
            spans.push(Span::raw(pane.view.title(known)));
        }
    }
    Line::from(spans)
}

fn status(app: &App<'_>) -> Line<'static> {
    match app.mode() {
        Mode::Search(text) => Line::from(format!(" /{}▏", printable(text))),
        _ => Line::from(match (app.asked(), app.doing(), app.running()) {
            (Some(asked), ..) => format!(" {asked}"),
            (None, Some(doing), Some(_)) => format!(" {} …", printable(&doing)),
            (None, None, Some(until)) => format!(" the program runs to {} …", until.text()),
            (None, _, None) => format!(" {}", printable(app.message())),
        }),
    }
}

/// What keys there are: as much of it as fits.
fn keys_line(width: u16) -> &'static str {
    const TEXTS: [&str; 4] = [
        " Enter open  ⌫ back  / search  w why  d retained  n next collection  s next switch  c to the end  \
         p previous  ? help  q quit",
        " Enter open  ⌫ back  / search  w why  d retained  n s c run on  p previous  ? help  q quit",
        " Enter open  ⌫ back  / search  n s c run on  ? help  q quit",
        " ? help  q quit",
    ];
    let fits = |text: &&str| text.chars().count() <= usize::from(width);
    TEXTS.into_iter().find(fits).unwrap_or_default()
}

fn draw_list(frame: &mut Frame<'_>, app: &mut App<'_>, area: Rect) {
    let columns = shown_columns(app.pane().view.columns(), area.width);
    let mut above = Vec::new();
    if let (Some(known), View::Node(node)) = (app.known(), &app.pane().view) {
        above = facts(known.snapshot, known.answers, *node);
    }
    if !columns.is_empty() {
        above.push(head(columns));
    }
    // The list keeps two thirds of its lines.
    above.truncate(usize::from(area.height / 3));
    let [top, lines] =
        Layout::vertical([Constraint::Length(above.len() as u16), Constraint::Fill(1)]).areas(area);
    let above: Vec<Line<'_>> = above
        .into_iter()
        .map(|line| Line::from(format!(" {line}")))
        .collect();
    frame.render_widget(Paragraph::new(above).style(DIM), top);
    app.fit(usize::from(lines.height));
    let Some(len) = app.len() else {
        let text = match (app.snapshot(), app.over()) {
            (None, Some(over)) => format!(" {}", printable(over)),
            (None, None) => " no moment has come yet".to_owned(),
            _ => " …".to_owned(),
        };
        frame.render_widget(Line::from(text), lines);
        return;
    };
    if len == 0 {
        frame.render_widget(Line::from(" nothing").style(DIM), lines);
    }
    let (first, selected) = (app.pane().top, app.pane().selected);
    let visible = (first..len).take(usize::from(lines.height));
    let text: Vec<Line<'_>> = visible
        .map(|index| {
            let chosen = if index == selected {
                CHOSEN
            } else {
                Style::new()
            };
            list_line(&app.row(index), columns, lines.width).style(chosen)
        })
        .collect();
    frame.render_widget(Paragraph::new(text), lines);
}

/// As many of the columns as leave room for text.
fn shown_columns(columns: Columns, width: u16) -> Columns {
    let mut left = width;
    let fits = columns.iter().take_while(|(_, column)| {
        left = left.saturating_sub(column + 1);
        left >= TEXT
    });
    &columns[..fits.count()]
}

fn head(columns: Columns) -> String {
    let names = columns
        .iter()
        .map(|(name, width)| format!("{name:>0$} ", usize::from(*width)));
    names.collect()
}

/// A line: its numbers, then its text, and blanks to the end, so that the selected line is a bar.
fn list_line(row: &Row, columns: Columns, width: u16) -> Line<'static> {
    let mut text = String::from(" ");
    for (cell, (_, column)) in row.cells.iter().zip(columns) {
        text += &format!("{cell:>0$} ", usize::from(*column));
    }
    text += &row.text;
    let line = Line::from(format!("{text:<0$}", usize::from(width)));
    if row.heading { line.style(BOLD) } else { line }
}

/// What is in the selected line's node.
fn draw_beside(frame: &mut Frame<'_>, app: &App<'_>, area: Rect) {
    let block = Block::new().borders(Borders::LEFT).border_style(DIM);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(known) = app.known() else {
        return;
    };
    let row = app.row(app.pane().selected);
    let mut rest = inner;
    // What a line of these lists says is often longer than it.
    if let View::Suspects | View::Why(_) | View::Stacks = app.pane().view {
        // Words are not cut, so that a line may be half empty.
        let lines = 2 * row.text.chars().count() / usize::from(inner.width.max(1)) + 2;
        let height = (lines as u16).min(inner.height / 2);
        let [above, below] =
            Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(inner);
        let text = Paragraph::new(row.text).wrap(Wrap { trim: true });
        let padded = Block::new().padding(Padding::horizontal(1));
        frame.render_widget(text.block(padded), above);
        rest = below;
    }
    if let Some(node) = row.node {
        let lines = node_lines(known, node, usize::from(rest.height));
        frame.render_widget(Paragraph::new(lines), rest);
    }
}

fn node_lines(known: Known<'_>, node: NodeId, height: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (index, fact) in facts(known.snapshot, known.answers, node)
        .into_iter()
        .enumerate()
    {
        let style = if index == 0 { BOLD } else { DIM };
        lines.push(Line::from(format!(" {fact}")).style(style));
    }
    lines.push(Line::default());
    let view = View::Node(node);
    let places = view.len(known).unwrap_or(0);
    let room = height.saturating_sub(lines.len());
    let shown = if places > room {
        room.saturating_sub(1)
    } else {
        places
    };
    for index in 0..shown {
        lines.push(Line::from(format!(" {}", view.row(known, index).text)));
    }
    if places > shown {
        lines.push(Line::from(format!(" … {} more", number((places - shown) as u64))).style(DIM));
    }
    lines
}

const HELP: &[(&str, &str)] = &[
    ("↑ ↓ k j", "a line up, down"),
    ("PgUp PgDn", "a page up, down; Space: down"),
    ("g G", "to the first line, the last"),
    ("Enter → l", "open what is on the line"),
    ("⌫ ← h Esc", "back to where it was opened; ends a search"),
    ("1 2 3 4 Tab", "stacks, roots, types, suspects"),
    ("/", "search: @0x40, continuation 7, a name"),
    ("w", "why it is alive: the shortest ways to it"),
    ("d", "what it retains, one by one"),
    ("n", "run on to the next collection"),
    ("s", "run on to the next resume or suspend"),
    ("c", "run on to the end, or a trap"),
    ("p", "the previous moment; n, s, c go forward"),
    ("Ctrl-L", "draw everything again"),
    ("q Ctrl-C", "quit"),
];

fn draw_help(frame: &mut Frame<'_>, area: Rect) {
    let lines: Vec<Line<'_>> = HELP
        .iter()
        .map(|(keys, what)| {
            Line::from(vec![
                Span::styled(format!(" {keys:<12}"), BOLD),
                Span::raw(*what),
            ])
        })
        .collect();
    let width = 60.min(area.width);
    let height = (lines.len() as u16 + 2).min(area.height);
    let place = Rect {
        x: (area.width - width) / 2,
        y: (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    let block = Block::new().borders(Borders::ALL).title(" Keys ");
    frame.render_widget(Paragraph::new(lines).block(block), place);
}
