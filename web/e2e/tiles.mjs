// Maps by a server of tiles: a setting names it, the page's policy opens for it and for no other.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { signUp } from './account.mjs';
import { startAlbum, startBrowser } from './household.mjs';

const colour = [200, 40, 120];
const asked = [];
let server;
let other;
let album;
let browser;
let page;

/** A server of one tile for every place, at a free port. */
async function serve(tile) {
  const answer = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'content-type': 'image/png', 'access-control-allow-origin': '*' });
    response.end(tile);
  });
  await new Promise((resolve) => answer.listen(0, '127.0.0.1', resolve));
  return { close: () => answer.close(), origin: `http://127.0.0.1:${answer.address().port}` };
}

before(async () => {
  browser = await startBrowser();
  const painter = await browser.newPage();
  const tile = await painter.evaluate(([red, green, blue]) => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 256;
    const pen = canvas.getContext('2d');
    pen.fillStyle = `rgb(${red} ${green} ${blue})`;
    pen.fillRect(0, 0, 256, 256);
    return canvas.toDataURL('image/png').split(',')[1];
  }, colour);
  server = await serve(Buffer.from(tile, 'base64'));
  other = await serve(Buffer.from(tile, 'base64'));
  album = await startAlbum({ MAP_STYLE_URL: `${server.origin}/tiles/{z}/{x}/{y}.png` });
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  await signUp(page, album.base, `ada-${Date.now()}@example.org`);
});

after(async () => {
  await browser?.close();
  await album?.stop();
  server?.close();
  other?.close();
});

/** The colour in the middle of the map as it is seen. */
async function middle() {
  const picture = (await page.locator('.maplibregl-canvas').screenshot()).toString('base64');
  const reader = await browser.newPage();
  const pixel = await reader.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const pen = new OffscreenCanvas(1, 1).getContext('2d');
    // Beside the middle, where an empty album says that it is empty.
    pen.drawImage(image, -image.width / 4, -image.height / 4);
    return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }, picture);
  await reader.close();
  return pixel;
}

test('the map is drawn by the server that the setting names', async () => {
  await page.getByRole('link', { name: 'Map' }).click();
  await page.locator('.maplibregl-canvas').waitFor();
  let seen = await middle();
  const end = Date.now() + 20_000;
  while (seen.some((level, at) => Math.abs(level - colour[at]) > 3) && Date.now() < end) {
    seen = await middle();
  }
  assert.ok(
    seen.every((level, at) => Math.abs(level - colour[at]) <= 3),
    `drawn in ${seen}, the tiles are ${colour}`,
  );
  assert.ok(asked.length > 0 && asked.every((path) => /^\/tiles\/\d+\/\d+\/\d+\.png$/.test(path)));
});

test('no other server can be reached from the page', async () => {
  const reach = (url) =>
    page.evaluate(
      (target) =>
        fetch(target).then(
          () => 'reached',
          () => 'refused',
        ),
      url,
    );
  asked.length = 0;
  assert.equal(await reach(`${server.origin}/tiles/0/0/0.png`), 'reached');
  assert.equal(await reach(`${other.origin}/tiles/0/0/0.png`), 'refused');
  assert.equal(asked.length, 1);
});
