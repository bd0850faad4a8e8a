// A client of the TravelMeetup API: it signs requests, refreshes tokens once for all who wait, and throws what went wrong.
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

export function connect(baseUrl: string, store: TokenStore) {
  let refreshing: Promise<Tokens> | undefined;

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
    if (!token || new URL(request.url).pathname.match(/\/auth\/(register|login|refresh)$/)) return fetch(request);
    const again = request.clone();
    request.headers.set("Authorization", `Bearer ${token}`);
    const answer = await fetch(request);
    if (answer.status !== 401) return answer;
    // Somebody else may have refreshed meanwhile.
    const current = store.load();
    const tokens = current && current.access_token !== token ? current : await refresh();
    again.headers.set("Authorization", `Bearer ${tokens.access_token}`);
    return fetch(again);
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
