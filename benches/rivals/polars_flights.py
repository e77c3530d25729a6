"""W1 and W2 with polars' streaming engine. usage: polars_flights.py w1|w2 FLIGHTS OUT"""
import sys
import polars as pl
from polars import col

workload, flights, out = sys.argv[1:4]
airlines = pl.scan_csv("config/data/airlines.csv").rename({"name": "airline"})
airports = pl.scan_csv("config/data/airports.csv").select(
    "faa", dest_name="name", dest_lat="lat", dest_lon="lon", dest_tz="tz", dest_known=pl.lit(True)
)
RULES = [
    (col("dep_delay").is_null(), "missing_dep_delay"),
    (col("arr_delay").is_null(), "missing_arr_delay"),
    (col("air_time").is_null(), "missing_air_time"),
    (col("distance").is_null() | (col("distance") <= 0), "bad_distance"),
    (col("tailnum").is_null(), "missing_tailnum"),
    (~col("origin").is_in(["EWR", "JFK", "LGA"]).fill_null(False), "bad_origin"),
]
reason = pl.lit(None, dtype=pl.String)
for fails, name in reversed(RULES):
    reason = pl.when(fails).then(pl.lit(name)).otherwise(reason)
judged = pl.scan_csv(flights).with_columns(reason=reason)
rejected = judged.filter(col("reason").is_not_null())
enriched = (
    judged.filter(col("reason").is_null())
    .drop("reason")
    .join(airlines, on="carrier", how="left", maintain_order="left")
    .join(airports, left_on="dest", right_on="faa", how="left", maintain_order="left")
    .with_columns(col("dest_known").fill_null(False), speed_mph=col("distance") / (col("air_time") / 60.0))
)
sinks = [rejected.sink_csv(f"{out}/rejected.csv", lazy=True)]
if workload == "w1":
    keys = ["carrier", "airline", "month"]
    statistics = enriched.group_by(keys).agg(
        count=pl.len(),
        mean_dep_delay=col("dep_delay").mean(),
        mean_arr_delay=col("arr_delay").mean(),
        max_arr_delay=col("arr_delay").max(),
        p50_arr_delay=col("arr_delay").quantile(0.5, "linear"),
        p95_arr_delay=col("arr_delay").quantile(0.95, "linear"),
        sum_distance=col("distance").sum(),
        mean_speed_mph=col("speed_mph").mean(),
        distinct_tailnums=col("tailnum").n_unique(),
    )
    path = f"{out}/by_carrier_month.csv"
    sinks.append(statistics.sort(keys).sink_csv(path, float_precision=6, lazy=True))
else:
    sinks.append(enriched.sink_csv(f"{out}/enriched.csv", lazy=True))
pl.collect_all(sinks, engine="streaming")
