//! `mangrove stress export`.

use clap::{Args, ValueEnum};
use mangrove_stress::export::{Feature, Form};
use std::ops::Range;
use std::path::PathBuf;

/// `mangrove stress export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Where to; made if there is none
    pub folder: PathBuf,
    /// The suites whose programs to write
    #[arg(
        long = "suite",
        value_name = "SUITES",
        value_delimiter = ',',
        default_value = "random"
    )]
    pub suites: Vec<String>,
    /// The seeds, the last one excluded; or one seed
    #[arg(long, value_name = "A..B", value_parser = parse_seeds)]
    pub seeds: Range<u64>,
    /// The files to write of each, beside the one with what must come of it (.json)
    #[arg(
        long = "form",
        value_enum,
        value_name = "FORMS",
        value_delimiter = ',',
        default_value = "wat,wasm,wast"
    )]
    pub forms: Vec<FormName>,
    /// Make random programs without these, and leave out others that use any
    #[arg(long, value_enum, value_name = "FEATURES", value_delimiter = ',')]
    pub without: Vec<FeatureName>,
    /// How large programs are; 1 is what the suites play
    #[arg(long, value_name = "FACTOR", value_parser = parse_scale, default_value = "1")]
    pub scale: f64,
}

/// A form by its name.
#[derive(Clone, Copy, Debug)]
pub struct FormName(pub Form);

impl ValueEnum for FormName {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(Form::Wat),
            Self(Form::Wasm),
            Self(Form::Wast),
            Self(Form::BinWast),
        ]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        let help = match self.0 {
            Form::Wat => "Text",
            Form::Wasm => "Binary",
            Form::Wast => "A script that asserts what must come of it",
            Form::BinWast => "The same script with modules in binary",
        };
        Some(clap::builder::PossibleValue::new(self.0.extension()).help(help))
    }
}

/// A feature by its name.
#[derive(Clone, Copy, Debug)]
pub struct FeatureName(pub Feature);

impl ValueEnum for FeatureName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [FeatureName; Feature::ALL.len()] = {
            let mut all = [FeatureName(Feature::Switch); Feature::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = FeatureName(Feature::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}

fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let parse = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    let (start, end) = match text.split_once("..") {
        Some((start, end)) => (parse(start)?, parse(end)?),
        None => {
            let seed = parse(text)?;
            let end = seed.checked_add(1).ok_or("the last seed is too large")?;
            (seed, end)
        }
    };
    match start < end {
        true => Ok(start..end),
        false => Err("there is no seed between these".to_owned()),
    }
}

fn parse_scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale <= 1000.0 => Ok(scale),
        _ => Err("a number over 0, and 1000 at the most".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_scale, parse_seeds};

    #[test]
    fn seeds_are_a_range_or_one() {
        assert_eq!(parse_seeds("3..9"), Ok(3..9));
        assert_eq!(parse_seeds("7"), Ok(7..8));
        for bad in [
            "",
            "a",
            "5..5",
            "9..3",
            "1..2..3",
            "-1..2",
            "18446744073709551615",
        ] {
            assert!(parse_seeds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_size_is_a_number() {
        assert_eq!(parse_scale("0.02"), Ok(0.02));
        for bad in ["0", "-1", "nan", "inf", "1e9", "x"] {
            assert!(parse_scale(bad).is_err(), "{bad}");
        }
    }
}
