//! What the plugin does on order, as far as the process of a test survives it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use faulty::Faulty;
use tanda_plugin::testing::Harness;
use tanda_plugin::{Flags, Plugin, PluginError, Reads};

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
    ]))
}

/// Four rows; `first` is the id of the first.
fn batch(first: i64) -> RecordBatch {
    let ids = Int64Array::from_iter_values(first..first + 4);
    let names = StringArray::from(vec![Some("ada"), None, Some("bob"), Some("eve")]);
    RecordBatch::try_new(schema(), vec![Arc::new(ids), Arc::new(names)]).expect("they fit")
}

fn bound(config: &str) -> Harness<Faulty> {
    let mut harness = Harness::open(config).expect("a right configuration");
    harness.bind(&schema()).expect("it takes any columns");
    harness
}

fn main_of(harness: &mut Harness<Faulty>, first: i64) -> Result<RecordBatch, PluginError> {
    Ok(harness.process(&batch(first))?.remove(0).expect("the port is read"))
}

/// Which of the batches that begin with these ids fail.
fn failing(config: &str, firsts: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut harness = bound(config);
    let failed = |first: &i64| main_of(&mut harness, *first).is_err();
    firsts.into_iter().filter(failed).collect()
}

#[track_caller]
fn refused(config: &str, words: &str) {
    let opened = Harness::<Faulty>::open(config);
    let error =
        opened.and_then(|mut harness| harness.bind(&schema()).map(drop)).expect_err("it is wrong");
    assert!(error.message().contains(words), "{error}");
}

#[test]
fn rows_pass_unchanged_until_it_happens_and_after() {
    let mut harness = bound("(when: Batch(1), what: Error)");
    assert_eq!(main_of(&mut harness, 0).unwrap(), batch(0));
    assert_eq!(main_of(&mut harness, 4).unwrap_err().message(), "this call fails on order");
    assert_eq!(main_of(&mut harness, 8).unwrap(), batch(8));
}

#[test]
fn instance_conserves_and_projects_and_reads_what_its_expression_needs() {
    let harness = bound("(when: Row(\"name = 'bob'\"), what: Pass)");
    assert_eq!(harness.binding().flags, Faulty::FLAGS);
    assert!(Faulty::FLAGS.contains(Flags::CONSERVES | Flags::PROJECTS));
    assert_eq!(harness.binding().reads, Reads::Columns(vec!["name".to_owned()]));
    let mut harness = bound("(when: Never, what: Error)");
    harness.wanted(&schema(), &[Some(&["name"])]).unwrap();
    let out = main_of(&mut harness, 0).unwrap();
    assert_eq!(out, batch(0).project(&[1]).unwrap());
}

#[test]
fn row_fires_only_for_batches_that_hold_it() {
    assert_eq!(failing("(when: Row(\"id = 9\"), what: Error)", [0, 4, 8, 12]), [8]);
    assert_eq!(failing("(when: Row(\"name is null and id > 9\"), what: Error)", [0, 8, 9]), [9]);
}

#[test]
fn always_and_never_mean_it() {
    assert_eq!(failing("(when: Always, what: Error)", [0, 4]), [0, 4]);
    assert!(failing("(when: Never, what: Error)", [0, 4]).is_empty());
    assert!(failing("(when: Open, what: Pass)", [0, 4]).is_empty());
}

#[test]
fn probability_is_decided_by_seed_and_batch_whatever_the_order() {
    let of_seed = |seed| format!("(when: Probability(0.25, {seed}), what: Error)");
    let all = failing(&of_seed(7), 0..1000);
    assert!((200..300).contains(&all.len()), "{} of 1,000 for 0.25", all.len());
    let mut backwards = failing(&of_seed(7), (0..1000).rev());
    backwards.reverse();
    assert_eq!(all, backwards);
    assert_ne!(all, failing(&of_seed(8), 0..1000));
    assert!(failing("(when: Probability(0.0, 1), what: Error)", 0..100).is_empty());
    assert_eq!(failing("(when: Probability(1.0, 1), what: Error)", 0..100).len(), 100);
}

#[test]
fn panic_panics() {
    let mut harness = bound("(when: Always, what: Panic)");
    let panic = catch_unwind(AssertUnwindSafe(|| main_of(&mut harness, 0))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"this call panics on order"));
}

