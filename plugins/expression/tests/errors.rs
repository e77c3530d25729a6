//! Every way to get an expression wrong: the token and the place that a plugin passes on, and the
//! message that the user reads.

mod common;

use expect_test::{Expect, expect};

fn check(texts: &[&str], expected: Expect) {
    let line =
        |text: &&str| format!("{}  =>  {}\n", text.replace('\n', "\\n"), common::evaluate(text));
    let lines: Vec<String> = texts.iter().map(line).collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn syntax_errors_name_the_token() {
    check(
        &[
            "",
            "distance +",
            "distance + * 2",
            "(distance",
            "distance air_time",
            "distance > 1 then",
            "'open",
            "distance = = 2",
            "carrier in ()",
            "case when late then 1",
            "case late when true then 1 else",
            "cast(distance as)",
            "1 +\n  * 2",
            "distance ? 2",
            "a.b.",
            "not",
            "extract(foo from day)",
            "select 1",
            "count(*)",
            r#""distance"#,
        ],
        expect![[r#"
              =>  [-] syntax error: expected an expression, found the end of the expression
            distance +  =>  [- 1:11] syntax error at line 1, column 11: expected an expression, found the end of the expression
            distance + * 2  =>  [* 1:12] syntax error at line 1, column 12: expected an expression, found: *
            (distance  =>  [- 1:10] syntax error at line 1, column 10: expected ), found the end of the expression
            distance air_time  =>  [air_time 1:10] syntax error at line 1, column 10: expected an operator or the end of the expression, found `air_time`
            distance > 1 then  =>  [then 1:14] syntax error at line 1, column 14: expected an operator or the end of the expression, found `then`
            'open  =>  [- 1:1] syntax error at line 1, column 1: unterminated string literal
            distance = = 2  =>  [= 1:12] syntax error at line 1, column 12: expected an expression, found: =
            carrier in ()  =>  [) 1:13] syntax error at line 1, column 13: expected an expression, found: )
            case when late then 1  =>  [case 1:1] syntax error at line 1, column 1: `case` has no `end`: write case when … then … else … end
            case late when true then 1 else  =>  [case 1:1] syntax error at line 1, column 1: `case` has no `end`: write case when … then … else … end
            cast(distance as)  =>  [) 1:17] syntax error at line 1, column 17: expected a data type name, found: )
            1 +\n  * 2  =>  [* 2:3] syntax error at line 2, column 3: expected an expression, found: *
            distance ? 2  =>  [distance 1:1] `distance ? 2` at line 1, column 1 is not part of the expression language: its operators are + - * / % || = <> < <= > >= and or not, for powers use power(x, y)
            a.b.  =>  [- 1:5] syntax error at line 1, column 5: expected identifier, found the end of the expression
            not  =>  [not 1:1] unknown column `not` at line 1, column 1: the columns are distance, air_time, carrier, name, plane, late, speed, ratio, month, id, price, day, at, seen, tail num
            extract(foo from day)  =>  [day 1:18] `EXTRACT(foo FROM day)` at line 1, column 18 is not part of the expression language: the parts of a date or time are year, quarter, month, week, day, dow, isodow, doy, hour, minute and second
            select 1  =>  [1 1:8] syntax error at line 1, column 8: expected an operator or the end of the expression, found `1`
            count(*)  =>  [count 1:1] `count(*)` at line 1, column 1 is not part of the expression language: call it as name(argument, …)
            "distance  =>  [- 1:1] syntax error at line 1, column 1: expected close delimiter '"' before EOF.
        "#]],
    );
}

