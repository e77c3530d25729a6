//! One name for one time zone.
//!
//! Files call UTC by many names, and Arrow takes types for different whose zones only differ in
//! name. So each type gets its one name where it comes in: from a file, and from `bind` of a
//! plugin. Whoever compares types behind these borders compares them with `==`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};

/// The name of UTC in all column types: the one that Arrow understands without its time zone
/// database.
pub const UTC: &str = "+00:00";

/// Other names of it, behind `Etc/` or not, in any letter case.
const NAMES: [&str; 8] = ["UTC", "Z", "Zulu", "UCT", "Universal", "GMT", "GMT0", "Greenwich"];

/// The type with its zones as Tanda calls them, at any depth: UTC, by whichever name, is [`UTC`],
/// and a fixed offset is written `+02:00`. Names of places stay as they are.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "the others have no zone")]
pub fn one_zone(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(unit, Some(zone)) => {
            DataType::Timestamp(*unit, Some(zone_name(zone).unwrap_or_else(|| zone.clone())))
        }
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        other => other.clone(),
    }
}

fn field(field: &Arc<Field>) -> Arc<Field> {
    Arc::new(field.as_ref().clone().with_data_type(one_zone(field.data_type())))
}

/// The one name of a zone that has several; none where it is a place, or nothing that is known.
fn zone_name(zone: &str) -> Option<Arc<str>> {
    let plain = match zone.split_at_checked(4) {
        Some((area, name)) if area.eq_ignore_ascii_case("Etc/") => name,
        Some(_) | None => zone,
    };
    if NAMES.iter().any(|name| name.eq_ignore_ascii_case(plain)) {
        return Some(UTC.into());
    }
    let (sign, digits) = zone.split_at_checked(1).filter(|(sign, _)| matches!(*sign, "+" | "-"))?;
    let digits = digits.as_bytes();
    let (hours, minutes) = match digits {
        [h1, h2] => ([*h1, *h2], *b"00"),
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => ([*h1, *h2], [*m1, *m2]),
        _ => return None,
    };
    let number = |digits: [u8; 2]| str::from_utf8(&digits).ok()?.parse::<u8>().ok();
    match (number(hours)?, number(minutes)?) {
        (0, 0) => Some(UTC.into()),
        (hours, minutes) => Some(format!("{sign}{hours:02}:{minutes:02}").into()),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    fn renamed(zone: &str) -> String {
        let DataType::Timestamp(_, Some(zone)) =
            one_zone(&DataType::Timestamp(TimeUnit::Second, Some(zone.into())))
        else {
            unreachable!("a timestamp stays one")
        };
        zone.to_string()
    }

    #[test]
    fn utc_has_one_name() {
        for zone in ["UTC", "utc", "Etc/UTC", "etc/gmt", "GMT", "Z", "Zulu", "Etc/UCT", "Universal"]
            .into_iter()
            .chain(["+00:00", "-00:00", "+0000", "+00"])
        {
            assert_eq!(renamed(zone), UTC, "{zone}");
        }
    }

    #[test]
    fn an_offset_is_written_in_one_way_and_a_place_stays() {
        assert_eq!(renamed("+0230"), "+02:30");
        assert_eq!(renamed("-08"), "-08:00");
        for zone in ["Europe/Berlin", "Etc/GMT+5", "CET", "+", "+2", "+a0:00", "", "+é"] {
            assert_eq!(renamed(zone), zone);
        }
    }

    #[test]
    fn a_zone_is_found_at_any_depth() {
        let time = |zone: &str| DataType::Timestamp(TimeUnit::Second, Some(zone.into()));
        let nested = |zone: &str| {
            let list = DataType::List(Arc::new(Field::new_list_field(time(zone), true)));
            DataType::Struct(vec![Field::new("a", list, true)].into())
        };
        assert_eq!(one_zone(&nested("UTC")), nested(UTC));
        assert_ne!(nested("UTC"), nested(UTC));
    }
}
