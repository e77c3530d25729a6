//! Texts that are there already as values of a type.

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::DataType;

use crate::columns::cells;
use crate::numbers::Form;

/// Reads `texts` as a CSV column is read whose type is given: texts that are empty are missing, but
/// where the type is utf8. None if no text stands for values of the type; else the column, or the
/// first row whose text is no value of it. Cost: some 10 ns a text.
#[must_use]
pub fn typed(texts: &StringArray, data_type: &DataType) -> Option<Result<ArrayRef, usize>> {
    let mut column = cells(data_type, Form::Any, texts.len())?;
    let keeps_empty = *data_type == DataType::Utf8;
    for (row, text) in texts.iter().enumerate() {
        match text.filter(|text| keeps_empty || !text.is_empty()) {
            None => column.push_null(),
            Some(text) if column.push(text.as_bytes()) => {}
            Some(_) => return Some(Err(row)),
        }
    }
    Some(Ok(column.finish()))
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int8Array};
    use arrow::datatypes::Int8Type;

    use super::*;

    #[test]
    fn texts_become_values_or_the_first_bad_row_is_told() {
        let many = (0..1_200).map(|n| (n % 7 != 0).then(|| (n % 100).to_string()));
        let texts = many.clone().collect::<StringArray>();
        let expected = many.map(|text| text.map(|text| text.parse().unwrap()));
        let found = typed(&texts, &DataType::Int8).unwrap().unwrap();
        assert_eq!(*found.as_primitive::<Int8Type>(), expected.collect::<Int8Array>());
        let texts = StringArray::from(vec!["1"; 600]);
        let bad = [&texts as &dyn Array, &StringArray::from(vec!["", "1.0"])];
        let bad = arrow::compute::concat(&bad).unwrap();
        assert_eq!(typed(bad.as_string(), &DataType::Int8).unwrap().unwrap_err(), 601);
        assert_eq!(typed(&bad.as_string().slice(599, 3), &DataType::Int8).unwrap().unwrap_err(), 2);
    }

    #[test]
    fn an_empty_text_is_a_value_of_texts_alone() {
        let texts = StringArray::from(vec![Some(""), None]);
        let nulls = |data_type| typed(&texts, &data_type).unwrap().unwrap().null_count();
        assert_eq!((nulls(DataType::Utf8), nulls(DataType::Date32)), (1, 2));
        assert!(typed(&texts, &DataType::Binary).is_none());
    }
}
