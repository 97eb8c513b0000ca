// Landscapes painted in the browser, for pictures of the app that show nobody's photos.

/** `count` painted JPEGs as Playwright takes them; the same every time. */
export async function landscapes(page, count) {
  const painted = await page.evaluate(paint, count);
  return painted.map((base64, index) => ({
    name: `IMG_${String(2001 + index)}.jpg`,
    mimeType: 'image/jpeg',
    buffer: Buffer.from(base64, 'base64'),
  }));
}

function paint(wanted) {
  const skies = [
    ['#0b1d3a', '#24507e', '#f29e6d'],
    ['#3f8fd2', '#a8d5ee', '#fdf3dc'],
    ['#271b45', '#8b3f6f', '#ffb36b'],
    ['#5d7f95', '#b9ccd3', '#eef0ea'],
    ['#0d2b45', '#20639b', '#9fd8df'],
    ['#f0714f', '#f7b267', '#fde8b5'],
  ];
  return Array.from({ length: wanted }, (_, index) => {
    let seed = 97 + index * 7919;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const [width, height] = [
      [1200, 800],
      [800, 1200],
      [1200, 900],
      [1440, 700],
    ][Math.floor(random() * 4)];
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const pen = canvas.getContext('2d');
    const sky = skies[Math.floor(random() * skies.length)];
    const air = pen.createLinearGradient(0, 0, 0, height * 0.75);
    sky.forEach((colour, at) => air.addColorStop(at / 2, colour));
    pen.fillStyle = air;
    pen.fillRect(0, 0, width, height);
    const [x, y] = [width * (0.15 + 0.7 * random()), height * (0.2 + 0.3 * random())];
    const glow = pen.createRadialGradient(x, y, 4, x, y, height * 0.4);
    glow.addColorStop(0, 'rgb(255 250 225 / 95%)');
    glow.addColorStop(0.12, 'rgb(255 240 200 / 55%)');
    glow.addColorStop(1, 'rgb(255 230 180 / 0%)');
    pen.fillStyle = glow;
    pen.fillRect(0, 0, width, height);
    const layers = 4 + Math.floor(random() * 3);
    const hue = 150 + random() * 110;
    for (let layer = 0; layer < layers; layer += 1) {
      const base = height * (0.48 + (0.46 * layer) / layers);
      const rough = height * (0.16 - (0.09 * layer) / layers);
      const phases = Array.from({ length: 5 }, () => random() * 6.3);
      pen.fillStyle = `hsl(${hue + layer * 6} ${22 + layer * 6}% ${58 - layer * (44 / layers)}%)`;
      pen.beginPath();
      pen.moveTo(0, height);
      for (let step = 0; step <= width; step += 4) {
        const along = step / width;
        const wave = phases.reduce(
          (sum, phase, k) => sum + Math.sin(along * (3 + k * k * 2.7) + phase) / (k + 1.6),
          0,
        );
        pen.lineTo(step, base - rough * wave);
      }
      pen.lineTo(width, height);
      pen.fill();
    }
    return canvas.toDataURL('image/jpeg', 0.85).split(',')[1];
  });
}
