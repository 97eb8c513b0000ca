// Measures sharp, warm, on one photo to three sizes: prints its median CPU
// milliseconds and peak memory in MB as JSON; fails where sharp is missing.
const fs = require("fs");
const sharp = require("sharp");

const RUNS = 15;
const photo = process.argv[2];
sharp.concurrency(1);
sharp.cache(false);

async function once() {
  const bytes = fs.readFileSync(photo);
  for (const size of [2048, 1024, 320]) {
    await sharp(bytes).rotate().resize(size, size, { fit: "inside" }).jpeg({ quality: 80 }).toBuffer();
  }
}

(async () => {
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
