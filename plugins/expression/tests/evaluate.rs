//! What expressions mean: text in, values over the sample batch out.

mod common;

use expect_test::{Expect, expect};

fn check(texts: &[&str], expected: Expect) {
    let lines: Vec<String> =
        texts.iter().map(|text| format!("{text}  =>  {}\n", common::evaluate(text))).collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn arithmetic_follows_sql_types() {
    check(
        &[
            "distance + air_time",
            "distance - 1",
            "distance * 2.5",
            "distance / 3",
            "-7 / 2",
            "air_time % 4",
            "-7 % 4",
            "distance / (air_time / 60.0)",
            "-air_time",
            "-speed",
            "speed / 0",
            "speed % 0.5",
            "ratio + ratio",
            "ratio * 2",
            "month * 100",
            "month / 7",
            "id + 1",
            "-month",
            "distance + null",
            "null + null",
            "1 + 2 * 3",
            "(1 + 2) * 3",
            "+distance",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "1e3",
            ".5",
        ],
        expect![[r#"
            distance + air_time  =>  int64?: 1627, 253, null, -7
            distance - 1  =>  int64?: 1399, 199, null, -1
            distance * 2.5  =>  decimal128(22, 1)?: 3500.0, 500.0, null, 0.0
            distance / 3  =>  int64?: 466, 66, null, 0
            -7 / 2  =>  int64: -3, -3, -3, -3
            air_time % 4  =>  int64?: 3, 1, null, -3
            -7 % 4  =>  int64: -3, -3, -3, -3
            distance / (air_time / 60.0)  =>  float64?: 370.04405286343615, 226.41509433962264, null, -0.0
            -air_time  =>  int64?: -227, -53, null, 7
            -speed  =>  float64?: -2.5, 0.0, null, NaN
            speed / 0  =>  float64?: inf, NaN, null, NaN
            speed % 0.5  =>  float64?: 0.0, -0.0, null, NaN
            ratio + ratio  =>  float32?: 0.2, 1.0, null, -4.0
            ratio * 2  =>  float64?: 0.20000000298023224, 1.0, null, -4.0
            month * 100  =>  int64?: 100, 200, 12000, 1200
            month / 7  =>  int64?: 0, 0, 17, 1
            id + 1  =>  evaluation: overflow in `id + 1`: 18446744073709551615 + 1 does not fit uint64: cast an operand to bigint or decimal(20, 0)
            -month  =>  int64?: -1, -2, -120, -12
            distance + null  =>  int64?: null, null, null, null
            null + null  =>  int64?: null, null, null, null
            1 + 2 * 3  =>  int64: 7, 7, 7, 7
            (1 + 2) * 3  =>  int64: 9, 9, 9, 9
            +distance  =>  int64?: 1400, 200, null, 0
            9223372036854775807  =>  int64: 9223372036854775807, 9223372036854775807, 9223372036854775807, 9223372036854775807
            -9223372036854775808  =>  int64: -9223372036854775808, -9223372036854775808, -9223372036854775808, -9223372036854775808
            18446744073709551615  =>  uint64: 18446744073709551615, 18446744073709551615, 18446744073709551615, 18446744073709551615
            1e3  =>  float64: 1000.0, 1000.0, 1000.0, 1000.0
            .5  =>  decimal128(1, 1): 0.5, 0.5, 0.5, 0.5
        "#]],
    );
}

#[test]
fn decimals_stay_exact() {
    check(
        &[
            "price + 0.05",
            "price * 1.1",
            "price - 1",
            "price / 3",
            "price % 4",
            "price > 10",
            "price = 10.50",
            "price = -2.5",
            "price * speed",
            "-price",
            "price + distance",
            "price in (10.5, 0)",
            "cast(price as double)",
            "cast('12.345' as decimal(10, 2))",
            "abs(price)",
            "round(price)",
            "round(price, 1)",
            "floor(price)",
            "ceil(price)",
        ],
        expect![[r#"
            price + 0.05  =>  decimal128(11, 2)?: 10.55, -2.45, null, 0.05
            price * 1.1  =>  decimal128(13, 3)?: 11.550, -2.750, null, 0.000
            price - 1  =>  decimal128(11, 2)?: 9.50, -3.50, null, -1.00
            price / 3  =>  decimal128(24, 16)?: 3.5000000000000000, -0.8333333333333333, null, 0.0000000000000000
            price % 4  =>  decimal128(3, 2)?: 2.50, -2.50, null, 0.00
            price > 10  =>  boolean?: true, false, null, false
            price = 10.50  =>  boolean?: true, false, null, false
            price = -2.5  =>  boolean?: false, true, null, false
            price * speed  =>  float64?: 26.25, 0.0, null, NaN
            -price  =>  decimal128(10, 2)?: -10.50, 2.50, null, 0.00
            price + distance  =>  decimal128(22, 2)?: 1410.50, 197.50, null, 0.00
            price in (10.5, 0)  =>  boolean?: true, false, null, true
            cast(price as double)  =>  float64?: 10.5, -2.5, null, 0.0
            cast('12.345' as decimal(10, 2))  =>  decimal128(10, 2): 12.35, 12.35, 12.35, 12.35
            abs(price)  =>  decimal128(10, 2)?: 10.50, 2.50, null, 0.00
            round(price)  =>  decimal128(9, 0)?: 11, -3, null, 0
            round(price, 1)  =>  decimal128(10, 1)?: 10.5, -2.5, null, 0.0
            floor(price)  =>  decimal128(9, 0)?: 10, -3, null, 0
            ceil(price)  =>  decimal128(9, 0)?: 11, -2, null, 0
        "#]],
    );
}

#[test]
fn integer_overflow_is_an_error() {
    check(
        &[
            "9223372036854775807 + distance",
            "distance * 9223372036854775807",
            "distance - 9223372036854775807 - 9223372036854775807",
            "(air_time - air_time - 9223372036854775807 - 1) / (air_time / air_time * -1)",
            "abs(air_time - air_time - 9223372036854775807 - 1)",
            "-(air_time - air_time - 9223372036854775807 - 1)",
            "id + id",
            "id * 2 + id",
            "id - 1",
            "1 / 0",
            "distance / (distance - distance)",
            "distance % 0",
            "price / 0",
        ],
        expect![[r#"
            9223372036854775807 + distance  =>  evaluation: overflow in `9223372036854775807 + distance`: 9223372036854775807 + 1400 does not fit int64
            distance * 9223372036854775807  =>  evaluation: overflow in `distance * 9223372036854775807`: 1400 * 9223372036854775807 does not fit int64
            distance - 9223372036854775807 - 9223372036854775807  =>  evaluation: overflow in `distance - 9223372036854775807 - 9223372036854775807`: -9223372036854774407 - 9223372036854775807 does not fit int64
            (air_time - air_time - 9223372036854775807 - 1) / (air_time / air_time * -1)  =>  evaluation: overflow in `(air_time - air_time - 9223372036854775807 - 1) / (air_time …`: -9223372036854775808 / -1 does not fit int64
            abs(air_time - air_time - 9223372036854775807 - 1)  =>  evaluation: overflow in `abs(air_time - air_time - 9223372036854775807 - 1)`: - -9223372036854775808 does not fit int64
            -(air_time - air_time - 9223372036854775807 - 1)  =>  evaluation: overflow in `-(air_time - air_time - 9223372036854775807 - 1)`: - -9223372036854775808 does not fit int64
            id + id  =>  evaluation: overflow in `id + id`: 18446744073709551615 + 18446744073709551615 does not fit uint64: cast an operand to bigint or decimal(20, 0)
            id * 2 + id  =>  evaluation: overflow in `id * 2`: 18446744073709551615 * 2 does not fit uint64: cast an operand to bigint or decimal(20, 0)
            id - 1  =>  evaluation: overflow in `id - 1`: 0 - 1 does not fit uint64: cast an operand to bigint or decimal(20, 0)
            1 / 0  =>  evaluation: division by zero in `1 / 0`: guard it, for example with nullif(divisor, 0)
            distance / (distance - distance)  =>  evaluation: division by zero in `distance / (distance - distance)`: guard it, for example with nullif(divisor, 0)
            distance % 0  =>  evaluation: division by zero in `distance % 0`: guard it, for example with nullif(divisor, 0)
            price / 0  =>  evaluation: division by zero in `price / 0`: guard it, for example with nullif(divisor, 0)
        "#]],
    );
}

#[test]
fn numbers_compare_as_numbers() {
    check(
        &[
            "distance > 199",
            "distance = 200.0",
            "distance <> 200",
            "200 <= distance",
            "speed >= 0",
            "speed = speed",
            "speed <> speed",
            "speed < 2.5",
            "ratio = 0.5",
            "ratio = 0.1",
            "month = 12",
            "month = 1000",
            "id > -1",
            "id = 42",
            "id = distance",
        ],
        expect![[r#"
            distance > 199  =>  boolean?: true, true, null, false
            distance = 200.0  =>  boolean?: false, true, null, false
            distance <> 200  =>  boolean?: true, false, null, true
            200 <= distance  =>  boolean?: true, true, null, false
            speed >= 0  =>  boolean?: true, true, null, false
            speed = speed  =>  boolean?: true, true, null, false
            speed <> speed  =>  boolean?: false, false, null, true
            speed < 2.5  =>  boolean?: false, true, null, false
            ratio = 0.5  =>  boolean?: false, true, null, false
            ratio = 0.1  =>  boolean?: false, false, null, false
            month = 12  =>  boolean?: false, false, false, true
            month = 1000  =>  boolean?: false, false, false, false
            id > -1  =>  boolean?: true, true, true, true
            id = 42  =>  boolean?: false, false, false, true
            id = distance  =>  boolean?: false, false, null, false
        "#]],
    );
}

#[test]
fn text_and_time_compare_in_their_order() {
    check(
        &[
            "carrier = 'UA'",
            "carrier < 'B'",
            "name = 'ÉA'",
            "plane = 'A320'",
            "plane = carrier",
            "plane <> name",
            "late = true",
            "day = '2013-01-01'",
            "day >= date '2013-12-31'",
            "at < timestamp '2013-06-01 00:00:00'",
            "at = '2013-01-01 05:00:00'",
            "at >= date '2013-01-01'",
            "day = at",
            "seen = '2013-01-01T05:00:00Z'",
            "seen > timestamp '2013-01-01 04:59:59'",
            "distance = null",
            "'a' < 'b'",
            "date '2013-01-01' < date '2013-01-02'",
        ],
        expect![[r#"
            carrier = 'UA'  =>  boolean?: true, false, null, false
            carrier < 'B'  =>  boolean?: false, true, null, true
            name = 'ÉA'  =>  boolean?: false, false, null, true
            plane = 'A320'  =>  boolean?: true, false, null, true
            plane = carrier  =>  boolean?: false, false, null, false
            plane <> name  =>  boolean?: true, true, null, true
            late = true  =>  boolean?: true, false, null, true
            day = '2013-01-01'  =>  boolean?: true, false, null, false
            day >= date '2013-12-31'  =>  boolean?: false, true, null, false
            at < timestamp '2013-06-01 00:00:00'  =>  boolean?: true, false, null, true
            at = '2013-01-01 05:00:00'  =>  boolean?: true, false, null, false
            at >= date '2013-01-01'  =>  boolean?: true, true, null, false
            day = at  =>  boolean?: false, false, null, false
            seen = '2013-01-01T05:00:00Z'  =>  boolean?: false, true, false, false
            seen > timestamp '2013-01-01 04:59:59'  =>  [seen 1:1] `seen > TIMESTAMP '2013-01-01 04:59:59'` at line 1, column 1: timestamp(s, UTC) and timestamp(us) do not combine: cast one of them
            distance = null  =>  boolean?: null, null, null, null
            'a' < 'b'  =>  boolean: true, true, true, true
            date '2013-01-01' < date '2013-01-02'  =>  boolean: true, true, true, true
        "#]],
    );
}

#[test]
fn logic_has_three_values() {
    check(
        &[
            "late and true",
            "late and null",
            "late or null",
            "not late",
            "null and false",
            "null or true",
            "not null",
            "late is true",
            "late is not true",
            "late is false",
            "late is not false",
            "late is null",
            "distance is not null",
            "1 is null",
            "null is null",
            "distance > 0 and carrier = 'UA' or late",
        ],
        expect![[r#"
            late and true  =>  boolean?: true, false, null, true
            late and null  =>  boolean?: null, false, null, null
            late or null  =>  boolean?: true, null, null, true
            not late  =>  boolean?: false, true, null, false
            null and false  =>  boolean: false, false, false, false
            null or true  =>  boolean: true, true, true, true
            not null  =>  boolean?: null, null, null, null
            late is true  =>  boolean: true, false, false, true
            late is not true  =>  boolean: false, true, true, false
            late is false  =>  boolean: false, true, false, false
            late is not false  =>  boolean: true, false, true, true
            late is null  =>  boolean: false, false, true, false
            distance is not null  =>  boolean: true, true, false, true
            1 is null  =>  boolean: false, false, false, false
            null is null  =>  boolean: true, true, true, true
            distance > 0 and carrier = 'UA' or late  =>  boolean?: true, false, null, true
        "#]],
    );
}

#[test]
fn lists_and_ranges() {
    check(
        &[
            "carrier in ('UA', 'AA')",
            "carrier not in ('UA', 'AA')",
            "carrier in ('UA', null)",
            "carrier not in ('UA', null)",
            "carrier in (null)",
            "distance in (200, 1400.0)",
            "distance in (0, air_time, 200)",
            "month in (1, 12, 1000)",
            "plane in ('A320')",
            "plane in ('A','B','C','D','E','F','G','H','A320')",
            "name in ('A','B','C','D','E','F','G','H','ÉA')",
            "carrier in ('A','B','C','D','E','F','G','H','UA', null)",
            "distance in (1,2,3,4,5,6,7,8,200,0)",
            "day in ('2013-01-01')",
            "day in ('2013-01-01','2013-01-02','2013-01-03','2013-01-04','2013-01-05','2013-01-06','2013-01-07','2013-01-08','2013-12-31')",
            "speed in (0, 2.5)",
            "id in (1,2,3,4,5,6,7,8,18446744073709551615)",
            "distance between 0 and 200",
            "distance not between 0 and 200",
            "distance between air_time and 2000",
            "distance between null and 0",
            "carrier between 'A' and 'B'",
            "day between '2013-01-01' and '2013-06-30'",
            "late in (true)",
            "2 in (1, 2)",
        ],
        expect![[r#"
            carrier in ('UA', 'AA')  =>  boolean?: true, true, null, false
            carrier not in ('UA', 'AA')  =>  boolean?: false, false, null, true
            carrier in ('UA', null)  =>  boolean?: true, null, null, null
            carrier not in ('UA', null)  =>  boolean?: false, null, null, null
            carrier in (null)  =>  boolean?: null, null, null, null
            distance in (200, 1400.0)  =>  boolean?: true, true, null, false
            distance in (0, air_time, 200)  =>  boolean?: false, true, null, true
            month in (1, 12, 1000)  =>  boolean?: true, false, false, true
            plane in ('A320')  =>  boolean?: true, false, null, true
            plane in ('A','B','C','D','E','F','G','H','A320')  =>  boolean?: true, false, null, true
            name in ('A','B','C','D','E','F','G','H','ÉA')  =>  boolean?: false, false, null, true
            carrier in ('A','B','C','D','E','F','G','H','UA', null)  =>  boolean?: true, null, null, null
            distance in (1,2,3,4,5,6,7,8,200,0)  =>  boolean?: false, true, null, true
            day in ('2013-01-01')  =>  boolean?: true, false, null, false
            day in ('2013-01-01','2013-01-02','2013-01-03','2013-01-04','2013-01-05','2013-01-06','2013-01-07','2013-01-08','2013-12-31')  =>  boolean?: true, true, null, false
            speed in (0, 2.5)  =>  boolean?: true, true, null, false
            id in (1,2,3,4,5,6,7,8,18446744073709551615)  =>  boolean?: false, true, true, false
            distance between 0 and 200  =>  boolean?: false, true, null, true
            distance not between 0 and 200  =>  boolean?: true, false, null, false
            distance between air_time and 2000  =>  boolean?: true, true, null, true
            distance between null and 0  =>  boolean?: false, false, null, null
            carrier between 'A' and 'B'  =>  boolean?: false, true, null, false
            day between '2013-01-01' and '2013-06-30'  =>  boolean?: true, false, null, false
            late in (true)  =>  boolean?: true, false, null, true
            2 in (1, 2)  =>  boolean: true, true, true, true
        "#]],
    );
}

#[test]
fn patterns() {
    check(
        &[
            "carrier like 'U%'",
            "carrier not like 'U_'",
            "carrier ilike 'u%'",
            r#"name like '%\_y\%%'"#,
            "name like '%!_y!%%' escape '!'",
            r#"name like '%\y%' escape '!'"#,
            "plane like 'A%'",
            "plane ilike '%738'",
            "carrier like null",
            "null like null",
            "null not ilike 'a' escape '!'",
            "carrier like carrier",
            "regexp_like(plane, '^[AB]3')",
            r#"regexp_like("tail num", '^n\d+[a-z]*$', 'i')"#,
            "starts_with(carrier, 'U')",
            "ends_with(plane, '8')",
            "contains(name, 'o')",
        ],
        expect![[r#"
            carrier like 'U%'  =>  boolean?: true, false, null, false
            carrier not like 'U_'  =>  boolean?: false, true, null, true
            carrier ilike 'u%'  =>  boolean?: true, false, null, false
            name like '%\_y\%%'  =>  boolean?: false, true, null, false
            name like '%!_y!%%' escape '!'  =>  boolean?: false, true, null, false
            name like '%\y%' escape '!'  =>  boolean?: false, false, null, false
            plane like 'A%'  =>  boolean?: true, false, null, true
            plane ilike '%738'  =>  boolean?: false, true, null, false
            carrier like null  =>  boolean?: null, null, null, null
            null like null  =>  boolean?: null, null, null, null
            null not ilike 'a' escape '!'  =>  boolean?: null, null, null, null
            carrier like carrier  =>  boolean?: true, true, null, true
            regexp_like(plane, '^[AB]3')  =>  boolean?: true, false, null, true
            regexp_like("tail num", '^n\d+[a-z]*$', 'i')  =>  boolean?: true, true, false, true
            starts_with(carrier, 'U')  =>  boolean?: true, false, null, false
            ends_with(plane, '8')  =>  boolean?: false, true, null, false
            contains(name, 'o')  =>  boolean?: true, false, null, false
        "#]],
    );
}

#[test]
fn case_sees_only_its_rows() {
    check(
        &[
            "case when distance > 1000 then 'long' when distance > 0 then 'short' end",
            "case when distance > 1000 then 'long' else carrier end",
            "case carrier when 'UA' then 1 when 'AA' then 2.5 else 0 end",
            "case when late then 1 / 0 else 2 end",
            "case when distance <> 0 then 1400 / distance else -1 end",
            "case when distance <> 0 then 1400 / distance end",
            "case when late is null then cast('x' as int) else 0 end",
            "distance <> 0 and 1400 / distance > 1",
            "distance = 0 or 1400 / distance > 1",
            "coalesce(distance, 1 / 0)",
            "coalesce(air_time, distance, 5)",
            "coalesce(null, carrier, 'none')",
            "coalesce(carrier, plane, name)",
            "case when true then distance end",
            "case when null then 1 else 2 end",
            "case when late then late else false end",
            "case when late then plane else 'none' end",
            "case when late then day end",
        ],
        expect![[r#"
            case when distance > 1000 then 'long' when distance > 0 then 'short' end  =>  utf8?: long, short, null, null
            case when distance > 1000 then 'long' else carrier end  =>  utf8?: long, AA, null, 
            case carrier when 'UA' then 1 when 'AA' then 2.5 else 0 end  =>  decimal128(20, 1): 1.0, 2.5, 0.0, 0.0
            case when late then 1 / 0 else 2 end  =>  evaluation: division by zero in `1 / 0`: guard it, for example with nullif(divisor, 0)
            case when distance <> 0 then 1400 / distance else -1 end  =>  int64?: 1, 7, -1, -1
            case when distance <> 0 then 1400 / distance end  =>  int64?: 1, 7, null, null
            case when late is null then cast('x' as int) else 0 end  =>  evaluation: `'x'` cannot become int32: found 'x'
            distance <> 0 and 1400 / distance > 1  =>  boolean?: false, true, null, false
            distance = 0 or 1400 / distance > 1  =>  boolean?: false, true, null, true
            coalesce(distance, 1 / 0)  =>  evaluation: division by zero in `1 / 0`: guard it, for example with nullif(divisor, 0)
            coalesce(air_time, distance, 5)  =>  int64: 227, 53, 5, -7
            coalesce(null, carrier, 'none')  =>  utf8: UA, AA, none, 
            coalesce(carrier, plane, name)  =>  largeutf8?: UA, AA, null, 
            case when true then distance end  =>  int64?: 1400, 200, null, 0
            case when null then 1 else 2 end  =>  int64: 2, 2, 2, 2
            case when late then late else false end  =>  boolean?: true, false, false, true
            case when late then plane else 'none' end  =>  utf8?: A320, none, none, A320
            case when late then day end  =>  date32?: 2013-01-01, null, null, 1969-12-31
        "#]],
    );
}

#[test]
fn choices() {
    check(
        &[
            "nullif(distance, 0)",
            "nullif(carrier, '')",
            "nullif(1, 1)",
            "least(distance, air_time)",
            "greatest(distance, air_time, 100)",
            "greatest(speed, 0)",
            "least(speed, ratio, 1)",
            "least(carrier, plane)",
            "greatest(null, null)",
            "greatest(day, '2013-06-01')",
            "least(distance)",
        ],
        expect![[r#"
            nullif(distance, 0)  =>  int64?: 1400, 200, null, null
            nullif(carrier, '')  =>  utf8?: UA, AA, null, null
            nullif(1, 1)  =>  int64?: null, null, null, null
            least(distance, air_time)  =>  int64?: 227, 53, null, -7
            greatest(distance, air_time, 100)  =>  int64: 1400, 200, 100, 100
            greatest(speed, 0)  =>  float64: 2.5, -0.0, 0.0, 0.0
            least(speed, ratio, 1)  =>  float64: 0.10000000149011612, -0.0, 1.0, -2.0
            least(carrier, plane)  =>  utf8?: A320, AA, null, 
            greatest(null, null)  =>  null?: null, null, null, null
            greatest(day, '2013-06-01')  =>  date32: 2013-06-01, 2013-12-31, 2013-06-01, 2013-06-01
            least(distance)  =>  int64?: 1400, 200, null, 0
        "#]],
    );
}

#[test]
fn numbers() {
    check(
        &[
            "abs(air_time)",
            "abs(speed)",
            "round(speed)",
            "round(2.5)",
            "round(-2.5)",
            "round(2.345, 2)",
            "round(distance, 2)",
            "floor(-1.5)",
            "ceil(1.2)",
            "ceiling(ratio)",
            "floor(air_time)",
            "sqrt(distance)",
            "sqrt(-1.0)",
            "ln(0)",
            "exp(0)",
            "power(2, 10)",
            "power(speed, 2)",
            "power(2, speed)",
            "pow(distance, null)",
        ],
        expect![[r#"
            abs(air_time)  =>  int64?: 227, 53, null, 7
            abs(speed)  =>  float64?: 2.5, 0.0, null, NaN
            round(speed)  =>  float64?: 2.0, -0.0, null, NaN
            round(2.5)  =>  decimal128(2, 0): 3, 3, 3, 3
            round(-2.5)  =>  decimal128(2, 0): -3, -3, -3, -3
            round(2.345, 2)  =>  decimal128(4, 2): 2.35, 2.35, 2.35, 2.35
            round(distance, 2)  =>  int64?: 1400, 200, null, 0
            floor(-1.5)  =>  decimal128(2, 0): -2, -2, -2, -2
            ceil(1.2)  =>  decimal128(2, 0): 2, 2, 2, 2
            ceiling(ratio)  =>  float32?: 1.0, 1.0, null, -2.0
            floor(air_time)  =>  int64?: 227, 53, null, -7
            sqrt(distance)  =>  float64?: 37.416573867739416, 14.142135623730951, null, 0.0
            sqrt(-1.0)  =>  float64: NaN, NaN, NaN, NaN
            ln(0)  =>  float64: -inf, -inf, -inf, -inf
            exp(0)  =>  float64: 1.0, 1.0, 1.0, 1.0
            power(2, 10)  =>  float64: 1024.0, 1024.0, 1024.0, 1024.0
            power(speed, 2)  =>  float64?: 6.25, 0.0, null, NaN
            power(2, speed)  =>  float64?: 5.656854249492381, 1.0, null, NaN
            pow(distance, null)  =>  float64?: null, null, null, null
        "#]],
    );
}

#[test]
fn texts() {
    check(
        &[
            "length(name)",
            "char_length(carrier)",
            "length(plane)",
            "lower(name)",
            "upper(carrier)",
            "upper(name)",
            "lower(plane)",
            "trim(name)",
            "ltrim(name)",
            "rtrim(name, ' ë')",
            "trim(both 'xz' from name)",
            r#"trim(leading 'N' from "tail num")"#,
            "substr(name, 2, 2)",
            "substr(carrier, 0, 2)",
            r#"substring("tail num" from 2 for 3)"#,
            r#"substr("tail num", 5)"#,
            "substr(carrier, air_time)",
            "concat(carrier, '-', plane, distance)",
            "carrier || '-' || plane",
            "carrier || distance",
            "carrier || late || day",
            r#"replace("tail num", 'N', '##')"#,
            "replace(carrier, '', 'x')",
            "replace(name, carrier, '?')",
            "'it''s'",
            r#"E'a\tb'"#,
            r#""tail num""#,
        ],
        expect![[r#"
            length(name)  =>  int64?: 5, 5, null, 2
            char_length(carrier)  =>  int64?: 2, 2, null, 0
            length(plane)  =>  int64?: 4, 4, null, 4
            lower(name)  =>  largeutf8?:  zoë , x_y%z, null, éa
            upper(carrier)  =>  utf8?: UA, AA, null, 
            upper(name)  =>  largeutf8?:  ZOË , X_Y%Z, null, ÉA
            lower(plane)  =>  utf8?: a320, b738, null, a320
            trim(name)  =>  largeutf8?: Zoë, x_y%z, null, ÉA
            ltrim(name)  =>  largeutf8?: Zoë , x_y%z, null, ÉA
            rtrim(name, ' ë')  =>  largeutf8?:  Zo, x_y%z, null, ÉA
            trim(both 'xz' from name)  =>  largeutf8?:  Zoë , _y%, null, ÉA
            trim(leading 'N' from "tail num")  =>  utf8?: 14228, 619AA, , n0
            substr(name, 2, 2)  =>  largeutf8?: Zo, _y, null, A
            substr(carrier, 0, 2)  =>  utf8?: U, A, null, 
            substring("tail num" from 2 for 3)  =>  utf8?: 142, 619, , 0
            substr("tail num", 5)  =>  utf8?: 28, AA, , 
            substr(carrier, air_time)  =>  utf8?: , , null, 
            concat(carrier, '-', plane, distance)  =>  utf8: UA-A3201400, AA-B738200, -, -A3200
            carrier || '-' || plane  =>  utf8?: UA-A320, AA-B738, null, -A320
            carrier || distance  =>  utf8?: UA1400, AA200, null, 0
            carrier || late || day  =>  utf8?: UAtrue2013-01-01, AAfalse2013-12-31, null, true1969-12-31
            replace("tail num", 'N', '##')  =>  utf8?: ##14228, ##619AA, , n0
            replace(carrier, '', 'x')  =>  utf8?: UA, AA, null, 
            replace(name, carrier, '?')  =>  largeutf8?:  Zoë , x_y%z, null, ÉA
            'it''s'  =>  utf8: it's, it's, it's, it's
            E'a\tb'  =>  utf8: a	b, a	b, a	b, a	b
            "tail num"  =>  utf8?: N14228, N619AA, , n0
        "#]],
    );
}

#[test]
fn dates() {
    check(
        &[
            "year(day)",
            "month(at)",
            "day(day)",
            "extract(year from at)",
            "extract(dow from day)",
            "extract(quarter from day)",
            "hour(at)",
            "minute(seen)",
            "extract(second from at)",
            "date '2013-01-31'",
            "timestamp '2013-01-31 05:00:00'",
            "year(date '2013-01-31')",
            "year(null)",
            "cast(at as date)",
            "cast(day as timestamp)",
            "cast('2013-02-03' as date)",
            "time '05:30:00'",
            "seen = '2013-01-01 05:00:00.5'",
            "seen < '2013-01-01 05:00:00.5'",
            "cast(seen as bigint)",
            "cast(day as smallint)",
            "cast(month as date)",
        ],
        expect![[r#"
            year(day)  =>  int64?: 2013, 2013, null, 1969
            month(at)  =>  int64?: 1, 12, null, 12
            day(day)  =>  int64?: 1, 31, null, 31
            extract(year from at)  =>  int64?: 2013, 2013, null, 1969
            extract(dow from day)  =>  int64?: 2, 2, null, 3
            extract(quarter from day)  =>  int64?: 1, 4, null, 4
            hour(at)  =>  int64?: 5, 23, null, 23
            minute(seen)  =>  int64?: 0, 0, 0, 59
            extract(second from at)  =>  decimal128(8, 6)?: 0.000000, 59.999999, null, 59.999999
            date '2013-01-31'  =>  date32: 2013-01-31, 2013-01-31, 2013-01-31, 2013-01-31
            timestamp '2013-01-31 05:00:00'  =>  timestamp(µs): 2013-01-31T05:00:00, 2013-01-31T05:00:00, 2013-01-31T05:00:00, 2013-01-31T05:00:00
            year(date '2013-01-31')  =>  int64: 2013, 2013, 2013, 2013
            year(null)  =>  int64?: null, null, null, null
            cast(at as date)  =>  date32?: 2013-01-01, 2013-12-31, null, 1969-12-31
            cast(day as timestamp)  =>  timestamp(µs)?: 2013-01-01T00:00:00, 2013-12-31T00:00:00, null, 1969-12-31T00:00:00
            cast('2013-02-03' as date)  =>  date32: 2013-02-03, 2013-02-03, 2013-02-03, 2013-02-03
            time '05:30:00'  =>  time64(µs): 05:30:00, 05:30:00, 05:30:00, 05:30:00
            seen = '2013-01-01 05:00:00.5'  =>  boolean?: false, false, false, false
            seen < '2013-01-01 05:00:00.5'  =>  boolean?: true, true, true, true
            cast(seen as bigint)  =>  int64?: 0, 1357016400, 59, -1
            cast(day as smallint)  =>  int16?: 15706, 16070, null, -1
            cast(month as date)  =>  date32?: 1970-01-02, 1970-01-03, 1970-05-01, 1970-01-13
        "#]],
    );
}

#[test]
fn casts() {
    check(
        &[
            "cast(distance as double)",
            "cast(speed as bigint)",
            "cast(2.9 as int)",
            "cast('12' as int64)",
            "'12'::bigint",
            "cast(distance as text)",
            "cast(late as int)",
            "cast(carrier as double)",
            "try_cast(carrier as double)",
            "cast(speed as varchar)",
            "cast(month as smallint)",
            "cast(distance as tinyint)",
            "try_cast(distance as tinyint)",
            "cast(plane as text)",
            "cast('true' as boolean)",
            "cast(null as float64)",
            "cast(id as int64)",
            "cast(seen as text)",
        ],
        expect![[r#"
            cast(distance as double)  =>  float64?: 1400.0, 200.0, null, 0.0
            cast(speed as bigint)  =>  evaluation: `speed` cannot become int64: NaN is out of range
            cast(2.9 as int)  =>  int32: 3, 3, 3, 3
            cast('12' as int64)  =>  int64: 12, 12, 12, 12
            '12'::bigint  =>  int64: 12, 12, 12, 12
            cast(distance as text)  =>  utf8?: 1400, 200, null, 0
            cast(late as int)  =>  int32?: 1, 0, null, 1
            cast(carrier as double)  =>  evaluation: `carrier` cannot become float64: found 'UA'
            try_cast(carrier as double)  =>  float64?: null, null, null, null
            cast(speed as varchar)  =>  utf8?: 2.5, -0.0, null, NaN
            cast(month as smallint)  =>  int16?: 1, 2, 120, 12
            cast(distance as tinyint)  =>  evaluation: `distance` cannot become int8: 1400 is out of range
            try_cast(distance as tinyint)  =>  int8?: null, null, null, 0
            cast(plane as text)  =>  utf8?: A320, B738, null, A320
            cast('true' as boolean)  =>  boolean: true, true, true, true
            cast(null as float64)  =>  float64?: null, null, null, null
            cast(id as int64)  =>  evaluation: `id` cannot become int64: 18446744073709551615 is out of range
            cast(seen as text)  =>  utf8?: 1970-01-01T00:00:00Z, 2013-01-01T05:00:00Z, 1970-01-01T00:00:59Z, 1969-12-31T23:59:59Z
        "#]],
    );
}
