"""The workshop's way to take a photo, as a stand-in: workshop.py PHOTO

One synchronous request stores the file, reads its EXIF, makes one thumbnail of
300 x 200 with Pillow and writes a row, by Flask with two worker processes.
Prints what a photo costs as JSON: name, value, unit.
"""

import http.client
import json
import os
import resource
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import uuid

PHOTOS, CLIENTS, THUMBNAIL = 40, 4, (300, 200)


def album(folder):
    from flask import Flask, request
    from PIL import ExifTags, Image

    app = Flask(__name__)
    rows = os.path.join(folder, "album.db")
    with sqlite3.connect(rows) as table:
        table.execute("create table if not exists photo (id, name, size, taken, make, model, width, height, latitude, longitude)")

    def degrees(values, reference):
        whole = sum(float(value) / 60**power for power, value in enumerate(values))
        return -whole if reference in ("S", "W") else whole

    @app.post("/photos")
    def upload():
        file = request.files["photo"]
        name = f"{uuid.uuid4()}.jpg"
        path = os.path.join(folder, name)
        file.save(path)
        with Image.open(path) as picture:
            exif = picture.getexif()
            details = exif.get_ifd(ExifTags.IFD.Exif)
            gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
            latitude = degrees(gps[2], gps.get(1)) if 2 in gps else None
            longitude = degrees(gps[4], gps.get(3)) if 4 in gps else None
            row = (name, file.filename, os.path.getsize(path), details.get(0x9003), exif.get(0x010F), exif.get(0x0110))
            row += (*picture.size, latitude, longitude)
            picture.thumbnail(THUMBNAIL)
            picture.convert("RGB").save(os.path.join(folder, "thumbnail-" + name), quality=80)
        with sqlite3.connect(rows, timeout=60) as table:
            table.execute("insert into photo values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return {"id": name}, 201

    return app


def serve(folder, port):
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self):
            for name, value in {"bind": f"127.0.0.1:{port}", "workers": 2, "loglevel": "error"}.items():
                self.cfg.set(name, value)

        def load(self):
            return album(folder)

    Server().run()


def send(port, photo):
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="photo"; filename="IMG.JPG"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = head.encode() + photo + f"\r\n--{mark}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/photos", body, {"Content-Type": f"multipart/form-data; boundary={mark}"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 201, answer.status
    connection.close()


def peak_mb(process):
    """The peaks of a process and its children, added up."""
    with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
        family = [process, *map(int, file.read().split())]
    peak = 0
    for member in family:
        with open(f"/proc/{member}/status", encoding="utf-8") as file:
            peak += int(next(line for line in file if line.startswith("VmHWM:")).split()[1]) / 1024
    return peak


def main():
    with open(sys.argv[1], "rb") as file:
        photo = file.read()
    port = 20_000 + os.getpid() % 20_000
    with tempfile.TemporaryDirectory() as folder:
        server = os.fork()
        if server == 0:
            sys.argv = sys.argv[:1]
            serve(folder, port)
            os._exit(0)
        deadline = time.monotonic() + 30
        while True:
            try:
                send(port, photo)
                break
            except ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        begin = time.monotonic()
        share = PHOTOS // CLIENTS
        clients = [threading.Thread(target=lambda: [send(port, photo) for _ in range(share)]) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        seconds = time.monotonic() - begin
        peak = peak_mb(server)
        os.kill(server, signal.SIGTERM)
        os.waitpid(server, 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = [
        ("photos_per_second", PHOTOS / seconds, "1/s"),
        # Its start and the photo that warmed it up are in the sum, and count little.
        ("cpu_per_photo", (used.ru_utime + used.ru_stime) * 1e3 / (PHOTOS + 1), "ms"),
        ("peak", peak, "MB"),
    ]
    json.dump(figures, sys.stdout)


main()
