//! Arrays across the border and back: every type, every slice, every structural lie.

use std::ptr;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Int32Type};
use expect_test::{Expect, expect};

use super::*;
use crate::PluginError;

/// One array of every shape, nine elements, with nulls where the type has them.
fn samples() -> Vec<ArrayRef> {
    let text =
        [Some("a"), None, Some("ccc"), Some(""), None, Some("é"), Some("g"), None, Some("i")];
    let numbers: Int64Array = (0..9).map(|n| (n % 4 != 3).then_some(n)).collect();
    let whole: UInt8Array = (0..9).collect::<Vec<u8>>().into();
    let flags: BooleanArray = (0..9).map(|n| (n % 3 != 0).then_some(n % 2 == 0)).collect();
    let decimals = Decimal128Array::from_iter((0..9).map(|n| (n != 4).then_some(n * 1_000)));
    let wide: Decimal256Array =
        (0..9).map(|n| Some(arrow::datatypes::i256::from_i128(n))).collect();
    let bytes: LargeBinaryArray = text.iter().map(|t| t.map(str::as_bytes)).collect();
    let names: DictionaryArray<Int32Type> = text.into_iter().collect();
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(
        (0..9).map(|n| (n != 2).then(|| (0..n % 4).map(Some).collect::<Vec<_>>())),
    );
    let nested = StructArray::from(vec![
        (
            Arc::new(Field::new("l", list.data_type().clone(), true)),
            Arc::new(list.clone()) as ArrayRef,
        ),
        (Arc::new(Field::new("f", DataType::Boolean, true)), Arc::new(flags.clone()) as ArrayRef),
    ]);
    vec![
        Arc::new(numbers),
        Arc::new(whole),
        Arc::new(flags),
        Arc::new(decimals),
        Arc::new(wide),
        Arc::new(StringArray::from(text.to_vec())),
        Arc::new(LargeStringArray::from(text.to_vec())),
        Arc::new(bytes),
        Arc::new(names),
        Arc::new(list),
        Arc::new(nested),
        new_empty_array(&DataType::Utf8).slice(0, 0),
    ]
}

unsafe fn import_counted(array: ArrowArray, data_type: &DataType) -> Result<ArrayRef, ArrayFault> {
    // SAFETY: by the contract of `import`.
    unsafe { import(array, data_type, Nulls::Counted) }
}

fn there(array: &ArrayRef) -> ArrowArray {
    let mut batch = Exporter::default().export(&[Arc::clone(array)], array.len(), None);
    // SAFETY: exported just now.
    unsafe { batch.take_child(0) }.expect("one column was exported")
}

#[test]
fn every_type_survives_the_border_at_every_slice() {
    for array in samples() {
        for offset in 0..=array.len() {
            for length in 0..=array.len() - offset {
                let slice = array.slice(offset, length);
                // SAFETY: exported just now from an array of this type.
                let back = unsafe { import_counted(there(&slice), slice.data_type()) }.unwrap();
                assert_eq!(&back, &slice, "{} at {offset} for {length}", array.data_type());
                back.to_data().validate_full().unwrap();
            }
        }
    }
}

#[test]
fn a_second_crossing_of_a_slice_changes_nothing() {
    for array in samples() {
        let slice = array.slice(array.len() / 3, array.len() / 2);
        // SAFETY: exported just now from an array of this type.
        let once = unsafe { import_counted(there(&slice), slice.data_type()) }.unwrap();
        // SAFETY: as above.
        let twice =
            unsafe { import_counted(there(&once.slice(0, once.len())), once.data_type()) }.unwrap();
        assert_eq!(&twice, &slice);
    }
}

#[test]
fn columns_outlive_the_batch_and_each_other() {
    let columns = samples();
    let mut batch = Exporter::default().export(&columns, 9, None);
    // SAFETY: exported just now.
    let kept = unsafe { batch.take_child(5) }.unwrap();
    drop(batch);
    let expected = columns[5].to_data();
    drop(columns);
    // SAFETY: exported above from an array of this type.
    let back = unsafe { import_counted(kept, expected.data_type()) }.unwrap();
    assert_eq!(back.to_data(), expected);
}

#[test]
fn a_block_is_used_again_only_when_all_of_it_was_released() {
    let columns = samples();
    let mut exporter = Exporter::default();
    let mut first = exporter.export(&columns, 9, None);
    // SAFETY: exported just now.
    let kept = unsafe { first.take_child(0) }.unwrap();
    let block = first.private_data;
    drop(first);
    let second = exporter.export(&columns, 9, None);
    assert_ne!(second.private_data, block, "a column of it is still held");
    let block = second.private_data;
    drop(second);
    assert_eq!(exporter.export(&columns[..3], 9, None).private_data, block);
    // SAFETY: exported above from an array of this type.
    let back = unsafe { import_counted(kept, columns[0].data_type()) }.unwrap();
    assert_eq!(&back, &columns[0]);
}

#[test]
fn memory_is_freed_with_the_last_array() {
    let values = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let alive = Arc::downgrade(&values);
    // SAFETY: exported just now.
    let back = unsafe { import_counted(there(&(values as ArrayRef)), &DataType::Int64) }.unwrap();
    let part = back.slice(1, 1);
    drop(back);
    assert!(alive.upgrade().is_some(), "a slice still needs it");
    drop(part);
    assert!(alive.upgrade().is_none());
}

