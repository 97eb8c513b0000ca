// Uploads that are held up: paused, broken off by a reload, refused by the storage, sent in parts.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { signUp } from './account.mjs';
import { startAlbum, startBrowser } from './household.mjs';
import { drawn } from './photos.mjs';

let album;
let browser;
let page;
/** The storage's PUTs that the page began, in order. */
let puts = [];
let stored;

before(async () => {
  album = await startAlbum({ MULTIPART_BYTES: String(5 << 20) });
  browser = await startBrowser();
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  stored = (url) => url.href.startsWith(album.aws);
  page.on('request', (request) => {
    if (request.method() === 'PUT') puts.push(request.url());
  });
  // A page that has files on their way asks before it is left.
  page.on('dialog', (dialog) => void dialog.accept());
  await signUp(page, album.base, `uploads-${Date.now()}@example.org`);
});

after(async () => {
  await browser?.close();
  await album?.stop();
});

const row = (name) => page.locator('li[data-state]', { hasText: name });
const heading = (name) => page.getByRole('heading', { name });

async function choose(files) {
  puts = [];
  await page.setInputFiles('#file-picker', files);
  await page.getByRole('button', { name: /^Upload \d+ photo/ }).click();
}

/** Waits until the page has begun `count` PUTs. */
async function begun(count) {
  while (puts.length < count) {
    await page.waitForEvent('request', (request) => request.method() === 'PUT');
  }
}

async function done() {
  await heading('All done').waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Close', exact: true }).click();
}

/** Lets through what `passes` and keeps the rest on its way, until unrouted. */
async function hold(passes = () => false) {
  await page.route(stored, (route) => {
    if (route.request().method() !== 'PUT' || passes(route.request())) return route.fallback();
  });
}

const free = () => page.unrouteAll({ behavior: 'ignoreErrors' });

test('a pause stops what is on its way, and going on sends it', async () => {
  await hold();
  await choose(await drawn(page, 6));
  await begun(4);
  const ended = page.waitForEvent('requestfailed');
  await page.getByRole('button', { name: 'Pause' }).click();
  await ended;
  await heading('Paused: 0 of 6').waitFor();
  await free();
  assert.equal(puts.length, 4, 'nothing is begun in a pause');
  await page.getByRole('button', { name: 'Go on' }).click();
  await done();
  assert.equal(puts.length, 4 + 6);
});

test('a reload in mid-upload goes on with what is left', async () => {
  let passes = 2;
  await hold(() => (passes -= 1) >= 0);
  await choose(await drawn(page, 6));
  await begun(6);
  await page.waitForFunction(
    () => document.querySelectorAll('li[data-state=ready]').length === 2,
    undefined,
    { timeout: 60_000 },
  );
  puts = [];
  // Those that are held end with the page; taking the route away would send them.
  passes = Infinity;
  await page.reload();
  await done();
  await free();
  assert.equal(puts.length, 4, 'what was stored is not sent again');
  await page.waitForFunction(() => document.querySelectorAll('[data-photo]').length === 12);
});

test('what the storage does not take is told with its reason and can be retried', async () => {
  await page.clock.install();
  await page.route(stored, (route) =>
    route.request().method() === 'PUT' ? route.abort('connectionreset') : route.fallback(),
  );
  await choose(await drawn(page, 1));
  const failed = row('drawn-00.jpg').getByText('the connection broke off');
  // Later tries wait longer and longer: the clock is moved on until the last has failed.
  while (!(await failed.isVisible())) await page.clock.fastForward(20_000);
  assert.equal(puts.length, 5);
  await heading('Done, 1 failed').waitFor();
  await free();
  await page.getByRole('button', { name: 'Retry drawn-00.jpg' }).click();
  await done();
});

test('a file that is no photo is told before anything is sent', async () => {
  const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no photo') };
  await page.setInputFiles('#file-picker', [text]);
  await row('notes.txt').getByText('not a photo').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Upload 0 photos' }).isDisabled());
  await page.getByRole('button', { name: 'Do not upload' }).click();
});

test('a large photo goes up in parts, and a part that arrived is not sent again', async () => {
  const [file] = await drawn(page, 1);
  const buffer = Buffer.concat([file.buffer, Buffer.alloc(17 << 20, 7)]);
  const numberOf = (url) => new URL(url).searchParams.get('partNumber');
  await hold((request) => numberOf(request.url()) === '1');
  const folder = await mkdtemp(join(tmpdir(), 'cloudalbum-'));
  const path = join(folder, 'large.jpg');
  await writeFile(path, buffer);
  await choose([path]);
  await begun(2);
  const ended = page.waitForEvent('requestfailed');
  await page.getByRole('button', { name: 'Pause' }).click();
  await ended;
  await free();
  await page.getByRole('button', { name: 'Go on' }).click();
  await done();
  assert.deepEqual(puts.map(numberOf), ['1', '2', '2', '3']);
  await rm(folder, { recursive: true });
  const { photos } = await (await page.request.get(`${album.base}v1/photos?q=large`)).json();
  const photo = await (await page.request.get(`${album.base}v1/photos/${photos[0].id}`)).json();
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
  const original = await (await page.request.get(photo.original_url)).body();
  assert.equal(sha256(original), sha256(buffer));
});
