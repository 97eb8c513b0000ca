// Two owners and two browsers: what one may not see of the other, what each sees at once, and
// sign-ins that nobody asked for. The tests named F are the faults of the workshop's CloudAlbum.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { password, signIn, signUp } from './account.mjs';
import { startAlbum, startBrowser } from './household.mjs';
import { drawn } from './photos.mjs';

const email = `ada.lovelace-${Date.now()}@example.org`;
const eveMail = `eve-${Date.now()}@example.org`;
let album;
let browser;
let ada;
let eve;
let photo;
let spent;

before(async () => {
  album = await startAlbum();
  browser = await startBrowser();
  ada = await person();
  ada.on('request', (request) => {
    if (request.url().includes('/auth/callback')) spent = request.url();
  });
  await signUp(ada, album.base, email);
  eve = await person();
  await signUp(eve, album.base, eveMail);
  await send(ada, await drawn(ada, 3));
  [photo] = await photos(ada);
});

after(async () => {
  await browser?.close();
  await album?.stop();
});

async function person() {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(20_000);
  return page;
}

async function send(page, files) {
  await page.setInputFiles('#file-picker', files);
  await page.getByRole('button', { name: /^Upload \d+ photo/ }).click();
  await page.getByRole('heading', { name: /^(All done|Done,)/ }).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Close', exact: true }).click();
}

/** Calls the API as the page of `who` would. */
function call(who, method, path, data) {
  const headers = { origin: new URL(album.base).origin };
  return who.request.fetch(`${album.base}${path}`, { method, data, headers, maxRedirects: 0 });
}

const photos = async (who) => (await (await call(who, 'GET', 'v1/photos')).json()).photos;
const me = async (who) => (await call(who, 'GET', 'v1/me')).status();
const entry = (more) => ({
  filename: 'a.jpg',
  content_type: 'image/jpeg',
  size: 1000,
  sha256: String(Math.random()).slice(2).padEnd(64, 'a').slice(0, 64),
  ...more,
});
const manifest = async (who, entries) =>
  (await (await call(who, 'POST', 'v1/uploads', { photos: entries })).json()).photos;

test('F1: another owner’s photo is not there by any route, nor for nobody', async () => {
  const { id } = photo;
  const routes = [
    ['GET', `v1/photos/${id}`],
    ['PATCH', `v1/photos/${id}`, { description: 'mine now' }],
    ['DELETE', `v1/photos/${id}`],
    ['POST', `v1/photos/${id}/restore`],
    ['POST', `v1/photos/${id}/retry`],
    ['GET', `v1/uploads/${id}/parts`],
    ['POST', `v1/uploads/${id}/parts`, { parts: [{ number: 1, sha256: 'a'.repeat(64), size: 9 }] }],
    ['POST', `v1/uploads/${id}/complete`],
    ['DELETE', `v1/uploads/${id}`],
  ];
  const nobody = await person();
  for (const [method, path, data] of routes) {
    assert.equal((await call(eve, method, path, data)).status(), 404, `${method} ${path}`);
    assert.equal((await call(nobody, method, path, data)).status(), 401, `${method} ${path}`);
  }
  assert.deepEqual(await photos(eve), []);
  await eve.goto(`${album.base}photos/${id}`);
  await eve.getByRole('dialog').getByRole('alert').waitFor();
  const now = await (await call(ada, 'GET', `v1/photos/${id}`)).json();
  assert.equal(now.version, photo.version, 'nothing has touched it');
});

test('F2: a sign-in that was forged, replayed or not begun here is refused', async () => {
  const victim = await person();
  await victim.goto(spent);
  assert.equal(await me(victim), 401, 'the callback of somebody else’s sign-in');
  await victim.goto(album.base);
  await victim.getByRole('link', { name: 'Sign in or sign up' }).click();
  await victim.getByLabel('E-mail').waitFor();
  const answer = await victim.goto(`${album.base}auth/callback?code=stolen&state=forged`);
  assert.equal(answer.status(), 400);
  assert.equal(await me(victim), 401);
  await victim.goBack();
  await signIn(victim, eveMail);
  assert.equal(await me(victim), 200, 'a forged state does not spoil the sign-in under way');
  const replayed = await ada.request.get(spent, { maxRedirects: 0 });
  assert.equal(replayed.status(), 400, 'a callback is good once');
  assert.equal(await me(ada), 200);
});

