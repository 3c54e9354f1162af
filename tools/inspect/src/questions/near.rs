//! What was probably meant by a name that is not there.

/// How many letters may be wrong, at most; of short names fewer.
const WRONG: usize = 3;

/// The nearest of some names, if one is near.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = WRONG.min(name.chars().count().div_ceil(3));
    let distance = |known: &&'a str| strsim::damerau_levenshtein(known, name);
    let near = known
        .into_iter()
        // Of names that are much longer or shorter the distance is large, and costly.
        .filter(|known| known.len().abs_diff(name.len()) <= 4 * WRONG && known.len() < 200)
        .map(|known| (distance(&known), known))
        .filter(|(distance, _)| *distance <= bound);
    near.min().map(|(_, known)| known)
}

/// What to say behind a name that is not there: `; did you mean …?`, or nothing.
pub(super) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    }
}