#[test]
fn sql_outside_the_language_is_refused() {
    check(
        &[
            "distance in (select 1)",
            "(select 1)",
            "exists (select 1)",
            "array[1]",
            "sum(distance) over ()",
            "sum(distinct distance)",
            "distance ^ 2",
            "distance & 1",
            "carrier ~ 'A'",
            "t.distance",
            "interval '1 day'",
            "current_date",
            "cast(distance as json)",
            "cast(distance as decimal(60, 2))",
            "carrier like 'x' escape 'ab'",
            "x'00'",
            "~distance",
            "extract(epoch from at)",
            "ceil(at to day)",
            "(1, 2)",
            "distance is distinct from 2",
            "$1",
            "trim(carrier, 'a', 'b')",
            "late is unknown",
        ],
        expect![[r#"
            distance in (select 1)  =>  [distance 1:1] `distance IN (SELECT 1)` at line 1, column 1 is not part of the expression language: a value comes from columns, literals, operators and functions
            (select 1)  =>  [select 1:2] `(SELECT 1)` at line 1, column 2 is not part of the expression language: a value comes from columns, literals, operators and functions
            exists (select 1)  =>  [select 1:9] `EXISTS (SELECT 1)` at line 1, column 9 is not part of the expression language: a value comes from columns, literals, operators and functions
            array[1]  =>  [1 1:7] `ARRAY[1]` at line 1, column 7 is not part of the expression language: a value comes from columns, literals, operators and functions
            sum(distance) over ()  =>  [sum 1:1] `sum(distance) OVER ()` at line 1, column 1 is not part of the expression language: call it as name(argument, …)
            sum(distinct distance)  =>  [sum 1:1] `sum(DISTINCT distance)` at line 1, column 1 is not part of the expression language: call it as name(argument, …)
            distance ^ 2  =>  [distance 1:1] `distance ^ 2` at line 1, column 1 is not part of the expression language: its operators are + - * / % || = <> < <= > >= and or not, for powers use power(x, y)
            distance & 1  =>  [distance 1:1] `distance & 1` at line 1, column 1 is not part of the expression language: its operators are + - * / % || = <> < <= > >= and or not, for powers use power(x, y)
            carrier ~ 'A'  =>  [carrier 1:1] `carrier ~ 'A'` at line 1, column 1 is not part of the expression language: its operators are + - * / % || = <> < <= > >= and or not, for powers use power(x, y)
            t.distance  =>  [t 1:1] `t.distance` at line 1, column 1 is not part of the expression language: fields of structs cannot be read; if the dot is part of the name, quote it
            interval '1 day'  =>  ['1 day' 1:10] `INTERVAL '1 day'` at line 1, column 10 is not part of the expression language: a value comes from columns, literals, operators and functions
            current_date  =>  [current_date 1:1] `current_date` at line 1, column 1 is not part of the expression language: a value comes from columns, literals, operators and functions
            cast(distance as json)  =>  [distance 1:6] `CAST(distance AS JSON)` at line 1, column 6 is not part of the expression language: the types are boolean, tinyint, smallint, int, bigint, real, double, decimal(p, s), text, date, time and timestamp, and int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64 and utf8
            cast(distance as decimal(60, 2))  =>  [distance 1:6] `CAST(distance AS DECIMAL(60,2))` at line 1, column 6 is not part of the expression language: the types are boolean, tinyint, smallint, int, bigint, real, double, decimal(p, s), text, date, time and timestamp, and int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64 and utf8
            carrier like 'x' escape 'ab'  =>  ['ab' 1:25] `'ab'` at line 1, column 25 is not part of the expression language: `escape` takes one character, as in like '10!%' escape '!'
            x'00'  =>  [X'00' 1:1] `X'00'` at line 1, column 1 is not part of the expression language: write numbers as 1 or 1.5 and text as 'text'
            ~distance  =>  [distance 1:2] `~ distance` at line 1, column 2 is not part of the expression language: its prefix operators are -, + and not
            extract(epoch from at)  =>  [at 1:20] `EXTRACT(EPOCH FROM at)` at line 1, column 20 is not part of the expression language: the parts of a date or time are year, quarter, month, week, day, dow, isodow, doy, hour, minute and second
            ceil(at to day)  =>  [at 1:6] `CEIL(at TO DAY)` at line 1, column 6 is not part of the expression language: a value comes from columns, literals, operators and functions
            (1, 2)  =>  [1 1:2] `(1, 2)` at line 1, column 2 is not part of the expression language: a value comes from columns, literals, operators and functions
            distance is distinct from 2  =>  [distance 1:1] `distance IS DISTINCT FROM 2` at line 1, column 1 is not part of the expression language: a value comes from columns, literals, operators and functions
            $1  =>  [$1 1:1] `$1` at line 1, column 1 is not part of the expression language: write numbers as 1 or 1.5 and text as 'text'
            trim(carrier, 'a', 'b')  =>  [carrier 1:6] `TRIM(carrier, 'a', 'b')` at line 1, column 6 is not part of the expression language: trim takes a text and what to cut off
            late is unknown  =>  [late 1:1] `late IS UNKNOWN` at line 1, column 1 is not part of the expression language: a value comes from columns, literals, operators and functions
        "#]],
    );
}

#[test]
fn unknown_names_have_hints() {
    check(
        &[
            "distence / 2",
            "Distance",
            "air_tme",
            "zzz",
            "lenght(carrier)",
            "rond(speed)",
            "sha256(carrier)",
            r#""tail_num" = 'x'"#,
            "distance > 0 and\n  air_tmie > 3",
        ],
        expect![[r#"
            distence / 2  =>  [distence 1:1] unknown column `distence` at line 1, column 1: did you mean `distance`?
            Distance  =>  [Distance 1:1] unknown column `Distance` at line 1, column 1: did you mean `distance`?
            air_tme  =>  [air_tme 1:1] unknown column `air_tme` at line 1, column 1: did you mean `air_time`?
            zzz  =>  [zzz 1:1] unknown column `zzz` at line 1, column 1: the columns are distance, air_time, carrier, name, plane, late, speed, ratio, month, id, price, day, at, seen, tail num
            lenght(carrier)  =>  [lenght 1:1] unknown function `lenght` at line 1, column 1: did you mean `length`?
            rond(speed)  =>  [rond 1:1] unknown function `rond` at line 1, column 1: did you mean `round`?
            sha256(carrier)  =>  [sha256 1:1] unknown function `sha256` at line 1, column 1: the functions are abs, btrim, ceil, ceiling, char_length, character_length, coalesce, concat, contains, day, ends_with, exp, floor, greatest, hour, least, length, ln, lower, ltrim, minute, month, nullif, pow, power, regexp_like, replace, round, rtrim, second and 7 more
            "tail_num" = 'x'  =>  ["tail_num" 1:1] unknown column `tail_num` at line 1, column 1: did you mean `tail num`?
            distance > 0 and\n  air_tmie > 3  =>  [air_tmie 2:3] unknown column `air_tmie` at line 2, column 3: did you mean `air_time`?
        "#]],
    );
}

#[test]
fn wrong_arguments_are_counted() {
    check(
        &[
            "length()",
            "length(carrier, 2)",
            "round(1, 2, 3)",
            "coalesce()",
            "replace(carrier, 'a')",
            "substr(carrier)",
        ],
        expect![[r#"
            length()  =>  [length 1:1] `length` at line 1, column 1 takes 1 argument, found 0
            length(carrier, 2)  =>  [length 1:1] `length` at line 1, column 1 takes 1 argument, found 2
            round(1, 2, 3)  =>  [round 1:1] `round` at line 1, column 1 takes 1 or 2 arguments, found 3
            coalesce()  =>  [coalesce 1:1] `coalesce` at line 1, column 1 takes at least 1 argument, found 0
            replace(carrier, 'a')  =>  [replace 1:1] `replace` at line 1, column 1 takes 3 arguments, found 2
            substr(carrier)  =>  [carrier 1:8] `SUBSTR(carrier)` at line 1, column 8 is not part of the expression language: write substr(text, start) or substr(text, start, length)
        "#]],
    );
}

#[test]
fn operands_that_do_not_combine_are_named() {
    check(
        &[
            "distance + carrier",
            "distance = '5'",
            "carrier > 5",
            "late + 1",
            "late = 1",
            "day + 1",
            "day = 5",
            "carrier and late",
            "not distance",
            "distance or true",
            "case when distance then 1 end",
            "case when late then 1 else 'x' end",
            "coalesce(distance, 'x')",
            "carrier in ('UA', 5)",
            "distance between 'a' and 5",
            "distance like 'x'",
            "carrier like 5",
        ],
        expect![[r#"
            distance + carrier  =>  [distance 1:1] `distance + carrier` at line 1, column 1: int64 and utf8 do not combine: cast one of them
            distance = '5'  =>  [distance 1:1] `distance = '5'` at line 1, column 1: int64 and utf8 do not combine: cast one of them
            carrier > 5  =>  [carrier 1:1] `carrier > 5` at line 1, column 1: utf8 and int64 do not combine: cast one of them
            late + 1  =>  [late 1:1] `late + 1` at line 1, column 1: bool and int64 do not combine: cast one of them
            late = 1  =>  [late 1:1] `late = 1` at line 1, column 1: bool and int64 do not combine: cast one of them
            day + 1  =>  [day 1:1] `day + 1` at line 1, column 1: date32 and int64 do not combine: cast one of them
            day = 5  =>  [day 1:1] `day = 5` at line 1, column 1: date32 and int64 do not combine: cast one of them
            carrier and late  =>  [carrier 1:1] `carrier AND late` at line 1, column 1: expected a boolean, found `carrier` of type utf8
            not distance  =>  [distance 1:5] `NOT distance` at line 1, column 5: expected a boolean, found `distance` of type int64
            distance or true  =>  [distance 1:1] `distance OR true` at line 1, column 1: expected a boolean, found `distance` of type int64
            case when distance then 1 end  =>  [distance 1:11] `CASE WHEN distance THEN 1 END` at line 1, column 11: expected a boolean, found `distance` of type int64
            case when late then 1 else 'x' end  =>  [case 1:1] `CASE WHEN late THEN 1 ELSE 'x' END` at line 1, column 1: int64 and utf8 do not combine: cast one of them
            coalesce(distance, 'x')  =>  [coalesce 1:1] `coalesce(distance, 'x')` at line 1, column 1: int64 and utf8 do not combine: cast one of them
            carrier in ('UA', 5)  =>  [carrier 1:1] `carrier IN ('UA', 5)` at line 1, column 1: utf8 and int64 do not combine: cast one of them
            distance between 'a' and 5  =>  [distance 1:1] `distance BETWEEN 'a' AND 5` at line 1, column 1: int64 and utf8 do not combine: cast one of them
            distance like 'x'  =>  [distance 1:1] `distance LIKE 'x'` at line 1, column 1: int64 and utf8 do not combine: cast one of them
            carrier like 5  =>  [carrier 1:1] `carrier LIKE 5` at line 1, column 1: utf8 and int64 do not combine: cast one of them
        "#]],
    );
}

#[test]
fn arguments_of_a_wrong_type_are_named() {
    check(
        &[
            "length(distance)",
            "abs(carrier)",
            "sqrt(late)",
            "year(distance)",
            "year(carrier)",
            "-carrier",
            "distance || air_time",
            "substr(carrier, 1.5)",
            "round(speed, distance)",
            "round(speed, 99)",
            "regexp_like(carrier, carrier)",
            "least(distance, carrier)",
            "cast(late as date)",
            "day = at + 1",
            "seen = at",
            "hour(late)",
            "concat(1, 2)",
            "greatest(late, 3)",
        ],
        expect![[r#"
            length(distance)  =>  [distance 1:8] `length(distance)` at line 1, column 8: expected text, found `distance` of type int64
            abs(carrier)  =>  [carrier 1:5] `abs(carrier)` at line 1, column 5: expected a number, found `carrier` of type utf8
            sqrt(late)  =>  [late 1:6] `sqrt(late)` at line 1, column 6: expected a number, found `late` of type bool
            year(distance)  =>  [distance 1:6] `year(distance)` at line 1, column 6: expected a date or timestamp, for text write cast(… as timestamp), found `distance` of type int64
            year(carrier)  =>  [carrier 1:6] `year(carrier)` at line 1, column 6: expected a date or timestamp, for text write cast(… as timestamp), found `carrier` of type utf8
            -carrier  =>  [carrier 1:2] `-carrier` at line 1, column 2: expected a number, found `carrier` of type utf8
            distance || air_time  =>  [distance 1:1] `distance || air_time` at line 1, column 1: expected text on one side, found `distance` of type int64
            substr(carrier, 1.5)  =>  [1.5 1:17] `SUBSTR(carrier, 1.5)` at line 1, column 17: expected an integer, found `1.5` of type decimal(2, 1)
            round(speed, distance)  =>  [distance 1:14] `round(speed, distance)` at line 1, column 14: expected a literal from 0 to 15 as the number of decimal places, found `distance` of type int64
            round(speed, 99)  =>  [99 1:14] `round(speed, 99)` at line 1, column 14: expected a literal from 0 to 15 as the number of decimal places, found `99` of type int64
            regexp_like(carrier, carrier)  =>  [carrier 1:22] `regexp_like(carrier, carrier)` at line 1, column 22: expected a text literal, found `carrier` of type utf8
            least(distance, carrier)  =>  [least 1:1] `least(distance, carrier)` at line 1, column 1: int64 and utf8 do not combine: cast one of them
            cast(late as date)  =>  [late 1:6] `CAST(late AS DATE)` at line 1, column 6: bool and date32 do not combine: cast one of them
            day = at + 1  =>  [at 1:7] `at + 1` at line 1, column 7: timestamp(us) and int64 do not combine: cast one of them
            seen = at  =>  [seen 1:1] `seen = at` at line 1, column 1: timestamp(s, UTC) and timestamp(us) do not combine: cast one of them
            hour(late)  =>  [late 1:6] `hour(late)` at line 1, column 6: expected a date or timestamp, for text write cast(… as timestamp), found `late` of type bool
            concat(1, 2)  =>  [1 1:8] `concat(1, 2)` at line 1, column 8: expected text on one side, found `1` of type int64
            greatest(late, 3)  =>  [greatest 1:1] `greatest(late, 3)` at line 1, column 1: bool and int64 do not combine: cast one of them
        "#]],
    );
}

#[test]
fn bad_literals_are_found_when_binding() {
    check(
        &[
            "day = '2013-13-01'",
            "date 'soon'",
            "day > 'x'",
            "at = ''",
            "timestamp '2013-01-01 25:00:00'",
            "99999999999999999999",
            "1e999",
            "regexp_like(carrier, '(')",
            "regexp_like(carrier, 'a', 'g')",
            "cast('x' as int) + 1",
        ],
        expect![[r#"
            day = '2013-13-01'  =>  ['2013-13-01' 1:7] '2013-13-01' at line 1, column 7 is no date32: write it as '2013-01-31'
            date 'soon'  =>  ['soon' 1:6] DATE 'soon' at line 1, column 6 is no date32: write it as '2013-01-31'
            day > 'x'  =>  ['x' 1:7] 'x' at line 1, column 7 is no date32: write it as '2013-01-31'
            at = ''  =>  ['' 1:6] '' at line 1, column 6 is no timestamp(us): write it as '2013-01-31 05:30:00'
            timestamp '2013-01-01 25:00:00'  =>  ['2013-01-01 25:00:00' 1:11] TIMESTAMP '2013-01-01 25:00:00' at line 1, column 11 is no timestamp(us): write it as '2013-01-31 05:30:00'
            99999999999999999999  =>  decimal128(20, 0): 99999999999999999999, 99999999999999999999, 99999999999999999999, 99999999999999999999
            1e999  =>  [1e999 1:1] 1e999 at line 1, column 1 is no float64: it is out of range
            regexp_like(carrier, '(')  =>  ['(' 1:22] '(' at line 1, column 22 is no regular expression: unclosed group
            regexp_like(carrier, 'a', 'g')  =>  ['a' 1:22] 'a' at line 1, column 22 is no regular expression: unknown flag `g`, the only one is `i`
            cast('x' as int) + 1  =>  evaluation: `'x'` cannot become int32: found 'x'
        "#]],
    );
}

#[test]
fn evaluation_errors_name_the_operation() {
    check(
        &[
            "distance * 9000000000000000000",
            "distance / (air_time - air_time)",
            "cast(carrier as int)",
            "substr(carrier, 1, -1)",
            "cast(speed as bigint) + 1",
            "cast(id as bigint)",
            "cast(distance as tinyint)",
            "power(distance, 2) + distance / 0",
        ],
        expect![[r#"
            distance * 9000000000000000000  =>  evaluation: overflow in `distance * 9000000000000000000`: 1400 * 9000000000000000000 does not fit int64
            distance / (air_time - air_time)  =>  evaluation: division by zero in `distance / (air_time - air_time)`: guard it, for example with nullif(divisor, 0)
            cast(carrier as int)  =>  evaluation: `carrier` cannot become int32: found 'UA'
            substr(carrier, 1, -1)  =>  evaluation: `SUBSTR(carrier, 1, -1)`: the length -1 is negative
            cast(speed as bigint) + 1  =>  evaluation: `speed` cannot become int64: NaN is out of range
            cast(id as bigint)  =>  evaluation: `id` cannot become int64: 18446744073709551615 is out of range
            cast(distance as tinyint)  =>  evaluation: `distance` cannot become int8: 1400 is out of range
            power(distance, 2) + distance / 0  =>  evaluation: division by zero in `distance / 0`: guard it, for example with nullif(divisor, 0)
        "#]],
    );
}
