// What an operator does on the board, in a real browser against the real process.
// With SCREENSHOTS=FOLDER it leaves pictures of what it saw.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { password, signIn, signUp } from './account.mjs';
import { binary, startAlbum, startBrowser } from './household.mjs';

const email = 'operator@example.org';
const folder = mkdtempSync(join(tmpdir(), 'cloudalbum-board-'));
const pictures = process.env.SCREENSHOTS;
let album;
let browser;
let page;

before(async () => {
  album = await startAlbum();
  browser = await startBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(20_000);
  await signUp(page, album.base, email);
});

after(async () => {
  await browser?.close();
  await album?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program of this workspace as the operator at a terminal would. */
function run(program, args, accepted = [0]) {
  const done = spawnSync(join(dirname(binary), program), args, {
    input: `${password}\n`,
    encoding: 'utf8',
    env: {
      ...process.env,
      CLOUDALBUM_DATA: album.data,
      CLOUDALBUM_SERVER: album.base,
      CLOUDALBUM_AWS_ADDR: new URL(album.aws).host,
      XDG_CONFIG_HOME: join(folder, 'config'),
    },
  });
  assert.ok(accepted.includes(done.status), `${program} ${args[0]}: ${done.stderr}`);
}

/** Draws photos and sends them; with some that must fail when asked. */
function upload(name, ...more) {
  run('cloudalbum-photos', [...more, join(folder, name)]);
  run('cloudalbum', ['upload', '--tag', name, join(folder, name)], [0, 1]);
}

async function look(name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

const stage = () =>
  page.locator('article', { has: page.getByRole('heading', { level: 3 }) }).first();
const figure = (label) => stage().locator('dl > div', { hasText: label }).locator('dd');

/** Waits until the first stage shows `value` beside `label`. */
async function shows(label, value) {
  await figure(label).filter({ hasText: value }).waitFor({ timeout: 30_000 });
}

test('the board is not for everybody', async () => {
  await page.goto(`${album.base}ops`);
  await page.getByText(/operators add/).waitFor();
  await look('ops-refused');
});

test('an operator sees an idle album', async () => {
  run('cloudalbum', ['operators', 'add', email]);
  run('cloudalbum', ['login', '--email', email, '--password-stdin']);
  await page.goto(`${album.base}profile`);
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await page.getByRole('link', { name: 'Sign in or sign up' }).click();
  await signIn(page, email);
  await page.goto(`${album.base}ops`);
  await page.getByText('No photo has failed.').waitFor();
  await shows('Empty in', 'empty');
  await look('ops-idle');
});

test('what failed is told by its cause, with its photos and their traces', async () => {
  upload('faults', '--count', '6', '--faults');
  const failures = page.locator('section[aria-labelledby=failures]');
  const row = failures.getByRole('row', { name: /corrupt_image/ });
  await row.waitFor();
  await look('ops-failures');
  const count = Number(await row.getByRole('link').textContent());
  assert.ok(count > 0);
  await row.getByRole('link').click();
  await page.waitForFunction(
    (wanted) => document.querySelectorAll('tbody tr').length >= wanted,
    count,
  );
  await look('ops-behind');
  await page.goto(`${album.base}ops`);
  await page.locator('section[aria-labelledby=traces] tbody a').first().click();
  await page.getByText('make thumbnails').first().waitFor();
  await page.getByText('grant upload').first().waitFor();
  await look('ops-waterfall');
});

test('a pause holds the queue and a resume drains it', async () => {
  await page.goto(`${album.base}ops`);
  await stage().getByRole('button', { name: /Pause/ }).click();
  await stage()
    .getByText(/Paused since/)
    .waitFor();
  run('cloudalbum-photos', ['--count', '20', join(folder, 'more')]);
  run('cloudalbum', ['upload', '--no-wait', join(folder, 'more')]);
  await shows('Waiting', /^\s*[1-9]\d*\s*$/);
  await shows('Empty in', 'not shrinking');
  await look('ops-load');
  await page.setViewportSize({ width: 390, height: 844 });
  await look('ops-phone');
  await page.setViewportSize({ width: 1440, height: 900 });
  await stage()
    .getByRole('button', { name: /Resume/ })
    .click();
  await shows('Empty in', 'empty');
});
