// One person's whole way through the album, in a real browser against the real process.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test as single } from 'node:test';
import { signUp } from './account.mjs';
import { startAlbum, startBrowser } from './household.mjs';
import { drawn } from './photos.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const hostile = '"><img src=x onerror="document.title=\'broken\'">.jpg';
const troubles = [];
let album;
let browser;
let page;

before(async () => {
  album = await startAlbum();
  browser = await startBrowser();
  page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) troubles.push(message.text());
  });
  await signUp(page, album.base, `ada-${Date.now()}@example.org`);
});

after(async () => {
  await browser?.close();
  await album?.stop();
});

/** The steps stand on each other: after the first that fails, the rest fail at once. */
let broken;
function test(name, run) {
  single(name, async () => {
    assert.ok(!broken, `not tried, since this failed: ${broken}`);
    broken = name;
    await run();
    broken = undefined;
  });
}

const tiles = () => page.locator('[data-photo]');
const showing = () => page.locator('[data-photo] img.loaded');

/** Waits until `count` photos are in the album, thumbnails and all. */
async function settled(count) {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll('[data-photo] img.loaded').length === wanted,
    count,
    { timeout: 120_000 },
  );
}

/** Fails on what axe-core finds serious. */
async function accessible(what) {
  // Evaluated rather than injected as a script, which the page's policy refuses.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const told = bad.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
  assert.deepEqual(told, [], `axe-core on ${what}`);
}

test('an empty album says what to do', async () => {
  await page.getByRole('heading', { name: 'Your album is empty' }).waitFor();
  await accessible('the empty album');
});

test('thirty photos dropped together show up by themselves', async () => {
  await page.setInputFiles('#file-picker', await drawn(page, 30));
  await page.getByLabel('Tags for all, separated by commas').fill('harbour, night');
  await accessible('the upload panel');
  await page.getByRole('button', { name: 'Upload 30 photos' }).click();
  await page.getByRole('heading', { name: 'All done' }).waitFor({ timeout: 120_000 });
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await settled(30);
  await accessible('the album');
});

test('a file that is already stored is told, not sent', async () => {
  const files = await drawn(page, 1);
  const puts = [];
  const count = (request) => request.method() === 'PUT' && puts.push(request.url());
  for (const words of ['In your album', 'Already in your album']) {
    puts.length = 0;
    page.on('request', count);
    await page.setInputFiles('#file-picker', files);
    await page.getByRole('button', { name: 'Upload 1 photo' }).click();
    await page.getByText(words, { exact: true }).waitFor({ timeout: 60_000 });
    page.off('request', count);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
  }
  assert.deepEqual(puts, []);
  await settled(31);
});

test('a hostile file name and description are only text', async () => {
  const [file] = await drawn(page, 1);
  await page.setInputFiles('#file-picker', { ...file, name: hostile });
  await page.getByLabel('Description for all').fill('<script>document.title="broken"</script>');
  await page.getByRole('button', { name: 'Upload 1 photo' }).click();
  await page.getByRole('heading', { name: 'All done' }).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await settled(32);
  assert.notEqual(await page.title(), 'broken');
});

/** Waits until the photo that is open is as large as its stage allows, and in its middle. */
async function fillsStage() {
  await page.waitForFunction(() => {
    const stage = document.querySelector('.stage')?.getBoundingClientRect();
    const shown = document.querySelector('.pswp__item[aria-hidden=false] img.pswp__img');
    if (!stage || !shown?.complete || shown.naturalWidth === 0) return false;
    const box = shown.getBoundingClientRect();
    // The drawn photos are 640 by 480, and are never blown up.
    const width = Math.min(640, stage.width, (stage.height * 640) / 480);
    const aside = box.left + box.width / 2 - (stage.left + stage.width / 2);
    return stage.width > 300 && Math.abs(box.width - width) < 3 && Math.abs(aside) < 3;
  });
}

/** The brightest channel at the middle of the stage, from the picture that the browser paints. */
async function light() {
  const picture = (await page.locator('.stage').screenshot()).toString('base64');
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    pen.drawImage(bitmap, 0, 0);
    const middle = pen.getImageData(bitmap.width / 2, bitmap.height / 2, 1, 1).data;
    return Math.max(...middle.slice(0, 3));
  }, picture);
}

