//! What the values of one place have been: of a column, of the items of its arrays, of one key of
//! its objects; and the type that holds them all.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};

use crate::numbers::{Form, integer, is_exact, is_integer};

use super::escape::unescape;
use super::scan::Scanner;
use super::token::{Broken, Kind};

/// The values of one place so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Kinds in the order in which they first occurred; missing values have none.
    kinds: Vec<Kind>,
    /// A number was written with a point, an exponent, or as `-0`, which no integer keeps.
    float: bool,
    /// An integer that 64 bits with sign do not hold.
    beyond_int64: bool,
    /// An integer that a double does not hold exactly.
    beyond_float64: bool,
    items: Option<Box<Seen>>,
    members: Members,
}

/// Keys in the order in which they first occurred, and their values.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) keys: Vec<(String, Seen)>,
    by_name: HashMap<String, usize>,
}

/// Why no type holds all values of a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mixed {
    /// The way to the place: `.b[]`.
    pub(super) path: String,
    /// What its values are.
    pub(super) found: String,
}

impl Seen {
    /// Takes the value that comes next into account.
    pub(super) fn take(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Broken> {
        let token = scanner.open()?;
        self.take_kind(token.kind);
        match token.kind {
            Kind::Number => self.take_number(scanner.bytes(&token)),
            Kind::Array => {
                let items = self.items.get_or_insert_default();
                let mut more = !scanner.closes(b']');
                while more {
                    items.take(scanner)?;
                    more = scanner.goes_on(b']')?;
                }
            }
            Kind::Object => self.members.take(scanner)?,
            Kind::Null | Kind::Bool | Kind::Text | Kind::Escaped => {}
        }
        Ok(())
    }

    fn take_kind(&mut self, kind: Kind) {
        let kind = if kind == Kind::Escaped { Kind::Text } else { kind };
        if kind != Kind::Null && !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    fn take_number(&mut self, text: &[u8]) {
        if !is_integer(text) || text == b"-0" {
            self.float = true;
            return;
        }
        self.beyond_int64 |= integer::<i64>(text, Form::Any).is_none();
        self.beyond_float64 |= !is_exact(text);
    }

    /// Whether there was any value.
    pub(super) fn is_any(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// The type that holds every value as it is, or what stands in the way. Where no value was,
    /// text is assumed.
    pub(super) fn data_type(&self) -> Result<DataType, Mixed> {
        let mixed = |found: &str| Err(Mixed { path: String::new(), found: found.to_owned() });
        match self.kinds.as_slice() {
            [] => Ok(DataType::Utf8),
            [Kind::Number] if self.float && self.beyond_float64 => {
                mixed("fractions and integers that float64 does not hold exactly")
            }
            [Kind::Number] if self.float => Ok(DataType::Float64),
            [Kind::Number] if self.beyond_int64 => mixed("integers beyond the range of int64"),
            [Kind::Number] => Ok(DataType::Int64),
            [Kind::Bool] => Ok(DataType::Boolean),
            [Kind::Text] => Ok(DataType::Utf8),
            [Kind::Array] => self.list_type(),
            [Kind::Object] => self.members.struct_type(),
            kinds => {
                let names = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>();
                mixed(&names.join(" and "))
            }
        }
    }

    fn list_type(&self) -> Result<DataType, Mixed> {
        let item = self.items.as_ref().map_or(Ok(DataType::Utf8), |items| items.data_type());
        Ok(DataType::new_list(item.map_err(|mixed| mixed.within("[]"))?, true))
    }
}

impl Members {
    /// Takes the members of an object whose brace is taken into account.
    pub(super) fn take(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Broken> {
        let mut more = !scanner.closes(b'}');
        while more {
            let key = scanner.key()?;
            match self.find(scanner.bytes(&key)) {
                Some(seen) => seen.take(scanner)?,
                // Decoding refuses the record.
                None => Seen::default().take(scanner)?,
            }
            more = scanner.goes_on(b'}')?;
        }
        Ok(())
    }

    /// What the values of a key have been; none if the key has half of a surrogate pair.
    fn find(&mut self, raw: &[u8]) -> Option<&mut Seen> {
        let mut name = Vec::new();
        let name = unescape(raw, &mut name).then(|| String::from_utf8(name).ok())??;
        let index = *self.by_name.entry(name).or_insert_with_key(|name| {
            self.keys.push((name.clone(), Seen::default()));
            self.keys.len() - 1
        });
        self.keys.get_mut(index).map(|(_, seen)| seen)
    }

    fn struct_type(&self) -> Result<DataType, Mixed> {
        let field = |(name, seen): &(String, Seen)| -> Result<FieldRef, Mixed> {
            let data_type = seen.data_type().map_err(|mixed| mixed.within(&format!(".{name}")))?;
            Ok(Arc::new(Field::new(name, data_type, true)))
        };
        Ok(DataType::Struct(self.keys.iter().map(field).collect::<Result<_, _>>()?))
    }
}

impl Mixed {
    fn within(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}
