// Who is signed in.
import { editMe, getMe } from '../api/album';
import { ApiError, call, explain, onSignedOut } from '../api/client';
import type { Me } from '../api/types';

type State = 'loading' | 'in' | 'out' | 'failed';

export const session = $state<{ state: State; me?: Me; error: string }>({
  state: 'loading',
  error: '',
});

onSignedOut(() => {
  session.state = 'out';
  session.me = undefined;
});

/** Asks the service who we are. */
export async function loadSession(): Promise<void> {
  try {
    session.me = await getMe();
    session.state = 'in';
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return;
    if (session.state === 'loading' || session.state === 'failed') {
      session.state = 'failed';
      session.error = explain(error);
    }
  }
}

/** Changes the name shown. */
export async function rename(username: string): Promise<void> {
  session.me = await editMe(username);
}

/** Ends the session here and at the sign-in service. */
export async function signOut(): Promise<void> {
  const answer = await call<{ redirect?: string } | undefined>('POST', '/auth/logout');
  session.state = 'out';
  session.me = undefined;
  location.assign(answer?.redirect ?? '/');
}

/** Where signing in starts, coming back to the page we are on. */
export function loginUrl(): string {
  return `/auth/login?return=${encodeURIComponent(location.pathname + location.search)}`;
}