test('the photo fills its stage on a desk, on a phone and back, and after a delete', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await tiles().getByRole('button', { name: /^Open/ }).first().click();
  await fillsStage();
  for (const [width, height] of [
    [390, 844],
    [1440, 900],
  ]) {
    await page.setViewportSize({ width, height });
    await fillsStage();
    assert.ok((await light()) > 60, `the stage is dark at ${width}`);
  }
  for (const shown of [0, 1]) {
    await page.keyboard.press('i');
    await page.waitForFunction(
      (wanted) => document.querySelectorAll('aside').length === wanted,
      shown,
    );
    await fillsStage();
  }
  const gone = page.url();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL((url) => url.href !== gone);
  await fillsStage();
  assert.ok((await light()) > 60, 'the stage is dark after a delete');
  await page.getByRole('button', { name: 'Back to the album' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await settled(32);
});

test('a search as one types narrows the album and can be shared', async () => {
  await page.getByRole('searchbox').fill('drawn-07');
  await page.waitForFunction(() => document.querySelectorAll('[data-photo]').length === 1);
  assert.equal(new URL(page.url()).searchParams.get('q'), 'drawn-07');
  await page.reload();
  await page.getByRole('heading', { name: 'Photos matching “drawn-07”' }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('[data-photo]').length === 1);
});

test('an edit is kept and found', async () => {
  await tiles().getByRole('button', { name: /^Open/ }).click();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('Description', { exact: true }).fill('The quay at dusk');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').getByText('The quay at dusk').waitFor();
  await accessible('the photo');
  await page.getByRole('button', { name: 'Back to the album' }).click();
  await page.getByRole('searchbox').fill('dusk');
  await page.getByRole('heading', { name: 'Photos matching “dusk”' }).waitFor();
  await page.getByRole('button', { name: 'Open The quay at dusk' }).waitFor();
});

test('tags are put on several photos at once, and taken off', async () => {
  await page.getByRole('searchbox').fill('drawn-0');
  await page.getByRole('heading', { name: 'Photos matching “drawn-0”' }).waitFor();
  const tagged = async (change) => {
    for (const name of ['drawn-03.jpg', 'drawn-04.jpg']) {
      await page.getByRole('checkbox', { name: `Select ${name}` }).click();
    }
    await page.getByRole('button', { name: 'Tags', exact: true }).click();
    await change();
    await page.getByRole('button', { name: 'Save tags' }).click();
    await page.getByText('Tags of 2 photos changed').waitFor();
  };
  const counted = async (tag) =>
    (await (await page.request.get(`${album.base}v1/photos?q=${tag}`)).json()).photos.length;
  await tagged(() => page.getByLabel('Add tags, separated by commas').fill('lighthouse, gloaming'));
  assert.equal(await counted('lighthouse'), 2);
  await tagged(() => page.getByRole('button', { name: 'lighthouse', exact: true }).click());
  assert.equal(await counted('lighthouse'), 0);
  assert.equal(await counted('gloaming'), 2);
  await page.getByRole('searchbox').fill('dusk');
});

test('a place set by hand puts the photo on the map', async () => {
  await page.getByRole('button', { name: 'Open The quay at dusk' }).click();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('City').fill('paris');
  await page.getByRole('button', { name: 'Paris, France' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').getByText('48.85300, 2.34900').waitFor();
  await page.getByRole('button', { name: 'Back to the album' }).click();
  await page.getByRole('link', { name: 'Map' }).click();
  await page.getByRole('button', { name: 'Open the photo' }).click();
  await page.getByRole('dialog', { name: 'The quay at dusk' }).waitFor();
  await page.getByRole('button', { name: 'Back to the album' }).click();
  await page.getByRole('status').filter({ hasText: '1 photo in this area' }).waitFor();
  const area = page.getByRole('region', { name: 'Photos in this area' });
  await area.getByRole('button', { name: 'Open The quay at dusk' }).click();
  await page.getByRole('dialog', { name: 'The quay at dusk' }).waitFor();
  await page.getByRole('button', { name: 'Back to the album' }).click();
  await area.getByRole('button', { name: 'Open The quay at dusk' }).waitFor();
  await accessible('the map');
  await page.setViewportSize({ width: 390, height: 844 });
  await area.getByRole('button', { name: 'Open The quay at dusk' }).click({ trial: true });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${album.base}map?lat=-33&lng=151&zoom=8`);
  await area.getByText('No photo was taken here.').waitFor();
  await page.getByRole('searchbox').fill('dusk');
});

test('a cluster opens into its photos', async () => {
  const { photos } = await (await page.request.get(`${album.base}v1/photos?limit=2`)).json();
  for (const [index, { id }] of photos.entries()) {
    const location = { latitude: 52.5 + index / 10, longitude: 13.4 };
    const headers = { origin: new URL(album.base).origin };
    const path = `${album.base}v1/photos/${id}`;
    const answer = await page.request.patch(path, { data: { location }, headers });
    assert.equal(answer.status(), 200);
  }
  await page.goto(`${album.base}map?lat=52.5&lng=13.4&zoom=5`);
  await page.getByRole('button', { name: '2 photos here, zoom in' }).click();
  await page.locator('.map').getByRole('button', { name: 'Open the photo' }).nth(1).waitFor();
  await page.getByRole('searchbox').fill('dusk');
});

test('a deleted photo goes at once and comes back', async () => {
  await page.getByRole('button', { name: 'Open The quay at dusk' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('1 photo moved to the trash').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Open The quay at dusk' }).waitFor();
});

test('after signing out nothing is shown', async () => {
  await page.getByRole('link', { name: 'Your profile' }).click();
  await accessible('the profile');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in or sign up' }).waitFor();
  await accessible('the sign-in page');
  assert.equal(await showing().count(), 0);
  assert.deepEqual(troubles, []);
});
