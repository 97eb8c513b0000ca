// JPEGs drawn in the browser: every one is another picture, none is a real photo.

/** `count` files as Playwright takes them. */
export async function drawn(page, count) {
  const pictures = await page.evaluate((wanted) => {
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 480;
    const pen = canvas.getContext('2d');
    return Array.from({ length: wanted }, (_, index) => {
      pen.fillStyle = `hsl(${(index * 47) % 360} 60% 45%)`;
      pen.fillRect(0, 0, 640, 480);
      pen.fillStyle = '#fff';
      pen.font = '120px sans-serif';
      pen.fillText(`${index} ${Date.now() % 1e6}`, 40, 280);
      return canvas.toDataURL('image/jpeg', 0.8).split(',')[1];
    });
  }, count);
  return pictures.map((base64, index) => ({
    name: `drawn-${String(index).padStart(2, '0')}.jpg`,
    mimeType: 'image/jpeg',
    buffer: Buffer.from(base64, 'base64'),
  }));
}
