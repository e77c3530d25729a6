"""W1 and W2 with DuckDB. usage: duckdb_flights.py w1|w2 FLIGHTS OUT"""
import sys
import duckdb

workload, flights, out = sys.argv[1:4]
db = duckdb.connect()
db.execute(f"""
    create temp table judged as
    select *, case
        when dep_delay is null then 'missing_dep_delay'
        when arr_delay is null then 'missing_arr_delay'
        when air_time is null then 'missing_air_time'
        when coalesce(distance, 0) <= 0 then 'bad_distance'
        when tailnum is null then 'missing_tailnum'
        when coalesce(origin, '') not in ('EWR', 'JFK', 'LGA') then 'bad_origin'
    end as reason
    from read_csv('{flights}', types = {{'time_hour': 'VARCHAR'}})
""")
db.execute("""
    create view enriched as
    select judged.* exclude (reason), airlines.name as airline, airports.name as dest_name,
           airports.lat as dest_lat, airports.lon as dest_lon, airports.tz as dest_tz,
           airports.faa is not null as dest_known, distance / (air_time / 60.0::double) as speed_mph
    from judged
    left join read_csv('config/data/airlines.csv') airlines using (carrier)
    left join read_csv('config/data/airports.csv') airports on judged.dest = airports.faa
    where reason is null
""")
rejected = "select * from judged where reason is not null"
db.execute(f"copy ({rejected}) to '{out}/rejected.csv' (header)")
if workload == "w1":
    fixed = lambda value: f"format('{{:.6f}}', ({value})::double)"
    db.execute(f"""
        copy (
            select carrier, airline, month, count(*) as count,
                   {fixed('avg(dep_delay)')} as mean_dep_delay,
                   {fixed('avg(arr_delay)')} as mean_arr_delay,
                   max(arr_delay) as max_arr_delay,
                   {fixed('quantile_cont(arr_delay, 0.5)')} as p50_arr_delay,
                   {fixed('quantile_cont(arr_delay, 0.95)')} as p95_arr_delay,
                   sum(distance) as sum_distance,
                   {fixed('avg(speed_mph)')} as mean_speed_mph,
                   count(distinct tailnum) as distinct_tailnums
            from enriched group by carrier, airline, month order by carrier, airline, month
        ) to '{out}/by_carrier_month.csv' (header)
    """)
else:
    db.execute(f"copy (from enriched) to '{out}/enriched.csv' (header)")
