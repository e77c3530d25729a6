//! Libraries that are no plugins, and plugins that break their contract.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalUnit, Schema};
use expect_test::expect;
use support::{batch, compile, list, open, schema};
use tanda_plugin_host::{CallError, Library, Output, Wanted, WantedPort};

fn faulty() -> Arc<Library> {
    Library::open(compile("faulty", &[]).path).unwrap()
}

#[test]
fn wrong_tables_are_refused_each_with_its_reason() {
    let refused = list(
        [
            "return NULL",
            "table.abi_version = 2",
            "table.struct_size -= 8",
            "table.name.data = NULL",
            "table.name.len = 0",
            "table.version = tanda_text_of(\"1.\\xff\")",
            "table.process = NULL",
            "table.flags |= TANDA_MERGEABLE",
            "table.flags = TANDA_CONSERVES",
            "table.flags |= UINT64_C(1) << 50",
        ],
        |spoil| load_error(&[&format!("-DSPOIL={spoil}")]),
    );
    expect![[r#"
        return NULL:
          libfaulty.so: tanda_plugin() returned a null pointer; expected its table
        table.abi_version = 2:
          libfaulty.so: built for plugin ABI 2, this engine speaks 1; rebuild the plugin with
          this engine's tanda-plugin crate or tanda_plugin.h
        table.struct_size -= 8:
          libfaulty.so: its table has 136 bytes, expected 144; set struct_size to
          sizeof(tanda_plugin_v1), and rebuild with this engine's tanda_plugin.h
        table.name.data = NULL:
          libfaulty.so: `name` of its table is a null pointer; expected UTF-8 text
        table.name.len = 0:
          libfaulty.so: `name` of its table is empty
        table.version = tanda_text_of("1.\xff"):
          libfaulty.so: `version` of its table is not UTF-8 from byte 2 on; expected UTF-8 text
        table.process = NULL:
          libfaulty.so: `process` of its table is null; STATELESS | EXCLUSIVE | CONSERVES plugins
          need it
        table.flags |= TANDA_MERGEABLE:
          libfaulty.so: `snapshot` of its table is null; STATELESS | MERGEABLE | EXCLUSIVE |
          CONSERVES plugins need it
        table.flags = TANDA_CONSERVES:
          libfaulty.so: its flags are CONSERVES; expected at least one of STATELESS, MERGEABLE,
          EXCLUSIVE
        table.flags |= UINT64_C(1) << 50:
          libfaulty.so: its flags have the unknown bits 0x4000000000000; clear them, or run a
          newer engine"#]]
    .assert_eq(&refused);
}

#[test]
fn libraries_that_are_no_plugins_are_refused_each_with_its_reason() {
    let refused = list(["-DNOT_A_PLUGIN", "-DSPOIL=elsewhere()"], |option| load_error(&[option]));
    expect![[r#"
        -DNOT_A_PLUGIN:
          libfaulty.so: exports no function `tanda_plugin`, so it is not a Tanda plugin; use
          export_plugin!(…) in Rust, or define the function of tanda_plugin.h in C
        -DSPOIL=elsewhere():
          libfaulty.so: the dynamic linker refuses it: libfaulty.so: undefined symbol: elsewhere"#]]
    .assert_eq(&refused);
}

fn load_error(options: &[&str]) -> String {
    let fixture = compile("faulty", options);
    let error = Library::open(&fixture.path).unwrap_err().to_string();
    error.replace(&*fixture.path.to_string_lossy(), "libfaulty.so")
}

#[test]
fn files_that_are_no_libraries_are_refused_each_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text.so"), "#!/bin/sh\nexit 0\n").unwrap();
    fs::write(path("short.so"), "\x7fE").unwrap();
    fs::write(path("half.so"), "\x7fELF and nothing more").unwrap();
    fs::create_dir(path("folder.so")).unwrap();
    let refused = list(["none.so", "text.so", "short.so", "half.so", "folder.so"], |name| {
        let error = Library::open(path(name)).unwrap_err().to_string();
        error.replace(&*folder.path().to_string_lossy(), "…")
    });
    expect![[r#"
        none.so:
          …/none.so: no such file; build the plugin, or correct its path
        text.so:
          …/text.so: not a shared library (no ELF header); build it with crate-type "cdylib",
          or cc -shared
        short.so:
          …/short.so: not a shared library (no ELF header); build it with crate-type "cdylib",
          or cc -shared
        half.so:
          …/half.so: the dynamic linker refuses it: …/half.so: file too short
        folder.so:
          …/folder.so: cannot be read: Is a directory (os error 21)"#]]
    .assert_eq(&refused);
}

#[test]
fn bindings_that_break_the_contract_are_refused() {
    let faulty = faulty();
    let refused = list(
        [
            "no_ports",
            "null_ports",
            "many_ports",
            "same_ports",
            "two_kinds",
            "not_offered",
            "clash",
            "unknown_read",
            "null_reads",
            "nameless",
            "childless",
            "mystery",
            "latin",
            "view",
        ],
        |fault| open(&faulty, fault).unwrap().bind(&schema(), None).unwrap_err().to_string(),
    );
    expect![[r#"
        no_ports:
          plugin `faulty`: what it bound cannot be used: it has 0 ports; expected 1 to 64
        null_ports:
          plugin `faulty`: what it bound cannot be read: the list of ports is faulty: a null
          pointer
        many_ports:
          plugin `faulty`: what it bound cannot be read: the list of ports is faulty: 65 entries,
          at most 64 can be
        same_ports:
          plugin `faulty`: what it bound cannot be used: the port name `main` is empty or taken;
          give every port its own name
        two_kinds:
          plugin `faulty`: what it bound cannot be used: its flags are STATELESS | EXCLUSIVE;
          expected exactly one of STATELESS, MERGEABLE and EXCLUSIVE, and none that the plugin
          does not offer
        not_offered:
          plugin `faulty`: what it bound cannot be used: its flags are MERGEABLE; expected
          exactly one of STATELESS, MERGEABLE and EXCLUSIVE, and none that the plugin does not
          offer
        clash:
          plugin `faulty`: what it bound cannot be used: port `main` would have two columns
          `value`; rename one of them
        unknown_read:
          plugin `faulty`: what it bound cannot be used: it says that it reads the unknown column
          `vallue`: did you mean `value`?
        null_reads:
          plugin `faulty`: what it bound cannot be read: the list of columns it reads is faulty:
          a null pointer
        nameless:
          plugin `faulty`: what it bound cannot be read: the schema of port `main` is faulty: the
          format is a null pointer
        childless:
          plugin `faulty`: what it bound cannot be read: the schema of port `main` is faulty: it
          has 0 children, which does not fit its format
        mystery:
          plugin `faulty`: what it bound cannot be read: the schema of port `main` is faulty: C
          Data interface error: The datatype ""?!"" is still not supported in Rust implementation
        latin:
          plugin `faulty`: what it bound cannot be read: the schema of port `main` is faulty: the
          name of a field is not UTF-8
        view:
          plugin `faulty`: what it bound cannot be used: port `main`: column `value` has type
          Utf8View, which Tanda does not carry; cast it to an integer, float, boolean, utf8,
          binary, date, time, timestamp, decimal, dictionary of utf8, or a list or struct of
          these"#]]
    .assert_eq(&refused);
}

#[test]
fn what_later_versions_may_define_is_refused() {
    let faulty = faulty();
    let refused = list(["new_flag", "reserved"], |fault| {
        open(&faulty, fault).unwrap().bind(&schema(), None).unwrap_err().to_string()
    });
    expect![[r#"
        new_flag:
          plugin `faulty`: what it bound cannot be read: the field `flags` is faulty: the unknown
          bits 0x4000000000000 are set
        reserved:
          plugin `faulty`: what it bound cannot be read: port `rest` is faulty: `reserved` is 7,
          expected 0"#]]
    .assert_eq(&refused);
}

#[test]
fn a_second_binding_must_give_the_same_ports() {
    let mut instance = open(&faulty(), "rebinds").unwrap();
    instance.bind(&schema(), None).unwrap();
    let wanted = Wanted { ports: vec![WantedPort::default(); 2] };
    let error = instance.bind(&schema(), Some(&wanted)).unwrap_err();
    assert!(matches!(error, CallError::Rebound { .. }), "{error}");
}

#[test]
fn unsupported_input_is_refused_by_name() {
    let span = Field::new("span", DataType::Interval(IntervalUnit::YearMonth), true);
    let row = Field::new("row", DataType::Struct(vec![span].into()), true);
    let schema = Arc::new(Schema::new(vec![row]));
    let library = faulty();
    let refused = list(["an interval"], |_| {
        open(&library, "").unwrap().bind(&schema, None).unwrap_err().to_string()
    });
    expect![[r#"
        an interval:
          plugin `faulty`: column `row.span` of its input has type Interval(YearMonth), which
          Tanda does not carry; cast it before, or leave it out"#]]
    .assert_eq(&refused);
}

#[test]
fn failed_opens_say_why() {
    let reason = |fault: &str| open(&faulty(), fault).unwrap_err();
    let CallError::Failed { error, .. } = reason("open_error") else { panic!("not an error") };
    assert_eq!((error.token(), error.position()), (Some("open_error"), Some((2, 5))));
    let refused = list(["open_error", "no_reason", "no_instance"], |f| reason(f).to_string());
    expect![[r#"
        open_error:
          plugin `faulty` failed in `open`: this configuration is refused
        no_reason:
          plugin `faulty` returned the unknown status 7 from open, expected TANDA_OK (0),
          TANDA_ERROR (1) or TANDA_PANIC (2): no reason given
        no_instance:
          plugin `faulty` failed in `open`: it returned success, but no instance"#]]
    .assert_eq(&refused);
}

fn output_error(library: &Arc<Library>, fault: &str) -> String {
    let mut instance = open(library, fault).unwrap();
    instance.bind(&schema(), None).unwrap();
    let error = instance.process(&batch(&[Some(1), Some(2)])).unwrap_err();
    assert!(!instance.is_poisoned());
    error.to_string()
}

#[test]
fn arrays_that_are_not_as_bound_are_refused() {
    let faulty = faulty();
    let faults = [
        "wrong_count",
        "negative_count",
        "null_children",
        "null_child",
        "null_batch",
        "wrong_length",
        "negative_length",
        "wrong_type",
        "null_values",
        "nulls",
        "released",
        "offset",
        "own_nulls",
    ];
    expect![[r#"
        wrong_count:
          plugin `faulty`, process: port `main`: it emitted 2 columns, bound are 1
        negative_count:
          plugin `faulty`, process: port `main`: it emitted -1 columns, bound are 1
        null_children:
          plugin `faulty`, process: port `main`, column `value` (bound as Int64): the array is
          missing or released
        null_child:
          plugin `faulty`, process: port `main`, column `value` (bound as Int64): the array is
          missing or released
        null_batch:
          plugin `faulty`, process: port `main`: the batch is not a plain struct array: it is
          released
        wrong_length:
          plugin `faulty`, process: port `main`, column `value`: it has 3 rows, the batch 2
        negative_length:
          plugin `faulty`, process: port `main`, column `value` (bound as Int64): length is -4
        wrong_type:
          plugin `faulty`, process: port `main`, column `value` (bound as Int64): it has 3
          buffers, its type has 2: is it of another type?
        null_values:
          plugin `faulty`, process: port `main`, column `value` (bound as Int64): buffer 1 is a
          null pointer
        nulls:
          plugin `faulty`, process: port `main`, column `value`: it has 2 nulls, but is bound as
          never null
        released:
          plugin `faulty`, process: port `main`: the batch is not a plain struct array: it is
          released
        offset:
          plugin `faulty`, process: port `main`: the batch is not a plain struct array: its
          offset is not 0; slice the columns instead
        own_nulls:
          plugin `faulty`, process: port `main`: the batch is not a plain struct array: it has
          nulls of its own; put them into the columns"#]]
    .assert_eq(&list(faults, |fault| output_error(&faulty, fault)));
}

#[test]
fn emits_that_break_the_rules_are_refused_even_if_the_plugin_ignores_the_error() {
    let faulty = faulty();
    let faults = ["error", "status", "unknown_port", "twice", "counts", "silent", "ignores"];
    expect![[r#"
        error:
          plugin `faulty` failed in `process`: this batch is not to my taste
        status:
          plugin `faulty` returned the unknown status 42 from process, expected TANDA_OK (0),
          TANDA_ERROR (1) or TANDA_PANIC (2): no reason given
        unknown_port:
          plugin `faulty`, process: it emitted on port 9, but has ports 0 to 1
        twice:
          plugin `faulty`, process: port `main`: it emitted a second batch for one batch in;
          expected at most one
        counts:
          plugin `faulty`, process: port `main`: it counted rows without emitting them, but the
          port is read
        silent:
          plugin `faulty`, process: 2 rows in, 0 out (main 0, rest 0), but it promises CONSERVES
        ignores:
          plugin `faulty`, process: it emitted on port 9, but has ports 0 to 1"#]]
    .assert_eq(&list(faults, |fault| output_error(&faulty, fault)));
}

#[test]
fn a_panicked_instance_is_not_called_again() {
    let mut instance = open(&faulty(), "panic").unwrap();
    instance.bind(&schema(), None).unwrap();
    let batch = batch(&[Some(1)]);
    let reasons = [
        instance.process(&batch).unwrap_err(),
        instance.process(&batch).unwrap_err(),
        instance.bind(&schema(), None).unwrap_err(),
    ];
    expect![[r#"
        plugin `faulty` panicked in `process`: broken; its instance is closed
        plugin `faulty`: process on an instance that panicked before; open a new one
        plugin `faulty`: bind on an instance that panicked before; open a new one"#]]
    .assert_eq(&reasons.map(|error| error.to_string()).join("\n"));
    assert!(instance.is_poisoned());
}

#[test]
fn a_plugin_without_state_has_an_empty_snapshot() {
    let mut instance = open(&faulty(), "").unwrap();
    assert_eq!(instance.snapshot().unwrap(), b"");
    instance.restore(b"").unwrap();
    let error = instance.merge(b"abc").unwrap_err().to_string();
    expect!["plugin `faulty` has no merge, but was given 3 bytes of state"].assert_eq(&error);
}

#[test]
fn an_unread_port_takes_anything_and_counts_its_rows() {
    let mut instance = open(&faulty(), "wrong_count").unwrap();
    instance.bind(&schema(), None).unwrap();
    let wanted = Wanted { ports: vec![WantedPort::default(); 2] };
    instance.bind(&schema(), Some(&wanted)).unwrap();
    let outputs = instance.process(&batch(&[Some(1), Some(2)])).unwrap();
    assert!(matches!(outputs.ports[..], [Output::Rows(2), Output::Rows(0)]), "{outputs:?}");
}
