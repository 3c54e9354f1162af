//! A root set as a page: one file, no scripts, nothing from elsewhere. A slot
//! that holds a continuation links to it.

use super::view::{RootGroup, Value, View};
use std::fmt::Write as _;

const STYLE: &str = "\
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 60em; color: #222; }
h1 { font-size: 1.4em; }
details { border: 1px solid #cdd; border-radius: 6px; margin: .6em 0; padding: .4em .8em; }
summary { font-weight: 600; cursor: pointer; }
h3 { font: 600 13px monospace; margin: .8em 0 .2em; }
table { border-collapse: collapse; font: 13px monospace; }
td { padding: .1em 1.2em .1em 0; }
.kind, .plain { color: #789; }
:target { border-color: #285; }
";

/// The whole page.
pub fn page(view: &View) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Root set</title>\n\
         <style>\n{STYLE}</style>\n<h1>Root set</h1>\n\
         <p>{}</p>\n",
        view.summary()
    );
    for group in &view.groups {
        section(&mut html, group);
    }
    html.push_str("</html>\n");
    html
}

fn section(html: &mut String, group: &RootGroup) {
    let id = group
        .continuation
        .map_or("outside".to_owned(), |number| format!("c{number}"));
    let _ = writeln!(
        html,
        "<details open id=\"{id}\">\n<summary>{}</summary>",
        group.title()
    );
    for part in &group.parts {
        let _ = writeln!(html, "<h3>{}</h3>\n<table>", escape(&part.title));
        for line in &part.lines {
            let value = match &line.value {
                Value::Plain(text) => format!("<span class=\"plain\">{}</span>", escape(text)),
                Value::Continuation(number) => {
                    format!("<a href=\"#c{number}\">continuation {number}</a>")
                }
                object @ Value::Object { .. } => escape(&object.text()),
            };
            let _ = writeln!(
                html,
                "<tr><td>{}<td class=\"kind\">{}<td>{value}",
                escape(&line.place),
                line.kind
            );
        }
        html.push_str("</table>\n");
    }
    html.push_str("</details>\n");
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_are_not_markup() {
        assert_eq!(escape("<a href=\"&\">"), "&lt;a href=&quot;&amp;&quot;&gt;");
    }
}
