//! UTC is one zone, whoever calls it how.

use tanda_tests::Bench;

#[test]
fn a_text_in_utc_and_a_file_in_utc_are_of_one_type() {
    let bench = Bench::new();
    bench.write("in.csv", "t,n\n2024-01-01T00:00:00Z,1\n2023-12-31T23:59:59Z,2\n");
    let source = r#""csv": Source( read: Csv( path: "{dir}/in.csv",
        schema: { "t": "timestamp(us, UTC)" } ) ),"#;
    let written = bench.run(&format!(
        r#"Scene( name: "write", stages: {{ {source}
            "parquet": Sink( write: Parquet( path: "{{dir}}/in.parquet" ), from: "csv" ),
            "arrow": Sink( write: Arrow( path: "{{dir}}/in.arrow" ), from: "csv" ) }} )"#
    ));
    written.unwrap();
    // The name that others look for is in the files.
    let arrow = std::fs::read(bench.path().join("in.arrow")).unwrap();
    assert!(arrow.windows(3).any(|name| name == b"UTC"));
    assert!(!arrow.windows(6).any(|name| name == b"+00:00"));
    let report = bench.run(&format!(
        r#"Scene( name: "read", engine: ( isolation: InProcess ), stages: {{ {source}
            "parquet": Source( read: Parquet( path: "{{dir}}/in.parquet" ) ),
            "arrow": Source( read: Arrow( path: "{{dir}}/in.arrow" ) ),
            "check": Plugin( library: "validation", from: ["csv", "parquet", "arrow"],
                config: ( rules: [ Range( column: "t", min: "2024-01-01" ) ] ) ),
            "look": Plugin( library: "enrichment", from: "check", config: ( lookups: [ Lookup(
                table: "{{dir}}/in.parquet", on: {{"t": "t"}}, take: {{"same": "n"}} ) ] ) ),
            "out": Sink( write: Csv( path: "{{dir}}/out.csv" ), from: "look" ) }} )"#
    ));
    assert_eq!(report.unwrap().ledger, Ok(()));
    let row = "2024-01-01T00:00:00Z,1,1\n";
    assert_eq!(bench.read("out.csv"), format!("t,n,same\n{row}{row}{row}"));
}
