// Takes pictures of every page in three widths, light and dark:
// `node e2e/screenshots.mjs OUT [FOLDER]`, with painted landscapes or the photos of a folder.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { signUp } from './account.mjs';
import { startAlbum, startBrowser } from './household.mjs';
import { landscapes } from './landscapes.mjs';

const [out = 'screenshots', folder] = process.argv.slice(2);
const places = [
  [48.8606, 2.3376, 'Sunday by the river'],
  [-33.8568, 151.2153, 'Harbour'],
  [46.5475, 7.9854, 'Above the clouds'],
  [64.1466, -21.9426, 'Long evening'],
  [35.3606, 138.7274, 'First snow'],
  [-13.1631, -72.545, 'The old road'],
  [48.8529, 2.35, 'Quiet morning'],
  [46.6, 8.0, 'Second hut'],
];

/** The photos of a folder, those in folders below it included. */
function photosOf(path) {
  return readdirSync(path)
    .map((name) => join(path, name))
    .flatMap((each) => (statSync(each).isDirectory() ? photosOf(each) : [each]))
    .filter((each) => /\.(jpe?g|heic|png|webp)$/i.test(each))
    .filter((each) => statSync(each).size > 20_000);
}

const album = await startAlbum();
const browser = await startBrowser();
try {
  mkdirSync(out, { recursive: true });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(album.base);
  await page.getByRole('link', { name: 'Sign in or sign up' }).waitFor();
  await take(page, 'sign-in', '/', 'a.primary');
  await signUp(page, album.base, 'ada@example.org');
  const files = folder ? photosOf(folder).slice(0, 80) : await landscapes(page, 36);
  await page.setInputFiles('#file-picker', files);
  await page.getByLabel('Tags for all, separated by commas').fill('holiday, mountains');
  await look(page, 'upload-before');
  await page.getByRole('button', { name: /^Upload \d+ photo/ }).click();
  const done = page.getByRole('heading', { name: /^(All done|Done,)/ });
  await page.locator('[data-photo] img.loaded').nth(3).waitFor({ timeout: 60_000 });
  await look(page, 'upload');
  await done.waitFor({ timeout: 300_000 });
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  if (!folder) await pin(page);
  const { photos } = await (await page.request.get(`${album.base}v1/photos?limit=5`)).json();
  const shown = folder
    ? photos[0].id
    : (await (await page.request.get(`${album.base}v1/photos?q=clouds`)).json()).photos[0].id;
  await page.request.delete(`${album.base}v1/photos/${photos[4].id}`, {
    headers: { origin: new URL(album.base).origin },
  });
  await take(page, 'album', '/', '[data-photo] img.loaded');
  await take(page, 'photo', `/photos/${shown}`, '.pswp__img:not(.pswp__img--placeholder)');
  await take(page, 'map', '/map', '.map-face');
  await take(page, 'search', '/?q=holiday', '[data-photo] img.loaded');
  await take(page, 'trash', '/trash', 'li img');
  await take(page, 'profile', '/profile', 'progress');
} finally {
  await browser.close();
  await album.stop();
}

/** Gives some photos a place, a date and a description, as their owner would by hand. */
async function pin(page) {
  const { photos } = await (await page.request.get(`${album.base}v1/photos?limit=100`)).json();
  for (const [index, photo] of photos.entries()) {
    const [latitude, longitude, description] = places[index % places.length];
    const month = String(1 + ((index * 5) % 9)).padStart(2, '0');
    const data = { taken_at: `2026-${month}-1${index % 9}T10:${10 + index}:00` };
    if (index % 3 !== 1) Object.assign(data, { location: { latitude, longitude }, description });
    const headers = { origin: new URL(album.base).origin };
    await page.request.patch(`${album.base}v1/photos/${photo.id}`, { data, headers });
  }
}

/** One page in every width and scheme, once `ready` is there. */
async function take(page, name, path, ready) {
  await page.goto(new URL(path, album.base).href);
  await page.locator(ready).first().waitFor({ state: 'visible', timeout: 60_000 });
  await look(page, name);
}

async function look(page, name) {
  for (const [width, height] of [
    [390, 844],
    [820, 1180],
    [1440, 900],
  ]) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`) });
    }
  }
}
