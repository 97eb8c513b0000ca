// Signs up and in through the pages a person would use.

export const password = 'Correct-horse-7';

/** Makes an account, confirms it with the code from the outbox, and signs in; `outbox` is where the
 * album's own machine finds it, by default where the pages are. */
export async function signUp(page, base, email, outbox) {
  await page.goto(base);
  await page.getByRole('link', { name: 'Sign in or sign up' }).click();
  await page.getByRole('link', { name: 'Create an account' }).click();
  const mailed = new URL('/outbox.json', outbox ?? page.url()).href;
  await page.getByLabel('Your name').fill('Ada');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create the account' }).click();
  const mails = await (await page.request.get(mailed)).json();
  const mail = mails.find((each) => JSON.stringify(each).includes(email));
  await page.getByLabel('Code').fill(mail.code);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, email);
}

/** Signs in on the sign-in page that is open. */
export async function signIn(page, email, word = password) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(word);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Your profile' }).waitFor();
}
