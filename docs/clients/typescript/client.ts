// A client of the TravelMeetup API: it signs requests, refreshes tokens once for all who wait, keeps answers that have not
// changed, and throws what went wrong.
// Beside it: schema.d.ts, made by `npx openapi-typescript docs/openapi.json -o schema.d.ts`.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Tokens = Pick<components["schemas"]["TokenPair"], "access_token" | "refresh_token">;
type ErrorBody = components["schemas"]["ErrorBody"];

/** Where the tokens of this session are kept; `undefined` when nobody is signed in. */
export interface TokenStore {
  load(): Tokens | undefined;
  save(tokens: Tokens | undefined): void;
}

/** What the API refused, and why. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: ErrorBody["code"] | "UNKNOWN",
    message: string,
    readonly details: ErrorBody["details"] = [],
    readonly retryAfterSeconds = 0,
  ) {
    super(message);
  }
}

/** So many answers are kept to be asked for again by their ETag. */
const MOST_COPIES = 50;

export function connect(baseUrl: string, store: TokenStore) {
  let refreshing: Promise<Tokens> | undefined;
  const copies = new Map<string, { etag: string; answer: Response }>();

  /** Sends a request; what has not changed since it was read last is not sent again. */
  async function exchange(request: Request): Promise<Response> {
    const { method, url } = request;
    const copy = method === "GET" ? copies.get(url) : undefined;
    if (copy) request.headers.set("If-None-Match", copy.etag);
    const answer = await fetch(request);
    if (copy && answer.status === 304) return copy.answer.clone();
    const etag = answer.headers.get("ETag");
    if (method === "GET" && answer.ok && etag) {
      copies.delete(url); // and to the end of the line
      copies.set(url, { etag, answer: answer.clone() });
      const [oldest] = copies.keys();
      if (copies.size > MOST_COPIES && oldest) copies.delete(oldest);
    }
    return answer;
  }

  async function spend(refreshToken: string): Promise<Tokens> {
    const answer = await fetch(`${baseUrl}/api/v1/auth/refresh`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: refreshToken }),
    });
    // Only a 401 means that the session is over; a 429 or a 503 passes.
    if (answer.status === 401) store.save(undefined);
    if (!answer.ok) throw await refusal(answer);
    const tokens = (await answer.json()) as Tokens;
    store.save(tokens); // before anything is sent with them
    return tokens;
  }

  /** A new access token. However many ask at once, one refresh is sent; one that was lost on the way is repeated. */
  function refresh(): Promise<Tokens> {
    const token = store.load()?.refresh_token;
    if (!token) return Promise.reject(new ApiError(401, "UNAUTHORIZED", "Sign in"));
    // A TypeError is fetch's word for "no answer": within 10 seconds the same token may be sent again.
    refreshing ??= spend(token)
      .catch((error: unknown) => (error instanceof TypeError ? spend(token) : Promise.reject(error)))
      .finally(() => (refreshing = undefined));
    return refreshing;
  }

  async function signed(request: Request): Promise<Response> {
    const token = store.load()?.access_token;
    if (!token || new URL(request.url).pathname.match(/\/auth\/(register|login|refresh)$/)) {
      copies.clear(); // somebody else may sign in
      return fetch(request);
    }
    const again = request.clone();
    request.headers.set("Authorization", `Bearer ${token}`);
    const answer = await exchange(request);
    if (answer.status !== 401) return answer;
    // Somebody else may have refreshed meanwhile.
    const current = store.load();
    const tokens = current && current.access_token !== token ? current : await refresh();
    again.headers.set("Authorization", `Bearer ${tokens.access_token}`);
    return exchange(again);
  }

  return createClient<paths>({ baseUrl, fetch: signed });
}

/** The data of an answer; throws an ApiError if it was refused. */
export function okay<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (result.response.ok) return result.data as T;
  throw apiError(result.response, result.error);
}

async function refusal(answer: Response): Promise<ApiError> {
  return apiError(answer, await answer.json().catch(() => undefined));
}

function apiError(response: Response, body: unknown): ApiError {
  const error = (body as { error?: ErrorBody } | undefined)?.error;
  const wait = Number(response.headers.get("Retry-After") ?? 0);
  return new ApiError(response.status, error?.code ?? "UNKNOWN", error?.message ?? `HTTP ${response.status}`, error?.details, wait);
}
