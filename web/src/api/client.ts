// One function that calls the API, and the error it throws.
import type { Problem } from './types';

/** What a call came back with instead of its answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly detail?: string,
    readonly traceId?: string,
  ) {
    super(message);
  }

  /** Nobody answered: the network or the service is away. */
  get offline(): boolean {
    return this.status === 0;
  }

  /** Whether the same call may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let signedOut: () => void = () => {};

/** Calls `listener` whenever an answer says that the session is over. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** Calls the API as the signed-in owner. */
export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await send(method, path, body, signal);
  if (response.status === 401) {
    signedOut();
  }
  if (!response.ok) {
    throw await problem(response);
  }
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

async function send(method: string, path: string, body: unknown, signal?: AbortSignal) {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
  }
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: 'include',
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new ApiError(0, 'offline', 'The album cannot be reached', 'Check the connection.');
  }
}

async function problem(response: Response): Promise<ApiError> {
  const said = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const title = said.title ?? `The service answered ${response.status}`;
  return new ApiError(response.status, said.code ?? 'unknown', title, said.detail, said.trace_id);
}

/** Whether `error` says only that we ourselves gave up waiting. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** One line for people about any thrown thing. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) {
    return error.detail ? `${error.message}: ${error.detail}` : error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
