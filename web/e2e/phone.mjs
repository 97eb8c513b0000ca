// A phone at home: Chromium and the command line in another network namespace than the album,
// which `scripts/phone` makes and tells of.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { password, signUp } from './account.mjs';
import { binary, startAlbum, startBrowser } from './household.mjs';
import { drawn } from './photos.mjs';

const { PHONE: folder, ALBUM_HOST: host } = process.env;
const client = join(dirname(binary), 'cloudalbum');
const certificate = {
  CLOUDALBUM_TLS_CERT: join(folder, 'album.pem'),
  CLOUDALBUM_TLS_KEY: join(folder, 'album.key'),
};

/** Runs the command line on the phone; what it wrote. */
async function cloudalbum(base, config, arguments_, input) {
  const child = spawn(join(folder, 'on-the-phone'), [client, '--server', base, ...arguments_], {
    env: {
      PATH: process.env.PATH,
      XDG_CONFIG_HOME: config,
      SSL_CERT_FILE: join(folder, 'authority.pem'),
    },
  });
  child.stdin.end(input);
  let [said, wrong] = ['', ''];
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (wrong += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, `${arguments_.join(' ')}: ${wrong}`);
  return said;
}

/** Uploads by the browser and by the command line. */
async function household(scheme, settings) {
  const album = await startAlbum({
    CLOUDALBUM_HOST: host,
    CLOUDALBUM_ADDR: '0.0.0.0:0',
    CLOUDALBUM_AWS_ADDR: '0.0.0.0:0',
    ...settings,
  });
  const browser = await startBrowser([
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${host}`,
    `--ignore-certificate-errors-spki-list=${readFileSync(join(folder, 'album.pin'), 'utf8').trim()}`,
  ]);
  const work = join(folder, scheme);
  try {
    assert.ok(album.base.startsWith(`${scheme}://${host}:`), album.base);
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    const puts = [];
    page.on('request', (request) => request.method() === 'PUT' && puts.push(request.url()));
    const email = `ada-${scheme}@example.org`;
    await signUp(page, album.base, email, album.aws);
    const context = await page.evaluate(() => [isSecureContext, typeof crypto.subtle]);

    await page.setInputFiles('#file-picker', await drawn(page, 12));
    await page.getByRole('button', { name: 'Upload 12 photos' }).click();
    await page.getByRole('heading', { name: 'All done' }).waitFor({ timeout: 120_000 });
    assert.equal(puts.length, 12);
    for (const put of puts) assert.ok(put.startsWith(`${scheme}://${host}:`), put);
    await page.getByRole('button', { name: 'Close', exact: true }).click();

    mkdirSync(join(work, 'photos'), { recursive: true });
    for (const { name, buffer } of await drawn(page, 8)) {
      writeFileSync(join(work, 'photos', name), buffer);
    }
    const sign = ['login', '--email', email, '--password-stdin'];
    await cloudalbum(album.base, work, sign, `${password}\n`);
    const upload = ['upload', '--json', join(work, 'photos')];
    const receipt = JSON.parse(await cloudalbum(album.base, work, upload));
    assert.equal(receipt.sums.stored, 8, JSON.stringify(receipt.sums));
    await page.waitForFunction(
      () => document.querySelectorAll('[data-photo] img.loaded').length === 20,
    );
    console.log(`figure phone.${scheme}.by_the_browser ${puts.length} photos`);
    console.log(`figure phone.${scheme}.by_the_command_line ${receipt.sums.stored} photos`);
    return context;
  } finally {
    await browser.close();
    await album.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

test('over TLS with a certificate of one’s own', async () => {
  assert.deepEqual(await household('https', certificate), [true, 'object']);
});

test('over plain HTTP, where browsers have no crypto.subtle', async () => {
  assert.deepEqual(await household('http', {}), [false, 'undefined']);
});
