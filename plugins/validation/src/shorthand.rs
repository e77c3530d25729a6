//! Rules that may be written short: `Check("x > 0")` for `Check(expr: "x > 0")`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A configuration that has a short form made of texts.
pub(crate) trait Shorthand: Sized {
    /// What may stand here, for the error.
    const EXPECTED: &'static str;

    /// The full form of a text, or of a list of texts; `None` when there is none.
    fn from_texts(texts: Vec<String>) -> Option<Self>;
}

/// Deserialises the short form or the full one.
///
/// # Errors
/// Those of the format, or that neither form was found.
pub(crate) fn short_or_full<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Shorthand + Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(ShortOrFull(PhantomData))
}

struct ShortOrFull<T>(PhantomData<T>);

impl<'de, T: Shorthand + Deserialize<'de>> Visitor<'de> for ShortOrFull<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::from_texts(vec![text.to_owned()]).ok_or_else(|| E::custom(T::EXPECTED))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = seq.next_element()? {
            texts.push(text);
        }
        T::from_texts(texts).ok_or_else(|| A::Error::custom(T::EXPECTED))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
