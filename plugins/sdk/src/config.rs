//! The configuration: RON text into the plugin's own type, faults with their place and a hint.

use ron::error::SpannedError;
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use tanda_spelling::nearest;

use crate::PluginError;

/// Parses RON as scenes write it: newtype variants unwrapped, `Some` left out.
pub(crate) fn parse<C: DeserializeOwned>(text: &str) -> Result<C, PluginError> {
    ron::Options::default()
        .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES | Extensions::IMPLICIT_SOME)
        .from_str(text)
        .map_err(explain)
}

fn explain(error: SpannedError) -> PluginError {
    let place = error.span.start;
    let bounded = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    describe(&error.code).at(bounded(place.line), bounded(place.col))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "ron's own words are good for the others")]
fn describe(code: &ron::Error) -> PluginError {
    match code {
        ron::Error::NoSuchStructField { expected, found, outer } => {
            unknown("field", found, outer.as_deref(), expected)
        }
        ron::Error::NoSuchEnumVariant { expected, found, outer } => {
            unknown("variant", found, outer.as_deref(), expected)
        }
        ron::Error::MissingStructField { field, outer } => {
            let place = outer.as_ref().map(|name| format!(" of `{name}`")).unwrap_or_default();
            PluginError::new(format!("field `{field}`{place} is missing: add `{field}: …`"))
        }
        other => PluginError::new(other.to_string()),
    }
}

fn unknown(what: &str, found: &str, outer: Option<&str>, expected: &[&str]) -> PluginError {
    let place = outer.map(|name| format!(" of `{name}`")).unwrap_or_default();
    let hint = match nearest(found, expected.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of `{}`", expected.join("`, `")),
    };
    PluginError::new(format!("unknown {what} `{found}`{place}: {hint}")).about(found)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        rules: Vec<Rule>,
        limit: Option<u32>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read by Debug only")]
    enum Rule {
        Required(Vec<String>),
        Range(Range),
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by Debug only")]
    struct Range {
        column: String,
    }

    fn check(text: &str, expected: Expect) {
        let found = match parse::<Config>(text) {
            Ok(config) => format!("{:?}\n{:?}", config.rules, config.limit),
            Err(error) => {
                format!("{:?} {:?}\n{error}", error.position().unwrap_or((0, 0)), error.token())
            }
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn newtype_variants_are_unwrapped_and_some_is_implied() {
        check(
            r#"(rules: [Required(["a"]), Range(column: "b")], limit: 3)"#,
            expect![[r#"
                [Required(["a"]), Range(Range { column: "b" })]
                Some(3)"#]],
        );
    }

    #[test]
    fn unknown_field_is_named_with_its_place_and_a_hint() {
        check(
            "(rules: [],\n limt: 3)",
            expect![[r#"
                (2, 2) Some("limt")
                unknown field `limt` of `Config`: did you mean `limit`?"#]],
        );
    }

    #[test]
    fn unknown_variant_is_named_with_a_hint() {
        check(
            "(rules: [Requird([])])",
            expect![[r#"
                (1, 10) Some("Requird")
                unknown variant `Requird` of `Rule`: did you mean `Required`?"#]],
        );
        check(
            "(rules: [Frobnicate([])])",
            expect![[r#"
                (1, 10) Some("Frobnicate")
                unknown variant `Frobnicate` of `Rule`: expected one of `Required`, `Range`"#]],
        );
    }

    #[test]
    fn missing_field_is_named() {
        check(
            "(limit: 3)",
            expect![[r#"
                (1, 10) None
                field `rules` of `Config` is missing: add `rules: …`"#]],
        );
    }

    #[test]
    fn broken_text_has_a_place() {
        check(
            "(rules: [",
            expect![[r#"
            (1, 9) None
            Unexpected end of RON"#]],
        );
    }
}