test('F3 and F4: the session is a ticket that tells nothing and cannot be made up', async () => {
  const cookies = (await ada.context().cookies()).filter(({ value }) => value);
  const ours = cookies.filter(({ domain }) => new URL(album.base).hostname === domain);
  assert.equal(await ada.evaluate(() => document.cookie), '', 'no script can read it');
  const names = new Set(ours.map(({ name }) => name));
  assert.deepEqual(
    [...names].filter((name) => !['session', 'attempt'].includes(name)),
    [],
  );
  for (const cookie of ours) {
    assert.ok(cookie.httpOnly, cookie.name);
    // A ticket of 256 random bits has no room for a token or a name.
    assert.equal(Buffer.from(cookie.value, 'base64url').length, 32, cookie.name);
  }
  for (const change of [(value) => `${value.slice(0, -3)}abc`, () => email, () => 'ada']) {
    const forger = await person();
    const forged = ours.map((cookie) => ({ ...cookie, value: change(cookie.value) }));
    await forger.context().addCookies([...forged, { name: 'sid', value: 'ada', url: album.base }]);
    assert.equal(await me(forger), 401);
  }
});

test('F5: an edit of the profile is of one’s own, whatever it names', async () => {
  const { id } = await (await call(ada, 'GET', 'v1/me')).json();
  const answer = await call(eve, 'PATCH', 'v1/me', { username: 'Mallory', id, email });
  assert.equal(answer.status(), 422, 'nobody is named by an edit');
  assert.equal((await (await call(ada, 'GET', 'v1/me')).json()).username, 'Ada');
  assert.ok([404, 405].includes((await call(eve, 'PATCH', `v1/me/${id}`, {})).status()));
});

test('F6: limits and types hold on the server', async () => {
  const refused = await manifest(ada, [
    entry({ content_type: 'text/html' }),
    entry({ size: 1e15 }),
    entry({ tags: ['x'.repeat(5000)] }),
    entry({ description: 'x'.repeat(100_000) }),
    entry({ sha256: 'short' }),
  ]);
  assert.deepEqual(
    refused.map(({ status, error }) => `${status}: ${error?.code}`),
    ['unsupported_media_type', 'too_large', 'invalid_text', 'invalid_text', 'invalid_sha256'].map(
      (code) => `refused: ${code}`,
    ),
  );
});

test('F7: a photo without a thumbnail says so, and none is made up', async () => {
  const [file] = await drawn(ada, 1);
  await send(ada, [{ ...file, name: 'cut.jpg', buffer: file.buffer.subarray(0, 300) }]);
  const cut = (await photos(ada)).find(({ filename }) => filename === 'cut.jpg');
  assert.equal(cut.status, 'failed');
  assert.deepEqual(cut.renditions, []);
  await ada.getByText('Could not be shown').waitFor();
});

test('F9: a thousand photos promised at once are a thousand', async () => {
  const one = (_, index) => entry({ sha256: index.toString(16).padStart(64, '0') });
  const answers = await Promise.all(
    [0, 500].map((from) =>
      manifest(
        eve,
        Array.from({ length: 500 }, (_, at) => one(0, from + at)),
      ),
    ),
  );
  assert.equal(new Set(answers.flat().map(({ photo_id }) => photo_id)).size, 1000);
});

