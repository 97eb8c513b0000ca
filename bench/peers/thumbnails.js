// Measures sharp, warm, on one photo: prints its median CPU milliseconds and
// peak memory in MB as JSON; fails where sharp is missing.
// Arguments: photo, sizes from the largest, `each` (one pipeline a size, as
// documented) or `pyramid` (smaller sizes from the raw pixels of larger ones).
const fs = require("fs");
const sharp = require("sharp");

const RUNS = 15;
const [photo, list, mode] = process.argv.slice(2);
const sizes = list.split(",").map(Number);
sharp.concurrency(1);
sharp.cache(false);

async function each(bytes) {
  for (const size of sizes) {
    await sharp(bytes).rotate().resize(size, size, { fit: "inside" }).jpeg({ quality: 80 }).toBuffer();
  }
}

async function pyramid(bytes) {
  let source = sharp(bytes).rotate();
  for (const size of sizes) {
    const { data, info } = await source.resize(size, size, { fit: "inside" }).raw().toBuffer({ resolveWithObject: true });
    const raw = { width: info.width, height: info.height, channels: info.channels };
    await sharp(data, { raw }).jpeg({ quality: 80 }).toBuffer();
    source = sharp(data, { raw });
  }
}

(async () => {
  const once = () => (mode === "pyramid" ? pyramid : each)(fs.readFileSync(photo));
  const times = [];
  await once();
  for (let run = 0; run < RUNS; run += 1) {
    const before = process.cpuUsage();
    await once();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1e3);
  }
  times.sort((a, b) => a - b);
  const peak_mb = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ cpu_ms: times[RUNS >> 1], peak_mb }));
})();