#[test]
fn wild_offsets_are_out_of_order_and_end_right() {
    let mut harness = bound("(when: Always, what: WildOffsets)");
    let out = main_of(&mut harness, 0).unwrap();
    assert_eq!(out.column(0), batch(0).column(0));
    let lie = out.column(1).to_data();
    assert!(lie.validate_full().is_err());
    let offsets = lie.buffers()[0].typed_data::<i32>();
    assert_eq!((offsets[1], offsets[4]), (-64, 9));
    assert_eq!(offsets[0], i32::MAX - 64);
}

#[test]
fn published_text_changes_when_it_has_left_and_at_each_later_call() {
    let mut harness = bound("(when: Batch(0), what: ChangeAfterPublish)");
    let mine = batch(0);
    let out = harness.process(&mine).unwrap().remove(0).unwrap();
    assert_eq!(out.column(1).as_string::<i32>().value(2), "###");
    assert_eq!(mine, batch(0), "the input is not the plugin's own");
    assert_eq!(main_of(&mut harness, 4).unwrap(), batch(4));
}

#[test]
fn spoiling_text_needs_a_text_that_leaves() {
    for what in ["WildOffsets", "ChangeAfterPublish"] {
        let mut harness =
            Harness::<Faulty>::open(&format!("(when: Always, what: {what})")).unwrap();
        let input = batch(0).project(&[0]).unwrap();
        harness.bind(&input.schema()).unwrap();
        let error = harness.process(&input).unwrap_err();
        assert!(error.message().contains("no column of type utf8"), "{error}");
    }
}

#[test]
fn file_that_cannot_be_read_is_named() {
    let mut harness = bound("(when: Always, what: OpenFile(\"/nowhere/table.csv\"))");
    let error = main_of(&mut harness, 0).unwrap_err();
    assert!(error.message().starts_with("cannot read \"/nowhere/table.csv\": "), "{error}");
    let open = Harness::<Faulty>::open("(when: Open, what: OpenFile(\"/nowhere/table.csv\"))");
    assert_eq!(open.unwrap_err().token(), Some("/nowhere/table.csv"));
}

#[test]
fn what_needs_the_system_works_where_nothing_is_denied() {
    for what in ["OpenSocket", "Fork", "OpenFile(\"Cargo.toml\")"] {
        let mut harness = bound(&format!("(when: Always, what: {what})"));
        assert_eq!(main_of(&mut harness, 0).unwrap(), batch(0), "{what}");
    }
}

#[test]
fn flood_is_as_many_lines_as_ordered() {
    let mut harness = bound("(when: Batch(0), what: FloodLog(1000))");
    assert_eq!(main_of(&mut harness, 0).unwrap(), batch(0));
    assert_eq!(harness.log().len(), 1000);
    assert_eq!(harness.log()[999].1, "line 1000 of 1000");
}

#[test]
fn open_fails_when_it_is_to_happen_there() {
    refused("(when: Open, what: Error)", "this call fails on order");
}

#[test]
fn senseless_orders_are_refused() {
    refused("(when: Open, what: WildOffsets)", "no batch while the plugin opens");
    refused("(when: Probability(1.5, 1), what: Error)", "between 0 and 1, not 1.5");
    refused("(when: Row(\"id = \"), what: Error)", "in \"id = \"");
    refused("(when: Row(\"idd = 1\"), what: Error)", "idd");
    refused("(when: Row(\"id + 1\"), what: Error)", "in \"id + 1\"");
    refused("(when: Allways, what: Error)", "did you mean `Always`?");
    refused("(when: Always, what: Error, where: 1)", "unknown field `where`");
}

/// Every order of the reference is read as one; those that end the process are not given here.
#[test]
fn every_order_of_the_reference_can_be_written() {
    let whats = "Pass Error Panic Abort Segfault Exit(3) Hang AllocateWithoutEnd WildOffsets \
                 ChangeAfterPublish OpenSocket OpenFile(\"data.csv\") Fork FloodLog(100000)";
    for what in whats.split_whitespace() {
        bound(&format!("(when: Never, what: {what})"));
        let name = what.split('(').next().unwrap();
        assert!(Faulty::CONFIG_REFERENCE.contains(&format!("\n                 {name}")), "{name}");
    }
}

#[test]
fn columns_that_pass_are_not_copied() {
    let mut harness = bound("(when: Never, what: Pass)");
    let input = batch(0);
    let out = harness.process(&input).unwrap().remove(0).unwrap();
    let address = |column: &ArrayRef| column.to_data().buffers()[0].as_ptr();
    assert_eq!(address(out.column(0)), address(input.column(0)));
}