test('F10: the map and the edit form show the photo from the storage', async () => {
  const location = { latitude: 52.52, longitude: 13.405 };
  assert.equal((await call(ada, 'PATCH', `v1/photos/${photo.id}`, { location })).status(), 200);
  await ada.getByRole('link', { name: 'Map' }).click();
  const shown = (selector) =>
    ada.waitForFunction((wanted) => {
      const image = document.querySelector(wanted);
      return image?.naturalWidth > 0 && image.currentSrc;
    }, selector);
  const face = await (await shown('.map-face img')).jsonValue();
  assert.ok(face.startsWith(album.aws), face);
  await ada.getByRole('button', { name: 'Open the photo' }).click();
  await ada.getByRole('button', { name: 'Edit' }).click();
  const large = await (await shown('.pswp__item[aria-hidden=false] img.pswp__img')).jsonValue();
  assert.ok(large.startsWith(album.aws), large);
  await ada.goto(album.base);
});

test('F11 and F12: the key of an object is the service’s choice and names nobody', async () => {
  const asked = entry({ filename: '../../eve/x.jpg', key: 'originals/eve', photo_id: photo.id });
  const [answer] = await manifest(ada, [asked]);
  if (answer.status === 'upload') {
    assert.notEqual(answer.photo_id, photo.id);
    const { pathname } = new URL(answer.upload.url);
    assert.ok(
      !/eve|\.\.|ada|lovelace|example|_at_|@/i.test(decodeURIComponent(pathname)),
      pathname,
    );
  } else {
    assert.fail(`not granted: ${JSON.stringify(answer)}`);
  }
});

test('F13: a file name without a dot is a file name', async () => {
  const [file] = await drawn(ada, 1);
  await send(ada, [{ ...file, name: 'harbour' }]);
  const named = (await photos(ada)).find(({ filename }) => filename === 'harbour');
  assert.equal(named.status, 'ready');
});

test('a new password is set from the profile by a mailed code, and is the one that signs in', async () => {
  await eve.goto(`${album.base}profile`);
  await eve.getByRole('link', { name: 'Change the password' }).click();
  await eve.getByLabel('E-mail').fill(eveMail);
  await eve.getByRole('button', { name: 'Send the code' }).click();
  await eve.getByLabel('Code').waitFor();
  const outbox = `${new URL(eve.url()).origin}/outbox.json`;
  const mails = await (await eve.request.get(outbox)).json();
  await eve.getByLabel('Code').fill(mails.find(({ to }) => to === eveMail).code);
  await eve.getByLabel('New password').fill('Another-horse-8');
  await eve.getByRole('button', { name: 'Change the password' }).click();
  await eve.getByText('Your password is changed.').waitFor();
  await eve.context().clearCookies();
  await eve.goto(album.base);
  await eve.getByRole('link', { name: 'Sign in or sign up' }).click();
  await eve.getByLabel('E-mail').fill(eveMail);
  await eve.getByLabel('Password').fill(password);
  await eve.getByRole('button', { name: 'Sign in' }).click();
  await eve.getByRole('alert').waitFor();
  await signIn(eve, eveMail, 'Another-horse-8');
});

test('F8: two browsers see each other’s changes, a delete and its undo included', async () => {
  const second = await person();
  await second.goto(album.base);
  await second.getByRole('link', { name: 'Sign in or sign up' }).click();
  await signIn(second, email, password);
  const tile = (page) => page.locator(`[data-photo="${photo.id}"]`);
  await tile(second).waitFor();
  await call(ada, 'PATCH', `v1/photos/${photo.id}`, { description: 'Seen from afar' });
  await second.getByRole('button', { name: 'Open Seen from afar' }).click();
  await second.getByRole('button', { name: 'Delete' }).click();
  await tile(ada).waitFor({ state: 'detached' });
  await second.getByRole('button', { name: 'Undo' }).click();
  await tile(ada).waitFor();
  await second.keyboard.press('Escape');
  await send(
    second,
    (await drawn(second, 1)).map((file) => ({ ...file, name: 'from-second.jpg' })),
  );
  await ada.getByRole('button', { name: 'Open from-second.jpg' }).waitFor();
  const again = await (await call(ada, 'GET', `v1/photos/${photo.id}`)).json();
  const original = await ada.request.get(again.original_url);
  assert.equal((await original.body()).length, photo.size, 'the original is still whole');
});
