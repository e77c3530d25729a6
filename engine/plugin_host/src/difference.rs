//! In what two instances of one plugin are bound differently.

use arrow::datatypes::Field;
use tanda_plugin::Port;

use crate::Bound;

impl Bound {
    /// In what `other`, an instance of the same plugin that was given the same, is bound otherwise:
    /// in words, with the first column that differs. None if what they emit goes together.
    ///
    /// The columns that they read are not compared: one that is missing refuses the input itself.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let (own, others) = (self.ports(), other.ports());
        if own.len() != others.len() {
            return Some(format!("{} ports were bound, now {}", own.len(), others.len()));
        }
        let flags = (self.layout.flags, other.layout.flags);
        let of_flags =
            || (flags.0 != flags.1).then(|| format!("the flags were {}, now {}", flags.0, flags.1));
        own.iter().zip(others).find_map(|(own, other)| of_port(own, other)).or_else(of_flags)
    }
}

fn of_port(own: &Port, other: &Port) -> Option<String> {
    if own == other {
        return None;
    }
    if own.name != other.name {
        return Some(format!("port `{}` is now called `{}`", own.name, other.name));
    }
    let port = &own.name;
    if own.passes_input != other.passes_input {
        let now = if other.passes_input { "is passed" } else { "is not passed" };
        return Some(format!("on port `{port}` the input {now} now"));
    }
    let of_column = own.own.iter().zip(&other.own).find_map(|(own, other)| of_field(own, other));
    if let Some(difference) = of_column {
        return Some(format!("on port `{port}` {difference}"));
    }
    let (count, now) = (own.own.len(), other.own.len());
    let more = own.own.get(now).or_else(|| other.own.get(count));
    let more = more.map_or_else(String::new, |field| format!(", `{}` in one only", field.name()));
    Some(format!("port `{port}` had {count} columns of its own, now {now}{more}"))
}

fn of_field(own: &Field, other: &Field) -> Option<String> {
    if own == other {
        return None;
    }
    let name = own.name();
    Some(if name != other.name() {
        format!("column `{name}` is now called `{}`", other.name())
    } else if own.data_type() != other.data_type() {
        format!("column `{name}` was {}, now {}", own.data_type(), other.data_type())
    } else if own.is_nullable() != other.is_nullable() {
        let now = if other.is_nullable() { "may be null" } else { "is never null" };
        format!("column `{name}` {now} now")
    } else {
        format!("column `{name}` has other metadata now")
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Schema};
    use tanda_plugin::{Binding, Flags, Reads};

    use super::*;

    fn bound(own: &[Field], flags: Flags) -> Bound {
        let input = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let port = Port { name: "main".into(), passes_input: true, own: own.to_vec() };
        let reads = Reads::Columns(vec!["n".into()]);
        Bound::of(&input, Binding { ports: vec![port], reads, flags }, None).unwrap()
    }

    #[test]
    fn difference_names_the_first_column_that_differs() {
        let field = |data_type, nullable| Field::new("clipped", data_type, nullable);
        let (one, kept) = (Flags::STATELESS, Flags::STATELESS.union(Flags::CONSERVES));
        let first = bound(&[field(DataType::Float64, true)], kept);
        let differs = |own: &[Field], flags| first.difference(&bound(own, flags));
        assert_eq!(differs(&[field(DataType::Float64, true)], kept), None);
        let says = |own: &[Field], flags, text: &str| {
            let found = differs(own, flags).unwrap();
            assert!(found.contains(text), "{found}");
        };
        says(&[field(DataType::Int64, true)], kept, "column `clipped` was Float64, now Int64");
        says(&[field(DataType::Float64, false)], kept, "column `clipped` is never null now");
        let other = Field::new("cut", DataType::Float64, true);
        says(std::slice::from_ref(&other), kept, "column `clipped` is now called `cut`");
        says(&[field(DataType::Float64, true), other], kept, "1 columns of its own, now 2, `cut`");
        says(&[], kept, "`clipped` in one only");
        says(&[field(DataType::Float64, true)], one, "the flags were");
    }
}