fn known(addresses: &Addresses, original: &ArrayRef, back: &ArrayRef) -> bool {
    // SAFETY: exported just now from an array of this type; `original` is alive.
    let found = unsafe { import_known(there(back), (0, original), addresses) }.unwrap();
    assert_eq!(&found, back);
    Arc::ptr_eq(&found, original)
}

#[test]
fn a_column_that_comes_back_is_recognised_by_its_buffers() {
    for array in samples() {
        let mut addresses = Addresses::default();
        let mut batch =
            Exporter::default().export(&[Arc::clone(&array)], array.len(), Some(&mut addresses));
        // SAFETY: exported just now.
        let inside =
            unsafe { import_counted(batch.take_child(0).unwrap(), array.data_type()) }.unwrap();
        assert!(known(&addresses, &array, &inside), "{}", array.data_type());
        if array.len() > 1 {
            assert!(!known(&addresses, &array, &inside.slice(0, 1)));
        }
    }
}

#[test]
fn a_column_whose_bitmap_was_copied_is_not_recognised() {
    // Its bitmap dies with the export, and the address may come back as another one.
    let array = samples()[0].slice(1, 5);
    let mut addresses = Addresses::default();
    let mut batch = Exporter::default().export(&[Arc::clone(&array)], 5, Some(&mut addresses));
    // SAFETY: exported just now.
    let inside =
        unsafe { import_counted(batch.take_child(0).unwrap(), array.data_type()) }.unwrap();
    assert!(!known(&addresses, &array, &inside));
}

#[test]
fn unaligned_foreign_values_are_copied() {
    let bytes = [0_u8; 33];
    let odd = bytes.as_ptr().align_offset(16) + 1;
    let array = there(&(Arc::new(Int64Array::from(vec![7, 7])) as ArrayRef));
    // SAFETY: the list of buffers has two entries; the new one is valid for 16 bytes.
    unsafe { *array.buffers.add(1) = bytes.as_ptr().add(odd).cast() };
    // SAFETY: a valid array of this type, but for its alignment.
    let back = unsafe { import_counted(array, &DataType::Int64) }.unwrap();
    assert_eq!(back.as_ref(), &Int64Array::from(vec![0, 0]) as &dyn Array);
}

fn refused(array: &ArrayRef, data_type: &DataType, spoil: impl Fn(&mut ArrowArray), why: Expect) {
    let mut array = there(array);
    spoil(&mut array);
    // SAFETY: structurally wrong, which is checked before anything is read.
    why.assert_eq(&unsafe { import_counted(array, data_type) }.unwrap_err().to_string());
}

#[test]
fn structural_lies_are_refused_by_name() {
    let [numbers, text, list] = [0, 5, 9].map(|index| samples()[index].clone());
    let int = DataType::Int64;
    let list_type = list.data_type().clone();
    refused(
        &numbers,
        &DataType::Utf8,
        |_| (),
        expect!["it has 2 buffers, its type has 3: is it of another type?"],
    );
    refused(
        &numbers,
        &list_type,
        |_| (),
        expect!["it has 0 children, its type has 1: is it of another type?"],
    );
    refused(
        &numbers,
        samples()[8].data_type(),
        |_| (),
        expect!["it has 0 dictionaries, its type has 1: is it of another type?"],
    );
    refused(&numbers, &int, |a| a.length = -1, expect!["length is -1"]);
    refused(&numbers, &int, |a| a.offset = i64::MAX, expect!["offset is 9223372036854775807"]);
    refused(
        &numbers,
        &int,
        |a| a.buffers = ptr::null_mut(),
        expect!["the list of buffers is a null pointer"],
    );
    // SAFETY: exported lists have these entries.
    let spoil =
        |index: usize| move |a: &mut ArrowArray| unsafe { *a.buffers.add(index) = ptr::null() };
    refused(&numbers, &int, spoil(0), expect!["the validity bitmap is a null pointer"]);
    refused(&numbers, &int, spoil(1), expect!["buffer 1 is a null pointer"]);
    refused(&text, &DataType::Utf8, spoil(2), expect!["buffer 2 is a null pointer"]);
    // SAFETY: a list array has one child.
    let shorten = |a: &mut ArrowArray| unsafe { (**a.children).length = 3 };
    refused(&list, &list_type, shorten, expect!["it has 3 elements, 10 are needed"]);
    // SAFETY: as above.
    let take = |a: &mut ArrowArray| drop(unsafe { a.take_child(0) });
    refused(&list, &list_type, take, expect!["the array is missing or released"]);
}

#[test]
fn errors_cross_with_all_they_say() {
    for error in [
        PluginError::new("plain"),
        PluginError::new("with all").about("distence").at(3, 9),
        PluginError::new("nul \0 and é").about(""),
    ] {
        // SAFETY: made just now.
        assert_eq!(unsafe { RawError::new(error.clone()).take() }, error);
    }
    // SAFETY: empty.
    let nothing = unsafe { { RawError::EMPTY }.take() };
    assert_eq!(nothing.message(), "no reason given");
}
