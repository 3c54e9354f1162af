//! What of an lcov file counts here: for each line with code, how often it was reached.

use std::collections::BTreeMap;

/// Lines by file and number.
#[derive(Debug, Default)]
pub struct Lines {
    files: BTreeMap<String, BTreeMap<u32, u64>>,
}

impl Lines {
    /// Reads those of the files below a folder. A line that is there more than once, as where
    /// code is made for several types, counts as often as all of these.
    pub fn parse(text: &str, folder: &str) -> Self {
        let mut files: BTreeMap<String, BTreeMap<u32, u64>> = BTreeMap::new();
        let mut current: Option<String> = None;
        for line in text.lines() {
            if let Some(path) = line.strip_prefix("SF:") {
                let below = path.split_once(&format!("{folder}/"));
                current = below.map(|(_, name)| name.to_owned());
            } else if let (Some(name), Some(data)) = (&current, line.strip_prefix("DA:"))
                && let Some((number, count)) = data.split_once(',')
                && let (Ok(number), Ok(count)) = (number.parse(), count.parse::<u64>())
            {
                let lines = files.entry(name.clone()).or_default();
                *lines.entry(number).or_default() += count;
            }
        }
        Self { files }
    }

    /// The files, by name.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// How many lines with code a file has, and how many were reached.
    pub fn of(&self, name: &str) -> (u32, u32) {
        let lines = self.files.get(name).into_iter().flatten();
        lines.fold((0, 0), |(all, reached), (_, &count)| {
            (all + 1, reached + u32::from(count > 0))
        })
    }

    /// The same of some files together.
    pub fn sum(&self, names: &[&str]) -> (u32, u32) {
        names.iter().fold((0, 0), |(all, reached), name| {
            let (more, of_them) = self.of(name);
            (all + more, reached + of_them)
        })
    }

    /// The lines of a file that were not reached.
    pub fn missed(&self, name: &str) -> impl Iterator<Item = u32> + '_ {
        let lines = self.files.get(name).into_iter().flatten();
        lines.filter_map(|(&number, &count)| (count == 0).then_some(number))
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_are_counted_by_file() {
        let text = "SF:/w/src/a.rs\nDA:1,0\nDA:2,3\nend_of_record\n\
                    SF:/w/other/b.rs\nDA:1,0\nend_of_record\nSF:/w/src/a.rs\nDA:1,2\nDA:7,0\n";
        let lines = Lines::parse(text, "src");
        assert_eq!(lines.files().collect::<Vec<_>>(), ["a.rs"]);
        assert_eq!(lines.of("a.rs"), (3, 2));
        assert_eq!(lines.missed("a.rs").collect::<Vec<_>>(), [7]);
        assert_eq!(lines.sum(&["a.rs", "none.rs"]), (3, 2));
    }
}
